// The lying provider, met by a careful relying party (npm openid-client): it must notice every lie.

import { expect, test } from "@playwright/test";
import { decodeProtectedHeader } from "jose";
import * as openid from "openid-client";
import { lies, start, type Kind, type Lie, type Misbehaving } from "../misbehaving";
import { Visitor } from "../support";

const redirectUri = "http://127.0.0.1:1/callback";
const person = { sub: "p-1", email: "ada@acme.example", email_verified: true, groups: ["engineers"] };

let provider: Misbehaving;

test.beforeAll(async () => {
  provider = await start({ person, clientSecret: "a secret", delay: 2000 });
});

test.beforeEach(() => provider.misbehave("good"));

test.afterAll(async () => {
  await provider.stop();
});

async function signIn(): Promise<{ claims: unknown; idToken: string }> {
  const config = await openid.discovery(new URL(provider.url), "portal", undefined, openid.ClientSecretPost("a secret"), {
    execute: [openid.allowInsecureRequests],
    timeout: 1,
  });
  openid.enableNonRepudiationChecks(config);
  const verifier = openid.randomPKCECodeVerifier();
  const [expectedNonce, expectedState] = [openid.randomNonce(), openid.randomState()];
  const url = openid.buildAuthorizationUrl(config, {
    redirect_uri: redirectUri,
    scope: "openid email",
    code_challenge: await openid.calculatePKCECodeChallenge(verifier),
    code_challenge_method: "S256",
    nonce: expectedNonce,
    state: expectedState,
  });
  const back = new URL((await new Visitor([redirectUri]).get(url.href)).url);
  const tokens = await openid.authorizationCodeGrant(config, back, { pkceCodeVerifier: verifier, expectedNonce, expectedState, idTokenExpected: true });
  const info = await openid.fetchUserInfo(config, tokens.access_token, tokens.claims()?.sub ?? "");
  return { claims: { ...info, ...tokens.claims() }, idToken: tokens.id_token ?? "" };
}

test("it can behave", async () => {
  for (const kind of ["good", "userinfo-only"] as Kind[]) {
    provider.misbehave(kind);
    const { claims, idToken } = await signIn();
    expect(claims).toMatchObject({ ...person, iss: provider.url, aud: "portal" });
    expect(decodeProtectedHeader(idToken)).toMatchObject({ alg: "RS256", kid: "published" });
  }
});

/** Why openid-client refuses: a lie noticed for another reason would prove nothing. */
const why: Record<Lie, string> = {
  "wrong-issuer": 'unexpected JWT "iss"',
  "wrong-audience": 'unexpected JWT "aud"',
  "second-audience": 'unexpected ID Token "azp"',
  "no-audience": 'JWT "aud" (audience) claim missing',
  "wrong-nonce": 'unexpected ID Token "nonce"',
  "no-nonce": 'JWT "nonce" (nonce) claim missing',
  expired: 'unexpected JWT "exp"',
  "no-expiry": 'JWT "exp" (expiration time) claim missing',
  "issued-tomorrow": 'unexpected JWT "nbf"',
  "no-sub": 'JWT "sub" (subject) claim missing',
  "alg-none": 'unexpected JWT "alg"',
  "hmac-with-public-key": 'unexpected JWT "alg"',
  "hmac-with-client-secret": 'unexpected JWT "alg"',
  "unknown-kid": "no applicable keys found",
  "other-key": "JWT signature verification failed",
  "embedded-key": "JWT signature verification failed",
  "broken-signature": "JWT signature verification failed",
  "another-clients-token": 'unexpected JWT "aud"',
  "old-token": 'unexpected ID Token "nonce"',
  "access-token-as-id-token": 'JWT "aud" (audience) claim missing',
  "no-id-token": '"id_token" property must be a string',
  "token-endpoint-500": "unexpected HTTP response status code",
  "token-endpoint-not-json": "unexpected response content-type",
  "token-endpoint-error": "invalid_grant",
  "token-endpoint-redirects": "unexpected HTTP response status code",
  "huge-answer": '"token_type" property must be a string',
  slow: "aborted due to timeout",
  "wrong-redirect-issuer": 'unexpected "iss" (issuer) response parameter',
  "no-redirect-issuer": 'response parameter "iss" (issuer) missing',
  "wrong-state": 'unexpected "state" response parameter',
  "no-state": 'response parameter "state" missing',
  "access-denied": "error=access_denied",
  "wrong-userinfo-sub": 'unexpected "response" body "sub"',
  "userinfo-500": "unexpected HTTP response status code",
  "discovery-wrong-issuer": "discovered metadata issuer does not match",
  "discovery-500": "unexpected HTTP response status code",
  "no-keys": "no applicable keys found",
  "jwks-500": "unexpected HTTP response status code",
};

for (const [kind, meaning] of Object.entries(lies) as [Lie, string][]) {
  test(`${kind}: ${meaning}`, async () => {
    await signIn();
    provider.misbehave(kind);
    const error = await signIn().then(
      ({ idToken }) => new Error(`accepted ${idToken}`),
      (refusal: unknown) => refusal as Error,
    );
    const text = [error.message, String(error.cause ?? ""), error.cause instanceof Error ? error.cause.message : JSON.stringify(error.cause ?? "")].join(" ");
    expect(text).toContain(why[kind]);
  });
}

test("what was announced is what is asked", async () => {
  provider.requests.length = 0;
  await signIn();
  expect(provider.requests).toEqual([
    "GET /.well-known/openid-configuration",
    "GET /authorize",
    "POST /token",
    "GET /jwks",
    "GET /userinfo",
  ]);
});
