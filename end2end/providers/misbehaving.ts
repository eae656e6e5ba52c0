// An OpenID provider (npm oauth2-mock-server) that lies on demand: each kind is one thing that a relying party must notice.
// It asks nobody to sign in: whoever comes is `person`.

import { createHmac } from "node:crypto";
import type { IncomingMessage, ServerResponse } from "node:http";
import { exportJWK, exportSPKI, generateKeyPair, importJWK, SignJWT, type JWK, type JWTPayload } from "jose";
import { OAuth2Server } from "oauth2-mock-server";
import { close, listen, type Running } from "./support";

/** What is wrong; everything but `good` and `userinfo-only` must be refused. */
export const lies = {
  "wrong-issuer": "the ID token is from another issuer",
  "wrong-audience": "the ID token is for another client",
  "second-audience": "the ID token is for this client and another, who is the authorized party",
  "no-audience": "the ID token is for nobody",
  "wrong-nonce": "the ID token has another nonce",
  "no-nonce": "the ID token has no nonce",
  expired: "the ID token has ended an hour ago",
  "no-expiry": "the ID token never ends",
  "issued-tomorrow": "the ID token has been issued tomorrow, and is not valid before",
  "no-sub": "the ID token names nobody",
  "alg-none": "the ID token is not signed, and says so",
  "hmac-with-public-key": "the ID token is signed with HMAC, the public key being the secret",
  "hmac-with-client-secret": "the ID token is signed with HMAC and the client's secret, which nobody has agreed to",
  "unknown-kid": "the ID token is signed with a key that is not published",
  "other-key": "the ID token is signed with another key under a published kid",
  "embedded-key": "the ID token brings its own key along (jwk)",
  "broken-signature": "the signature is cut",
  "another-clients-token": "a genuine ID token that another client has got",
  "old-token": "a genuine ID token of an earlier sign-in",
  "access-token-as-id-token": "the access token in the place of the ID token",
  "no-id-token": "no ID token",
  "token-endpoint-500": "the token endpoint fails",
  "token-endpoint-not-json": "the token endpoint answers with a page",
  "token-endpoint-error": "the token endpoint says invalid_grant",
  "token-endpoint-redirects": "the token endpoint leads elsewhere",
  "huge-answer": "the token endpoint's answer does not end before 64 MB",
  slow: "the token endpoint takes its time (see `delay`)",
  "wrong-redirect-issuer": "iss in the redirect is another one (RFC 9207)",
  "no-redirect-issuer": "no iss in the redirect although it was announced (RFC 9207 §2.4)",
  "wrong-state": "another state in the redirect",
  "no-state": "no state in the redirect",
  "access-denied": "the person has refused",
  "wrong-userinfo-sub": "the userinfo is about somebody else",
  "userinfo-500": "the userinfo endpoint fails",
  "discovery-wrong-issuer": "the discovery document is about another issuer",
  "discovery-500": "the discovery document is not to be had",
  "no-keys": "the key set is empty",
  "jwks-500": "the key set is not to be had",
} as const;

export type Lie = keyof typeof lies;
export type Kind = "good" | "userinfo-only" | Lie;

export interface MisbehavingOptions {
  /** Claims of whoever signs in. */
  person: { sub: string; [claim: string]: unknown };
  /** For `hmac-with-client-secret`. */
  clientSecret?: string;
  /** Default: a free one. */
  port?: number;
  /** Milliseconds that `slow` waits; default 3000. */
  delay?: number;
}

export interface Misbehaving extends Running {
  issuer: string;
  /** From now on, until the next call. */
  misbehave(kind: Kind): void;
  setPerson(person: { sub: string; [claim: string]: unknown }): void;
  /** What has been asked for, method and path. */
  requests: string[];
}

/** Starts it; it behaves until told otherwise. */
export async function start(options: MisbehavingOptions): Promise<Misbehaving> {
  let kind: Kind = "good";
  let person = options.person;
  let earlier: string | undefined;
  const requests: string[] = [];
  const mock = new OAuth2Server();
  const published = await mock.issuer.keys.generate("RS256", { kid: "published" });
  const stranger = await generateKeyPair("RS256", { extractable: true });
  const publicKey = await importJWK(publicPart(published), "RS256", { extractable: true });
  const publicPem = publicKey instanceof Uint8Array ? "" : await exportSPKI(publicKey);
  const strangerJwk = await exportJWK(stranger.publicKey);

  const { server, port } = await listen((request, response) => {
    handle(request, response).catch((error: unknown) => response.writeHead(500).end(String(error)));
  }, options.port);
  const issuer = `http://127.0.0.1:${port}`;
  mock.issuer.url = issuer;
  const elsewhere = "https://somebody-else.example";

  async function handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const path = new URL(request.url ?? "/", issuer).pathname;
    requests.push(`${request.method} ${path}`);
    const json = (status: number, body: unknown) => void response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body));
    if (path === "/.well-known/openid-configuration") {
      if (kind === "discovery-500") return json(500, { error: "server_error" });
      return json(200, {
        issuer: kind === "discovery-wrong-issuer" ? elsewhere : issuer,
        authorization_endpoint: `${issuer}/authorize`,
        token_endpoint: `${issuer}/token`,
        userinfo_endpoint: `${issuer}/userinfo`,
        jwks_uri: `${issuer}/jwks`,
        end_session_endpoint: `${issuer}/endsession`,
        response_types_supported: ["code"],
        response_modes_supported: ["query"],
        grant_types_supported: ["authorization_code"],
        subject_types_supported: ["public"],
        scopes_supported: ["openid", "profile", "email"],
        id_token_signing_alg_values_supported: ["RS256"],
        token_endpoint_auth_methods_supported: ["client_secret_basic", "client_secret_post", "private_key_jwt", "none"],
        code_challenge_methods_supported: ["S256"],
        authorization_response_iss_parameter_supported: true,
      });
    }
    if (path === "/jwks" && kind === "jwks-500") return json(500, { error: "server_error" });
    if (path === "/jwks" && kind === "no-keys") return json(200, { keys: [] });
    if (path === "/token") {
      if (kind === "token-endpoint-500") return json(500, { error: "server_error" });
      if (kind === "token-endpoint-error") return json(400, { error: "invalid_grant" });
      if (kind === "token-endpoint-not-json") return void response.writeHead(200, { "content-type": "text/html" }).end("<p>Down for maintenance</p>");
      if (kind === "token-endpoint-redirects") return void response.writeHead(307, { location: `${issuer}/stolen` }).end();
      if (kind === "huge-answer") return flood(response);
      if (kind === "slow") {
        await new Promise<void>((resolve) => {
          const timer = setTimeout(resolve, options.delay ?? 3000);
          response.once("close", () => {
            clearTimeout(timer);
            resolve();
          });
        });
        if (response.destroyed) return;
      }
    }
    mock.service.requestHandler(request, response);
  }

  /** Only ID tokens have an audience: the mock's access tokens go to nobody. */
  mock.service.on("beforeTokenSigning", (token: { header: Record<string, unknown>; payload: JWTPayload }) => {
    const { payload } = token;
    if (payload.aud === undefined) return;
    Object.assign(payload, kind === "userinfo-only" ? { sub: person.sub } : person);
    const now = Math.floor(Date.now() / 1000);
    switch (kind) {
      case "wrong-issuer":
        payload.iss = elsewhere;
        break;
      case "wrong-audience":
        payload.aud = "another-client";
        break;
      case "second-audience":
        payload.azp = "another-client";
        payload.aud = [String(payload.aud), "another-client"];
        break;
      case "no-audience":
        delete payload.aud;
        break;
      case "wrong-nonce":
        payload.nonce = "another-nonce";
        break;
      case "no-nonce":
        delete payload.nonce;
        break;
      case "expired":
        Object.assign(payload, { iat: now - 7200, nbf: now - 7200, exp: now - 3600 });
        break;
      case "no-expiry":
        delete payload.exp;
        break;
      case "issued-tomorrow":
        Object.assign(payload, { iat: now + 86_400, nbf: now + 86_400, exp: now + 90_000 });
        break;
      case "no-sub":
        delete payload.sub;
        break;
      case "another-clients-token":
        payload.aud = "another-client";
        payload.azp = "another-client";
        break;
      default:
    }
  });

  mock.service.on("beforeResponse", (answer: { body: Record<string, unknown> | ""; statusCode: number }) => {
    if (answer.body === "") return;
    const idToken = String(answer.body.id_token);
    const [head = "", payload = "", signature = ""] = idToken.split(".");
    const header = JSON.parse(Buffer.from(head, "base64url").toString()) as Record<string, unknown>;
    const encode = (value: unknown) => Buffer.from(JSON.stringify(value)).toString("base64url");
    const hmac = (secret: string) => {
      const text = `${encode({ ...header, alg: "HS256" })}.${payload}`;
      return `${text}.${createHmac("sha256", secret).update(text).digest("base64url")}`;
    };
    if (kind === "alg-none") answer.body.id_token = `${encode({ alg: "none", typ: "JWT" })}.${payload}.`;
    else if (kind === "hmac-with-public-key") answer.body.id_token = hmac(publicPem);
    else if (kind === "hmac-with-client-secret") answer.body.id_token = hmac(options.clientSecret ?? "");
    else if (kind === "broken-signature") answer.body.id_token = `${head}.${payload}.${signature.slice(0, -8)}`;
    else if (kind === "no-id-token") delete answer.body.id_token;
    else if (kind === "access-token-as-id-token") answer.body.id_token = answer.body.access_token;
    else if (kind === "old-token") answer.body.id_token = earlier ?? idToken;
    else earlier = idToken;
  });

  // Signing is asynchronous and the hooks are not: a token under another key replaces the mock's own at its source.
  const build = mock.service.buildToken.bind(mock.service);
  mock.service.buildToken = async (...parameters) => {
    const token = await build(...parameters);
    const [head = "", body = ""] = token.split(".");
    const payload = JSON.parse(Buffer.from(body, "base64url").toString()) as JWTPayload;
    if (payload.aud === undefined || !["unknown-kid", "other-key", "embedded-key"].includes(kind)) return token;
    const header = JSON.parse(Buffer.from(head, "base64url").toString()) as { alg: string; kid: string };
    const changed = kind === "unknown-kid" ? { ...header, kid: "unknown" } : kind === "embedded-key" ? { alg: "RS256", jwk: strangerJwk } : header;
    return new SignJWT(payload).setProtectedHeader(changed).sign(stranger.privateKey);
  };

  mock.service.on("beforeAuthorizeRedirect", (redirect: { url: URL }) => {
    const query = redirect.url.searchParams;
    if (kind === "access-denied") {
      query.delete("code");
      query.set("error", "access_denied");
      query.set("error_description", "The person has refused.");
    }
    if (kind === "wrong-state") query.set("state", "another-state");
    if (kind === "no-state") query.delete("state");
    if (kind !== "no-redirect-issuer") query.set("iss", kind === "wrong-redirect-issuer" ? elsewhere : issuer);
  });

  mock.service.on("beforeUserinfo", (answer: { body: Record<string, unknown> | ""; statusCode: number }) => {
    answer.body = kind === "wrong-userinfo-sub" ? { ...person, sub: "somebody-else" } : { ...person };
    if (kind === "userinfo-500") answer.statusCode = 500;
  });

  return {
    url: issuer,
    issuer,
    misbehave: (wanted) => void (kind = wanted),
    setPerson: (changed) => void (person = changed),
    requests,
    stop: () => close(server),
  };
}

function publicPart(key: JWK): JWK {
  const { kty, n, e, alg, kid } = key;
  return { kty, n, e, alg, kid };
}

/** 64 MB of a JSON string, as fast as the reader takes it. */
function flood(response: ServerResponse): void {
  const block = "x".repeat(64 * 1024);
  let left = 1024;
  response.writeHead(200, { "content-type": "application/json" });
  response.write('{"access_token":"');
  const more = () => {
    while (left > 0) {
      left -= 1;
      if (!response.write(block)) return void response.once("drain", more);
    }
    response.end('"}');
  };
  more();
}
