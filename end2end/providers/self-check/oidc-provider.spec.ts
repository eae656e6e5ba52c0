// The certified provider, used by an independent relying party (npm openid-client).

import { createServer } from "node:http";
import { expect, test } from "@playwright/test";
import { createRemoteJWKSet, decodeJwt, decodeProtectedHeader, jwtVerify } from "jose";
import * as openid from "openid-client";
import { clientKey, start, type OidcProvider, type SigningAlgorithm } from "../oidc-provider";
import { close, listen, Visitor } from "../support";

const redirectUri = "http://127.0.0.1:1/callback";
const ada = {
  sub: "p-1",
  email: "ada@acme.example",
  email_verified: true,
  given_name: "Ada",
  family_name: "Byron",
  groups: ["engineers", "admins"],
  contract_status: "active",
};
const client = { client_id: "portal", client_secret: "a secret with +/=: signs", redirect_uris: [redirectUri] };

async function discover(provider: OidcProvider, authentication?: openid.ClientAuth, metadata: Partial<openid.ClientMetadata> = {}) {
  const config = await openid.discovery(new URL(provider.url), client.client_id, { client_secret: client.client_secret, ...metadata }, authentication, {
    execute: [openid.allowInsecureRequests],
  });
  openid.enableNonRepudiationChecks(config);
  return config;
}

/** Signs in with the page's form and exchanges the code; openid-client checks state, nonce, PKCE, iss and the signature. */
async function signIn(config: openid.Configuration, login: string, visitor = new Visitor([redirectUri])) {
  const verifier = openid.randomPKCECodeVerifier();
  const nonce = openid.randomNonce();
  const state = openid.randomState();
  const url = openid.buildAuthorizationUrl(config, {
    redirect_uri: redirectUri,
    scope: "openid email profile",
    code_challenge: await openid.calculatePKCECodeChallenge(verifier),
    code_challenge_method: "S256",
    nonce,
    state,
  });
  let page = await visitor.get(url.href);
  if (!page.url.startsWith(redirectUri)) page = await visitor.submit(page, { login });
  const back = new URL(page.url);
  expect(back.origin + back.pathname, page.body).toBe(redirectUri);
  expect(back.searchParams.get("iss")).toBe(config.serverMetadata().issuer);
  return openid.authorizationCodeGrant(config, back, { pkceCodeVerifier: verifier, expectedNonce: nonce, expectedState: state, idTokenExpected: true });
}

for (const algorithm of ["RS256", "PS256", "ES256", "EdDSA"] as SigningAlgorithm[]) {
  test(`somebody signs in, signed with ${algorithm}`, async () => {
    const provider = await start({ people: [ada], clients: [client], algorithm });
    try {
      const config = await discover(provider, undefined, { id_token_signed_response_alg: algorithm });
      const tokens = await signIn(config, "ada");
      expect(tokens.claims()).toMatchObject({ ...ada, iss: provider.url, aud: "portal" });
      expect(decodeProtectedHeader(tokens.id_token ?? "").alg).toBe(algorithm);
      expect(await openid.fetchUserInfo(config, tokens.access_token, "p-1")).toMatchObject(ada);
      expect(provider.errors).toEqual([]);
    } finally {
      await provider.stop();
    }
  });
}

test("each way of client authentication works, and a wrong secret does not", async () => {
  const key = await clientKey();
  const provider = await start({ people: [ada], clients: [client] });
  try {
    await signIn(await discover(provider, openid.ClientSecretBasic(client.client_secret)), "ada");
    provider.setClient({ ...client, token_endpoint_auth_method: "client_secret_post" });
    await signIn(await discover(provider, openid.ClientSecretPost(client.client_secret)), "ada");
    await expect(signIn(await discover(provider, openid.ClientSecretPost("wrong")), "ada")).rejects.toThrow();

    const { client_secret: _, ...secretless } = client;
    provider.setClient({ ...secretless, token_endpoint_auth_method: "private_key_jwt", jwks: key.jwks });
    const proof = openid.PrivateKeyJwt({ key: key.privateKey, kid: key.kid });
    await signIn(await discover(provider, proof, { client_secret: undefined }), "ada");

    // The portal publishes its keys; the provider fetches them.
    const keys = await listen((_request, response) => response.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify(key.jwks)));
    provider.setClient({ ...secretless, token_endpoint_auth_method: "private_key_jwt", jwks_uri: `http://127.0.0.1:${keys.port}/jwks` });
    await signIn(await discover(provider, proof, { client_secret: undefined }), "ada");
    await close(keys.server);
  } finally {
    await provider.stop();
  }
});

test("a new key signs at once, on the same port and with the same sessions", async () => {
  const provider = await start({ people: [ada], clients: [client] });
  try {
    const visitor = new Visitor([redirectUri]);
    const first = await signIn(await discover(provider), "ada", visitor);
    const oldKid = decodeProtectedHeader(first.id_token ?? "").kid;
    const kid = await provider.rotate();
    expect(kid).not.toBe(oldKid);
    // No login name: had the session ended, this would fail.
    const second = await signIn(await discover(provider), "", visitor);
    expect(decodeProtectedHeader(second.id_token ?? "").kid).toBe(kid);
    const jwks = (await (await fetch(`${provider.url}/jwks`)).json()) as { keys: { kid: string; d?: string }[] };
    expect(jwks.keys.map((key) => key.kid)).toContain(oldKid);
    expect(jwks.keys.every((key) => key.d === undefined)).toBe(true);
    await provider.rotate({ forget: true });
    const set = createRemoteJWKSet(new URL(`${provider.url}/jwks`));
    await expect(jwtVerify(second.id_token ?? "", set)).rejects.toThrow("no applicable key");
  } finally {
    await provider.stop();
  }
});

test("a changed person, an unknown one and a cancelled sign-in", async () => {
  const provider = await start({ people: [ada], clients: [client] });
  try {
    provider.setPerson({ ...ada, contract_status: "ended" });
    expect((await signIn(await discover(provider), "ada")).claims()).toMatchObject({ contract_status: "ended" });

    const visitor = new Visitor([redirectUri]);
    const url = openid.buildAuthorizationUrl(await discover(provider), { redirect_uri: redirectUri, scope: "openid", state: "s", login_hint: "ada" });
    const page = await visitor.get(url.href);
    expect(page.body).toContain('value="ada"');
    const refused = await visitor.submit(page, { login: "<nobody>" });
    expect(refused.body).toContain("Nobody is called &#60;nobody&#62;.");
    const cancelled = new URL((await visitor.submit(refused, { cancel: "1" })).url);
    expect(cancelled.searchParams.get("error")).toBe("access_denied");
    expect(cancelled.searchParams.get("state")).toBe("s");
  } finally {
    await provider.stop();
  }
});

test("signing out goes through the browser and the back channel", async () => {
  const received: string[] = [];
  const portal = createServer(async (request, response) => {
    let body = "";
    for await (const chunk of request) body += String(chunk);
    received.push(new URLSearchParams(body).get("logout_token") ?? "");
    response.end();
  });
  await new Promise<void>((resolve) => portal.listen(0, "127.0.0.1", resolve));
  const address = portal.address();
  const port = typeof address === "object" && address ? address.port : 0;
  const after = "http://127.0.0.1:1/signed-out";
  const provider = await start({
    people: [ada],
    clients: [
      {
        ...client,
        backchannel_logout_uri: `http://127.0.0.1:${port}/logout`,
        backchannel_logout_session_required: true,
        post_logout_redirect_uris: [after],
      },
    ],
  });
  try {
    const config = await discover(provider);
    const visitor = new Visitor([redirectUri, after]);
    const tokens = await signIn(config, "ada", visitor);
    const url = openid.buildEndSessionUrl(config, { id_token_hint: tokens.id_token ?? "", post_logout_redirect_uri: after, state: "bye" });
    const page = await visitor.submit(await visitor.get(url.href), { logout: "yes" });
    expect(page.url, page.body).toBe(`${after}?state=bye`);
    expect(provider.errors).toEqual([]);
    expect(provider.logoutsDelivered()).toBe(1);
    await jwtVerify(received[0] ?? "", createRemoteJWKSet(new URL(`${provider.url}/jwks`)), { issuer: provider.url, audience: "portal", typ: "logout+jwt" });
    expect(decodeJwt(received[0] ?? "")).toMatchObject({ sub: "p-1", sid: tokens.claims()?.sid });
  } finally {
    await provider.stop();
    await close(portal);
  }
});
