// The modules of the OpenID Foundation's Basic OP test plan, by their names, and those for discovery and logout. What each of them looks at
// is looked at here, over HTTP against the running portal; no browser takes part, because nothing depends on one. Every request has a code
// challenge, which the plan leaves to the server: OAuth 2.1 requires it.

import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { createRemoteJWKSet, decodeJwt, jwtVerify, type JWTPayload } from "jose";
import * as client from "openid-client";
import { Browserless } from "../harness/browserless";
import { expect, test } from "../harness/fixtures";
import { apps, type Account, World } from "../harness/world";
import type { Place } from "../harness/server";

test.skip(({ javaScriptEnabled }) => javaScriptEnabled === false, "no browser takes part");

const secret = "a secret of 0123456789 that is long enough";
const callback = "https://rp.example/callback";
const issuer = process.env.E2E_URL ?? "";
const everything = "openid profile email offline_access orders:read";

interface Party {
  bo: Account;
  cleo: Account;
  id: string;
  config: client.Configuration;
}

let ready: Promise<Party> | undefined;

/** Two people who hold the application, and a client of it; the same for all tests of a worker. */
function party(): Promise<Party> {
  ready ??= (async () => {
    const world = new World(JSON.parse(process.env.E2E_PLACE ?? "{}") as Place);
    const partner = await world.partner({ members: { "Bo Lind": { apps: ["orders"] }, "Cleo Colleague": { apps: ["orders"] } } });
    const id = await register(world, {});
    const config = await discover(id, client.ClientSecretBasic(secret));
    return { bo: partner.member("Bo Lind"), cleo: partner.member("Cleo Colleague"), id, config };
  })();
  return ready;
}

async function register(world: World, more: object): Promise<string> {
  const client_id = `conformance-${world.unique()}`;
  const entry = { client_id, name: "Conformance", secret, redirect_uris: [callback], post_logout_redirect_uris: [`${callback}/out`], ...more };
  await world.declare({ applications: [{ slug: apps.orders.slug, clients: [entry] }] });
  return client_id;
}

function discover(id: string, authentication: client.ClientAuth): Promise<client.Configuration> {
  return client.discovery(new URL(issuer), id, {}, authentication, { execute: [client.allowInsecureRequests] });
}

interface Asked {
  url: URL;
  checks: client.AuthorizationCodeGrantChecks;
}

async function ask(config: client.Configuration, more: Record<string, string> = {}): Promise<Asked> {
  const verifier = client.randomPKCECodeVerifier();
  const [nonce, state] = [client.randomNonce(), client.randomState()];
  const url = client.buildAuthorizationUrl(config, {
    redirect_uri: callback,
    scope: "openid",
    code_challenge: await client.calculatePKCECodeChallenge(verifier),
    code_challenge_method: "S256",
    nonce,
    state,
    ...more,
  });
  for (const [name, value] of Object.entries(more)) if (value === "") url.searchParams.delete(name);
  return { url, checks: { pkceCodeVerifier: verifier, expectedNonce: more.nonce === "" ? undefined : nonce, expectedState: state } };
}

/** A person's browser at the application of these tests. */
class Agent extends Browserless {
  /** Asks, and signs in if asked to; answers what the client is sent. */
  async authorize(asked: Asked, person: Account): Promise<URL> {
    let there = await this.follow(await this.get(asked.url));
    if (!(there instanceof URL)) there = await this.agree(there);
    if (!(there instanceof URL)) {
      expect(new URL(there.url()).pathname).toBe("/sign-in");
      there = await this.signIn(person);
    }
    if (!(there instanceof URL)) throw new Error(`not back to the client but ${there.url()}: ${await there.text()}`);
    expect(there.href.startsWith(callback)).toBe(true);
    return there;
  }

  /** The whole flow: what a client's library makes of the answer. */
  async tokens(party: Party, more: Record<string, string> = {}, person = party.bo) {
    const asked = await ask(party.config, more);
    const answer = await this.authorize(asked, person);
    return client.authorizationCodeGrant(party.config, answer, { ...asked.checks, idTokenExpected: true });
  }

  /** The error that the client is sent. */
  async refusal(party: Party, more: Record<string, string>): Promise<URLSearchParams> {
    const there = await this.follow(await this.get((await ask(party.config, more)).url));
    if (!(there instanceof URL)) throw new Error(`no answer to the client but ${there.url()}`);
    expect(there.searchParams.get("iss")).toBe(issuer);
    return there.searchParams;
  }
}

async function userinfo(access_token: string, how: "get" | "header" | "body"): Promise<Record<string, unknown>> {
  const there = `${issuer}/oauth/userinfo`;
  const headers = how === "body" ? undefined : { authorization: `Bearer ${access_token}` };
  const body = how === "body" ? new URLSearchParams({ access_token }) : undefined;
  const answer = await fetch(there, { method: how === "get" ? "GET" : "POST", headers, body });
  expect(answer.status).toBe(200);
  expect(answer.headers.get("content-type")).toContain("application/json");
  return (await answer.json()) as Record<string, unknown>;
}

const verified = async (token: string, audience: string): Promise<JWTPayload> =>
  (await jwtVerify(token, createRemoteJWKSet(new URL(`${issuer}/oauth/jwks`)), { issuer, audience, algorithms: ["ES256"] })).payload;

test("Server", async ({ request }) => {
  const it = await party();
  const tokens = await new Agent(request).tokens(it);
  expect(tokens.token_type).toBe("bearer");
  const claims = tokens.claims();
  expect(claims).toMatchObject({ iss: issuer, aud: it.id });
  expect(claims?.sub.length).toBeLessThanOrEqual(255);
  expect(claims?.exp).toBeGreaterThan(claims?.iat ?? Infinity);
});

test("ResponseTypeMissing", async ({ request }) => {
  const answer = await new Agent(request).refusal(await party(), { response_type: "" });
  expect(answer.get("error")).toBe("invalid_request");
  expect(answer.has("code")).toBe(false);
});

test("IdTokenSignature", async ({ request }) => {
  const it = await party();
  const { id_token } = await new Agent(request).tokens(it);
  await verified(id_token ?? "", it.id);
  const [header, payload, signature] = (id_token ?? "").split(".");
  const broken = `${header}.${payload}.${(signature ?? "").replace(/^./, (letter) => (letter === "A" ? "B" : "A"))}`;
  await expect(verified(broken, it.id)).rejects.toThrow();
});

for (const [name, how] of [
  ["UserInfoGet", "get"],
  ["UserInfoPostHeader", "header"],
  ["UserInfoPostBody", "body"],
] as const) {
  test(name, async ({ request }) => {
    const tokens = await new Agent(request).tokens(await party());
    expect((await userinfo(tokens.access_token, how)).sub).toBe(tokens.claims()?.sub);
  });
}

test("EnsureRequestWithoutNonceSucceedsForCodeFlow", async ({ request }) => {
  const tokens = await new Agent(request).tokens(await party(), { nonce: "" });
  expect(tokens.claims()?.nonce).toBeUndefined();
});

for (const [name, scope, wanted, without] of [
  ["ScopeProfile", "openid profile", ["name", "zoneinfo"], ["email"]],
  ["ScopeEmail", "openid email", ["email", "email_verified"], ["name"]],
  ["ScopeAll", "openid profile email", ["name", "zoneinfo", "email", "email_verified"], []],
] as const) {
  test(name, async ({ request }) => {
    const it = await party();
    const tokens = await new Agent(request).tokens(it, { scope });
    const known = await userinfo(tokens.access_token, "get");
    expect(Object.keys(known)).toEqual(expect.arrayContaining([...wanted, "sub"]));
    for (const claim of without) expect(known[claim]).toBeUndefined();
    if (scope.includes("email")) expect(known.email).toBe(it.bo.email);
  });
}

for (const [name, more] of [
  ["DisplayPage", { display: "page" }],
  ["DisplayPopup", { display: "popup" }],
  ["EnsureRequestWithUnknownParameterSucceeds", { extra: "foobar" }],
  ["UiLocales", { ui_locales: "se" }],
  ["ClaimsLocales", { claims_locales: "se" }],
  ["EnsureRequestWithAcrValuesSucceeds", { acr_values: "1 2" }],
] as const) {
  test(name, async ({ request }) => {
    const tokens = await new Agent(request).tokens(await party(), more);
    expect(tokens.claims()?.sub).toBeTruthy();
  });
}

test("PromptLogin", async ({ request }) => {
  const it = await party();
  const agent = new Agent(request);
  const first = (await agent.tokens(it)).claims();
  await expect.poll(() => Math.floor(Date.now() / 1000)).toBeGreaterThan(first?.auth_time ?? Infinity);
  agent.shown = [];
  const second = (await agent.tokens(it, { prompt: "login" })).claims();
  expect(agent.shown, "the person is asked again").toContain("/sign-in");
  expect(second?.sub).toBe(first?.sub);
  expect(second?.auth_time).toBeGreaterThan(first?.auth_time ?? Infinity);
});

test("PromptNoneNotLoggedIn", async ({ request }) => {
  const answer = await new Agent(request).refusal(await party(), { prompt: "none" });
  expect(answer.get("error")).toBe("login_required");
  expect(answer.has("code")).toBe(false);
});

test("PromptNoneLoggedIn", async ({ request }) => {
  const it = await party();
  const agent = new Agent(request);
  const first = (await agent.tokens(it)).claims();
  agent.shown = [];
  const second = (await agent.tokens(it, { prompt: "none" })).claims();
  expect(agent.shown, "nothing is shown").toEqual([]);
  expect([second?.sub, second?.auth_time]).toEqual([first?.sub, first?.auth_time]);
});

test("MaxAge1", async ({ request }) => {
  const it = await party();
  const agent = new Agent(request);
  const first = (await agent.tokens(it)).claims();
  await expect.poll(() => Math.floor(Date.now() / 1000)).toBeGreaterThan((first?.auth_time ?? Infinity) + 1);
  agent.shown = [];
  const second = (await agent.tokens(it, { max_age: "1" })).claims();
  expect(agent.shown).toContain("/sign-in");
  expect(second?.auth_time).toBeGreaterThan(first?.auth_time ?? Infinity);
});

test("MaxAge10000", async ({ request }) => {
  const it = await party();
  const agent = new Agent(request);
  const first = (await agent.tokens(it)).claims();
  agent.shown = [];
  const second = (await agent.tokens(it, { max_age: "10000" })).claims();
  expect(agent.shown).toEqual([]);
  expect(second?.auth_time).toBe(first?.auth_time);
});

test("IdTokenHint", async ({ request }) => {
  const it = await party();
  const agent = new Agent(request);
  const first = await agent.tokens(it);
  const second = await agent.tokens(it, { prompt: "none", id_token_hint: first.id_token ?? "" });
  expect(second.claims()?.sub).toBe(first.claims()?.sub);
});

test("LoginHint", async ({ request }) => {
  const it = await party();
  const agent = new Agent(request);
  const asked = await ask(it.config, { login_hint: it.bo.email });
  const page = await agent.open(asked.url);
  expect(page instanceof URL ? "" : await page.text()).toContain(`value="${it.bo.email}"`);
  const answer = await agent.signIn(it.bo);
  if (!(answer instanceof URL)) throw new Error(`not back to the client but ${answer.url()}`);
  const tokens = await client.authorizationCodeGrant(it.config, answer, { ...asked.checks, idTokenExpected: true });
  expect(tokens.claims()?.sub).toBeTruthy();
});

test("AuthCodeReuse", async ({ request }) => {
  const it = await party();
  const asked = await ask(it.config);
  const answer = await new Agent(request).authorize(asked, it.bo);
  const tokens = await client.authorizationCodeGrant(it.config, answer, asked.checks);
  await expect(client.authorizationCodeGrant(it.config, answer, asked.checks)).rejects.toMatchObject({ error: "invalid_grant" });
  expect(await client.tokenIntrospection(it.config, tokens.access_token), "what it gave is over").toEqual({ active: false });
});

test("AuthCodeReuseAfter30Seconds", async ({ request }) => {
  const it = await party();
  const asked = await ask(it.config);
  const answer = await new Agent(request).authorize(asked, it.bo);
  const tokens = await client.authorizationCodeGrant(it.config, answer, asked.checks);
  // The module is about these seconds: there is nothing else to wait for.
  const until = Date.now() + 31_000;
  await expect.poll(() => Date.now(), { timeout: 40_000, intervals: [1000] }).toBeGreaterThan(until);
  await expect(client.authorizationCodeGrant(it.config, answer, asked.checks)).rejects.toMatchObject({ error: "invalid_grant" });
  const refused = await fetch(`${issuer}/oauth/userinfo`, { headers: { authorization: `Bearer ${tokens.access_token}` } });
  expect(refused.status).toBe(401);
});

test("EnsureRegisteredRedirectUri", async ({ request }) => {
  const it = await party();
  for (const redirect_uri of [`${callback}/other`, `${callback}?a=b`, "https://evil.example/callback"]) {
    const answer = await request.get((await ask(it.config, { redirect_uri })).url.href, { maxRedirects: 0 });
    expect([answer.status(), answer.headers().location]).toEqual([400, undefined]);
  }
});

test("EnsurePostRequestSucceeds", async ({ request }) => {
  const it = await party();
  const agent = new Agent(request);
  const asked = await ask(it.config);
  const form = Object.fromEntries(asked.url.searchParams);
  // As another site's page would send it.
  const headers = { "sec-fetch-site": "cross-site", origin: "https://rp.example" };
  const begun = await agent.follow(await request.post("/oauth/authorize", { form, headers, maxRedirects: 0 }));
  expect(begun instanceof URL ? begun.href : new URL(begun.url()).pathname).toBe("/sign-in");
  const answer = await agent.signIn(it.bo);
  if (!(answer instanceof URL)) throw new Error(answer.url());
  const tokens = await client.authorizationCodeGrant(it.config, answer, asked.checks);
  expect(tokens.claims()?.aud).toBe(it.id);
});

test("ServerTestClientSecretPost", async ({ request, world }) => {
  const { bo, cleo } = await party();
  const id = await register(world, { authentication: "client_secret_post" });
  const config = await discover(id, client.ClientSecretPost(secret));
  const tokens = await new Agent(request).tokens({ bo, cleo, id, config });
  expect(tokens.claims()?.aud).toBe(id);
});

test("RequestUriUnsignedSupportedCorrectlyOrRejected", async ({ request }) => {
  const answer = await new Agent(request).refusal(await party(), { request_uri: "https://rp.example/request.jwt" });
  expect(answer.get("error")).toBe("request_uri_not_supported");
});

test("UnsignedRequestObjectSupportedCorrectlyOrRejected", async ({ request }) => {
  const object = `${btoa(JSON.stringify({ alg: "none" })).replace(/=+$/, "")}.${btoa(JSON.stringify({ scope: "openid" })).replace(/=+$/, "")}.`;
  const answer = await new Agent(request).refusal(await party(), { request: object });
  expect(answer.get("error")).toBe("request_not_supported");
});

test("ClaimsEssential", async ({ request }) => {
  const it = await party();
  const claims = JSON.stringify({ userinfo: { name: { essential: true } } });
  const tokens = await new Agent(request).tokens(it, { claims });
  expect(await userinfo(tokens.access_token, "get")).toMatchObject({ name: it.bo.name });
});

test("EnsureRequestObjectWithRedirectUri", async ({ request }) => {
  // Request objects are not taken, so what stands in one counts for nothing: neither its redirect URI nor its state.
  const it = await party();
  const inside = { redirect_uri: "https://evil.example/callback", state: "another" };
  const object = `${btoa(JSON.stringify({ alg: "none" })).replace(/=+$/, "")}.${btoa(JSON.stringify(inside)).replace(/=+$/, "")}.`;
  const asked = await ask(it.config, { request: object });
  const there = await new Agent(request).follow(await request.get(asked.url.href, { maxRedirects: 0 }));
  if (!(there instanceof URL)) throw new Error(there.url());
  expect(there.href.startsWith(callback)).toBe(true);
  expect([there.searchParams.get("error"), there.searchParams.get("state")]).toEqual(["request_not_supported", asked.checks.expectedState]);
});

test("RefreshToken", async ({ request }) => {
  const it = await party();
  const tokens = await new Agent(request).tokens(it, { scope: everything });
  const first = tokens.claims();
  const refreshed = await client.refreshTokenGrant(it.config, tokens.refresh_token ?? "");
  const second = refreshed.claims();
  expect([second?.iss, second?.sub, second?.aud, second?.auth_time]).toEqual([first?.iss, first?.sub, first?.aud, first?.auth_time]);
  expect(refreshed.refresh_token).not.toBe(tokens.refresh_token);
  expect((await userinfo(refreshed.access_token, "get")).sub).toBe(first?.sub);
  // Another client cannot use it.
  const world = new World(JSON.parse(process.env.E2E_PLACE ?? "{}") as Place);
  const other = await discover(await register(world, {}), client.ClientSecretBasic(secret));
  await expect(client.refreshTokenGrant(other, refreshed.refresh_token ?? "")).rejects.toMatchObject({ error: "invalid_grant" });
});

test("EnsureRequestWithValidPkceSucceeds", async ({ request }) => {
  const it = await party();
  const asked = await ask(it.config);
  const answer = await new Agent(request).authorize(asked, it.bo);
  const wrong = { ...asked.checks, pkceCodeVerifier: client.randomPKCECodeVerifier() };
  await expect(client.authorizationCodeGrant(it.config, answer, wrong)).rejects.toMatchObject({ error: "invalid_grant" });
  const tokens = await client.authorizationCodeGrant(it.config, answer, asked.checks);
  expect(tokens.claims()?.aud).toBe(it.id);
  // And none at all does not: OAuth 2.1 §4.1.1.
  const refused = await new Agent(request).refusal(it, { code_challenge: "", code_challenge_method: "" });
  expect(refused.get("error")).toBe("invalid_request");
});

test("Config", async () => {
  const { config } = await party();
  const answer = await fetch(`${issuer}/.well-known/openid-configuration`);
  expect(answer.headers.get("content-type")).toContain("application/json");
  const found = (await answer.json()) as Record<string, unknown>;
  expect(found).toMatchObject({
    issuer,
    response_types_supported: ["code"],
    subject_types_supported: expect.arrayContaining(["public"]) as unknown,
    id_token_signing_alg_values_supported: expect.arrayContaining(["RS256", "ES256"]) as unknown,
    token_endpoint_auth_methods_supported: expect.arrayContaining(["client_secret_basic", "client_secret_post"]) as unknown,
    scopes_supported: expect.arrayContaining(["openid"]) as unknown,
    claims_parameter_supported: true,
    request_parameter_supported: false,
    request_uri_parameter_supported: false,
    backchannel_logout_supported: true,
    backchannel_logout_session_supported: true,
  });
  for (const endpoint of ["authorization_endpoint", "token_endpoint", "userinfo_endpoint", "jwks_uri", "end_session_endpoint"]) {
    expect(String(found[endpoint])).toMatch(new RegExp(`^${issuer}/`));
  }
  expect(config.serverMetadata().issuer).toBe(issuer);
  const keys = (await (await fetch(String(found.jwks_uri))).json()) as { keys: Record<string, string>[] };
  expect(keys.keys.length).toBeGreaterThan(0);
  for (const key of keys.keys) {
    expect(Object.keys(key)).toEqual(expect.arrayContaining(["kid", "kty", "alg", "use"]));
    for (const secretMember of ["d", "p", "q", "k"]) expect(key[secretMember]).toBeUndefined();
  }
});

test("RpInitiatedLogout", async ({ request }) => {
  const it = await party();
  const agent = new Agent(request);
  const tokens = await agent.tokens(it);
  const there = client.buildEndSessionUrl(it.config, {
    id_token_hint: tokens.id_token ?? "",
    post_logout_redirect_uri: `${callback}/out`,
    state: "bye",
  });
  const back = await agent.follow(await agent.get(there));
  expect(back instanceof URL ? back.href : back.url()).toBe(`${callback}/out?state=bye`);
  expect((await agent.refusal(it, { prompt: "none" })).get("error"), "signed out here too").toBe("login_required");
  // An address that is not registered is not gone to, with the right token or without.
  const elsewhere = new URL(there);
  elsewhere.searchParams.set("post_logout_redirect_uri", "https://evil.example/");
  const stays = await agent.follow(await agent.get(elsewhere));
  expect(stays instanceof URL).toBe(false);
});

test("BackChannelLogout", async ({ request, world }) => {
  const { bo, cleo } = await party();
  const heard: string[] = [];
  const server = createServer((incoming, answer) => {
    let body = "";
    incoming.on("data", (part: Buffer) => (body += part.toString()));
    incoming.on("end", () => {
      heard.push(new URLSearchParams(body).get("logout_token") ?? "");
      answer.end();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  try {
    const address = `http://127.0.0.1:${(server.address() as AddressInfo).port}/logout`;
    const id = await register(world, { backchannel_logout_uri: address });
    const it = { bo, cleo, id, config: await discover(id, client.ClientSecretBasic(secret)) };
    const agent = new Agent(request);
    const tokens = await agent.tokens(it);
    const signedIn = tokens.claims();
    expect(signedIn?.sid).toBeTruthy();
    await agent.post("/do/sign-out", {});
    await expect.poll(() => heard.length, { timeout: 20_000 }).toBe(1);
    const claims = await verified(heard[0] ?? "", id);
    expect(claims).toMatchObject({ sub: signedIn?.sub, sid: signedIn?.sid, events: { "http://schemas.openid.net/event/backchannel-logout": {} } });
    expect([typeof claims.jti, typeof claims.iat, claims.nonce]).toEqual(["string", "number", undefined]);
    expect(decodeJwt(heard[0] ?? "").exp).toBeLessThanOrEqual((claims.iat ?? 0) + 120);
  } finally {
    server.close();
  }
});
