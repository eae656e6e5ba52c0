// Applications sign partner employees in through the portal with npm openid-client, a certified library that nobody here wrote: it refuses
// a wrong issuer, audience, nonce, hash, algorithm, content type or cache header by itself.

import { createServer, type Server } from "node:http";
import { generateKeyPair } from "node:crypto";
import type { AddressInfo } from "node:net";
import { promisify } from "node:util";
import * as client from "openid-client";
import { exportJWK, type JWK } from "jose";
import type { Page } from "@playwright/test";
import { expect, test } from "../harness/fixtures";
import { signIn, tryToSignIn } from "../harness/people";
import { apps, type World } from "../harness/world";

const secret = "a secret: 100% of 0123456789 & more + things";
const issuer = () => new URL(process.env.E2E_URL ?? "");

/** An application on this machine that a browser can be sent back to; it shows nothing. */
async function listen(): Promise<{ callback: string; server: Server }> {
  const server = createServer((_, response) => response.setHeader("content-type", "text/plain").end("back"));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return { callback: `http://127.0.0.1:${(server.address() as AddressInfo).port}/callback`, server };
}

async function declare(world: World, more: object): Promise<string> {
  const client_id = `orders-${world.unique()}`;
  await world.declare({ applications: [{ slug: apps.orders.slug, clients: [{ client_id, name: "Orders (test)", ...more }] }] });
  return client_id;
}

async function discover(client_id: string, authentication: client.ClientAuth): Promise<client.Configuration> {
  return client.discovery(issuer(), client_id, {}, authentication, { execute: [client.allowInsecureRequests] });
}

interface Asked {
  url: URL;
  verifier: string;
  nonce: string;
  state: string;
}

async function ask(config: client.Configuration, redirect_uri: string, more: Record<string, string> = {}): Promise<Asked> {
  const verifier = client.randomPKCECodeVerifier();
  const nonce = client.randomNonce();
  const state = client.randomState();
  const url = client.buildAuthorizationUrl(config, {
    redirect_uri,
    scope: "openid profile email offline_access orders:read orders:write",
    code_challenge: await client.calculatePKCECodeChallenge(verifier),
    code_challenge_method: "S256",
    nonce,
    state,
    ...more,
  });
  return { url, verifier, nonce, state };
}

async function arrived(page: Page, callback: string): Promise<URL> {
  await page.waitForURL((url) => url.href.startsWith(callback));
  return new URL(page.url());
}

test("an application signs an employee in, refreshes, asks about tokens and gives them back", async ({ page, complaints, world }) => {
  const partner = await world.partner({ members: { "Bo Lind": { apps: ["orders"] } } });
  const bo = partner.member("Bo Lind");
  const { callback, server } = await listen();
  complaints.allow(new RegExp(new URL(callback).host));
  try {
    const id = await declare(world, {
      secret,
      redirect_uris: [callback],
      post_logout_redirect_uris: [callback],
      grant_types: ["authorization_code", "refresh_token", "client_credentials"],
      own_scopes: ["orders:read"],
    });
    const config = await discover(id, client.ClientSecretBasic(secret));
    const asked = await ask(config, callback);
    await page.goto(asked.url.href);
    await tryToSignIn(page, bo);
    const tokens = await client.authorizationCodeGrant(config, await arrived(page, callback), {
      pkceCodeVerifier: asked.verifier,
      expectedNonce: asked.nonce,
      expectedState: asked.state,
      idTokenExpected: true,
    });
    const claims = tokens.claims();
    expect(claims).toMatchObject({ name: bo.name, email: bo.email, organization_name: partner.name, membership_role: "member", aud: id });
    expect(tokens.scope).toContain("orders:write");
    const info = await client.fetchUserInfo(config, tokens.access_token, claims?.sub ?? "");
    expect(info).toMatchObject({ email: bo.email, organization_name: partner.name });
    expect(await client.tokenIntrospection(config, tokens.access_token)).toMatchObject({ active: true, client_id: id, sub: claims?.sub });

    // Signed in already: nobody is asked anything.
    const silent = await ask(config, callback, { prompt: "none", scope: "openid" });
    await page.goto(silent.url.href);
    const second = await client.authorizationCodeGrant(config, await arrived(page, callback), {
      pkceCodeVerifier: silent.verifier,
      expectedNonce: silent.nonce,
      expectedState: silent.state,
    });
    expect(second.claims()?.sub).toBe(claims?.sub);

    // Asked to sign in anew: once, and then it goes on.
    const anew = await ask(config, callback, { prompt: "login", scope: "openid" });
    const pushed = await client.buildAuthorizationUrlWithPAR(config, Object.fromEntries(anew.url.searchParams));
    await page.goto(pushed.href);
    await expect(page.getByRole("heading", { name: "Sign in again?" })).toBeVisible();
    await page.getByRole("button", { name: "Sign in again" }).click();
    await expect(page).toHaveURL((url) => url.pathname === "/sign-in");
    await tryToSignIn(page, bo);
    const third = await client.authorizationCodeGrant(config, await arrived(page, callback), {
      pkceCodeVerifier: anew.verifier,
      expectedNonce: anew.nonce,
      expectedState: anew.state,
      maxAge: 60,
    });
    expect(third.claims()?.sub).toBe(claims?.sub);

    const refreshed = await client.refreshTokenGrant(config, tokens.refresh_token ?? "");
    expect(refreshed.claims()?.sub).toBe(claims?.sub);
    // A refresh token that comes a second time was stolen: everything of its family is over.
    await expect(client.refreshTokenGrant(config, tokens.refresh_token ?? "")).rejects.toMatchObject({ error: "invalid_grant" });
    expect(await client.tokenIntrospection(config, refreshed.access_token)).toEqual({ active: false });
    await expect(client.refreshTokenGrant(config, refreshed.refresh_token ?? "")).rejects.toMatchObject({ error: "invalid_grant" });

    await client.tokenRevocation(config, second.access_token);
    expect(await client.tokenIntrospection(config, second.access_token)).toEqual({ active: false });

    // The application's own button for signing out: out here too, and back there.
    await page.goto(client.buildEndSessionUrl(config, { id_token_hint: third.id_token ?? "", post_logout_redirect_uri: callback, state: "bye" }).href);
    expect((await arrived(page, callback)).searchParams.get("state")).toBe("bye");
    await page.goto("/");
    await expect(page).toHaveURL((url) => url.pathname === "/sign-in");

    const own = await client.clientCredentialsGrant(config, { scope: "orders:read" });
    expect(await client.tokenIntrospection(config, own.access_token)).toMatchObject({ active: true, sub: id });
    await expect(client.clientCredentialsGrant(config, { scope: "orders:write" })).rejects.toMatchObject({ error: "invalid_scope" });
  } finally {
    server.close();
  }
});

test("a removed employee's tokens are worth nothing from that moment", async ({ page, complaints, world, visit }) => {
  const partner = await world.partner({ members: { "Bo Lind": { apps: ["orders"] } } });
  const { callback, server } = await listen();
  complaints.allow(new RegExp(new URL(callback).host));
  try {
    const id = await declare(world, { secret, redirect_uris: [callback], signing: "EdDSA" });
    const config = await discover(id, client.ClientSecretBasic(secret));
    await signIn(page, partner.member("Bo Lind"));
    const asked = await ask(config, callback);
    await page.goto(asked.url.href);
    const tokens = await client.authorizationCodeGrant(config, await arrived(page, callback), {
      pkceCodeVerifier: asked.verifier,
      expectedNonce: asked.nonce,
      expectedState: asked.state,
    });
    expect(await client.tokenIntrospection(config, tokens.access_token)).toMatchObject({ active: true });
    await world.declare({
      people: [{ email: partner.member("Bo Lind").email, memberships: [{ organization: partner.slug, status: "suspended" }] }],
    });
    expect(await client.tokenIntrospection(config, tokens.access_token)).toEqual({ active: false });
    await expect(client.fetchUserInfo(config, tokens.access_token, tokens.claims()?.sub ?? "")).rejects.toThrow();
    await expect(client.refreshTokenGrant(config, tokens.refresh_token ?? "")).rejects.toMatchObject({ error: "invalid_grant" });
    const admin = await visit();
    await signIn(admin, partner.admin);
    await admin.goto("/team/activity");
    await expect(admin.getByRole("main")).toContainText("Gave an application tokens");
    await expect(admin.getByRole("main")).toContainText("Suspended a member");
  } finally {
    server.close();
  }
});

test("a client proves itself with a key of its own, and a public one by PKCE alone", async ({ page, complaints, world }) => {
  const partner = await world.partner({ members: { "Bo Lind": { apps: ["orders"] } } });
  const { callback, server } = await listen();
  complaints.allow(new RegExp(new URL(callback).host));
  const pair = await promisify(generateKeyPair)("ec", { namedCurve: "P-256" });
  const publicKey: JWK = { ...(await exportJWK(pair.publicKey)), kid: "k1", alg: "ES256", use: "sig" };
  const privateKey = await crypto.subtle.importKey("pkcs8", pair.privateKey.export({ type: "pkcs8", format: "der" }), { name: "ECDSA", namedCurve: "P-256" }, false, ["sign"]);
  try {
    const keyed = await declare(world, {
      authentication: "private_key_jwt",
      key_set: JSON.stringify({ keys: [publicKey] }),
      redirect_uris: [callback],
      grant_types: ["authorization_code", "client_credentials"],
      own_scopes: ["orders:read"],
      signing: "RS256",
    });
    const config = await discover(keyed, client.PrivateKeyJwt({ key: privateKey, kid: "k1" }));
    const own = await client.clientCredentialsGrant(config);
    expect(await client.tokenIntrospection(config, own.access_token)).toMatchObject({ active: true });

    const phone = await declare(world, { authentication: "none", redirect_uris: [callback], subjects: "pairwise" });
    const open = await discover(phone, client.None());
    await signIn(page, partner.member("Bo Lind"));
    const asked = await ask(open, callback);
    await page.goto(asked.url.href);
    // Any program of the device could have asked with a public client's name, so the person is.
    await page.getByRole("button", { name: "Continue" }).click();
    const address = await arrived(page, callback);
    const right = { expectedNonce: asked.nonce, expectedState: asked.state };
    await expect(client.authorizationCodeGrant(open, address, { ...right, pkceCodeVerifier: client.randomPKCECodeVerifier() })).rejects.toMatchObject({
      error: "invalid_grant",
    });
    const tokens = await client.authorizationCodeGrant(open, address, { ...right, pkceCodeVerifier: asked.verifier });
    expect(tokens.claims()?.sub).not.toBe("");
    const next = await client.refreshTokenGrant(open, tokens.refresh_token ?? "");
    expect(next.claims()?.sub).toBe(tokens.claims()?.sub);
  } finally {
    server.close();
  }
});

test("an answer travels in a form that sends itself, and has a button where no script runs", async ({ page, complaints, world, javaScriptEnabled }) => {
  const partner = await world.partner({ members: { "Bo Lind": { apps: ["orders"] } } });
  const posted: string[] = [];
  const server = createServer((request, response) => {
    let body = "";
    request.on("data", (chunk: Buffer) => (body += chunk.toString()));
    request.on("end", () => {
      if (request.method === "POST") posted.push(body);
      response.setHeader("content-type", "text/plain").end("back");
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const callback = `http://127.0.0.1:${(server.address() as AddressInfo).port}/callback`;
  complaints.allow(new RegExp(new URL(callback).host));
  try {
    const id = await declare(world, { secret, redirect_uris: [callback] });
    const config = await discover(id, client.ClientSecretBasic(secret));
    await signIn(page, partner.member("Bo Lind"));
    const asked = await ask(config, callback, { response_mode: "form_post" });
    await page.goto(asked.url.href);
    if (javaScriptEnabled === false) await page.getByRole("button", { name: "Continue" }).click();
    await arrived(page, callback);
    const headers = { "content-type": "application/x-www-form-urlencoded" };
    const answer = new Request(callback, { method: "POST", body: posted[0], headers });
    const checks = { pkceCodeVerifier: asked.verifier, expectedNonce: asked.nonce, expectedState: asked.state };
    const tokens = await client.authorizationCodeGrant(config, answer, checks);
    expect(tokens.claims()?.sub).toBeTruthy();
    expect(posted).toHaveLength(1);
  } finally {
    server.close();
  }
});
