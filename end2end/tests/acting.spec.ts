// A vendor's system acts for a partner employee by token exchange (RFC 8693), with npm openid-client in place of the system: the person is
// asked, sees it in the ledger, and stops it.

import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import * as client from "openid-client";
import { decodeJwt } from "jose";
import type { Page } from "@playwright/test";
import { expect, test } from "../harness/fixtures";
import { signIn } from "../harness/people";
import { apps, type World } from "../harness/world";

const secret = "a secret: 100% of 0123456789 & more + things";
const EXCHANGE = "urn:ietf:params:oauth:grant-type:token-exchange";
const ACCESS_TOKEN = "urn:ietf:params:oauth:token-type:access_token";
const DELEGATION = "urn:portico:params:oauth:token-type:delegation";

async function listen(): Promise<{ callback: string; server: Server }> {
  const server = createServer((_, response) => response.setHeader("content-type", "text/plain").end("back"));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return { callback: `http://127.0.0.1:${(server.address() as AddressInfo).port}/callback`, server };
}

async function discover(client_id: string): Promise<client.Configuration> {
  const issuer = new URL(process.env.E2E_URL ?? "");
  return client.discovery(issuer, client_id, {}, client.ClientSecretBasic(secret), { execute: [client.allowInsecureRequests] });
}

/** An application of somebody else's, and a vendor's system that may act there. */
async function declare(world: World, callback: string): Promise<{ web: client.Configuration; system: client.Configuration; names: { web: string; system: string } }> {
  const names = { web: `Orders shop ${world.unique()}`, system: `Night shift ${world.unique()}` };
  const ids = { web: `shop-${world.unique()}`, system: `night-${world.unique()}` };
  await world.declare({
    applications: [
      {
        slug: apps.orders.slug,
        clients: [
          { client_id: ids.web, name: names.web, secret, redirect_uris: [callback], first_party: false },
          {
            client_id: ids.system,
            name: names.system,
            secret,
            grant_types: ["client_credentials", EXCHANGE],
            own_scopes: ["orders:read"],
            may_act_for: "delegation",
            acts_at: { [apps.orders.slug]: ["orders:read", "orders:write"] },
          },
        ],
      },
    ],
  });
  return { web: await discover(ids.web), system: await discover(ids.system), names };
}

async function authorize(config: client.Configuration, page: Page, redirect_uri: string, more: Record<string, string> = {}) {
  const verifier = client.randomPKCECodeVerifier();
  const state = client.randomState();
  const url = client.buildAuthorizationUrl(config, {
    redirect_uri,
    scope: "openid profile offline_access orders:read orders:write",
    code_challenge: await client.calculatePKCECodeChallenge(verifier),
    code_challenge_method: "S256",
    state,
    ...more,
  });
  await page.goto(url.href);
  return { verifier, state };
}

async function arrived(page: Page, callback: string): Promise<URL> {
  await page.waitForURL((url) => url.href.startsWith(callback));
  return new URL(page.url());
}

test("a person allows an application, a system acts for them, and they stop it", async ({ page, complaints, world, visit }) => {
  const partner = await world.partner({ members: { "Bo Lind": { apps: ["orders"] } } });
  const bo = partner.member("Bo Lind");
  const { callback, server } = await listen();
  complaints.allow(new RegExp(new URL(callback).host));
  try {
    const { web, system, names } = await declare(world, callback);
    await signIn(page, bo);

    // Refused: the application is told so, and nothing is remembered.
    let asked = await authorize(web, page, callback);
    await expect(page.getByRole("heading", { name: `Continue to ${names.web}?` })).toBeVisible();
    await expect(page.getByRole("main")).toContainText("orders:write");
    await page.getByRole("button", { name: "Refuse" }).click();
    expect((await arrived(page, callback)).searchParams.get("error")).toBe("access_denied");
    await authorize(web, page, callback, { prompt: "none" });
    expect((await arrived(page, callback)).searchParams.get("error")).toBe("consent_required");

    // Allowed: once.
    asked = await authorize(web, page, callback);
    await page.getByRole("button", { name: "Continue" }).click();
    const checks = { pkceCodeVerifier: asked.verifier, expectedState: asked.state };
    const tokens = await client.authorizationCodeGrant(web, await arrived(page, callback), checks);
    asked = await authorize(web, page, callback);
    await client.authorizationCodeGrant(web, await arrived(page, callback), { pkceCodeVerifier: asked.verifier, expectedState: asked.state });

    // The system acts with less than the person has, and the token names both.
    const own = await client.clientCredentialsGrant(system);
    const exchange = (more: Record<string, string>) =>
      client.genericGrantRequest(system, EXCHANGE, { subject_token: tokens.access_token, subject_token_type: ACCESS_TOKEN, ...more });
    const acting = await exchange({ scope: "orders:read", actor_token: own.access_token, actor_token_type: ACCESS_TOKEN });
    expect(acting).toMatchObject({ issued_token_type: ACCESS_TOKEN, scope: "orders:read" });
    expect(acting.refresh_token).toBeUndefined();
    const id = system.clientMetadata().client_id;
    expect(decodeJwt(acting.access_token)).toMatchObject({ sub: tokens.claims()?.sub, act: { sub: id }, organization_name: partner.name });
    expect(await client.tokenIntrospection(web, acting.access_token)).toMatchObject({ active: true, act: { sub: id } });
    await expect(exchange({ scope: "orders:admin" })).rejects.toMatchObject({ error: "invalid_scope" });
    await expect(exchange({ audience: "https://elsewhere.example.com/" })).rejects.toMatchObject({ error: "invalid_target" });
    await expect(
      client.genericGrantRequest(web, EXCHANGE, { subject_token: tokens.access_token, subject_token_type: ACCESS_TOKEN }),
    ).rejects.toMatchObject({ error: "unauthorized_client" });

    // The person sees both, and stops the system: what it holds is worth nothing, and it gets nothing new.
    await page.goto("/me/acting");
    const row = page.getByRole("row").filter({ hasText: names.system });
    await row.getByRole("button", { name: "Stop it…" }).click();
    await page.getByRole("button", { name: "Stop it", exact: true }).and(page.locator(":visible")).click();
    await expect(page.getByText(`${names.system} is stopped.`)).toBeVisible();
    expect(await client.tokenIntrospection(web, acting.access_token)).toEqual({ active: false });
    await expect(exchange({})).rejects.toMatchObject({ error: "access_denied" });
    expect(await client.tokenIntrospection(web, tokens.access_token)).toMatchObject({ active: true });

    // Taken back, the application is out as well.
    await page.getByRole("row").filter({ hasText: names.web }).getByRole("button", { name: "Take back…" }).click();
    await page.getByRole("button", { name: "Take it back", exact: true }).and(page.locator(":visible")).click();
    await expect(page.getByText(`${names.web} is allowed nothing any more`)).toBeVisible();
    expect(await client.tokenIntrospection(web, tokens.access_token)).toEqual({ active: false });
    await expect(client.refreshTokenGrant(web, tokens.refresh_token ?? "")).rejects.toMatchObject({ error: "invalid_grant" });

    const admin = await visit();
    await signIn(admin, partner.admin);
    await admin.goto("/team/activity");
    await expect(admin.getByRole("main")).toContainText("Acted for a person at an application");
    await expect(admin.getByRole("main")).toContainText("Stopped an application from acting for a person");
  } finally {
    server.close();
  }
});

test("a system acts while the person is away, until their admin stops it", async ({ page, complaints, world, visit }) => {
  const partner = await world.partner({ members: { "Bo Lind": { apps: ["orders"] } } });
  const bo = partner.member("Bo Lind");
  const { callback, server } = await listen();
  complaints.allow(new RegExp(new URL(callback).host));
  try {
    const { web, system, names } = await declare(world, callback);
    await signIn(page, bo);
    await page.goto("/me/acting");
    await page.getByRole("link", { name: "Let a system act" }).click();
    await page.getByLabel("At which application?").selectOption(apps.orders.slug);
    await page.getByRole("button", { name: "Go on" }).click();
    await page.getByRole("radio", { name: names.system }).check();
    await page.getByRole("checkbox", { name: "orders:read" }).check();
    await page.getByLabel("What for").fill("Books deliveries at night");
    const day = new Date(Date.now() + 3 * 24 * 3600 * 1000).toISOString().slice(0, 10);
    await page.getByLabel("Last day").fill(day);
    await page.getByRole("button", { name: "Let it act" }).click();
    await expect(page.getByText(`${names.system} can act from now on.`)).toBeVisible();
    const row = page.getByRole("row").filter({ hasText: "Books deliveries at night" });
    const delegation = await row.locator("input[name=delegation]").first().getAttribute("value");
    expect(delegation).not.toBeNull();

    const exchange = (more: Record<string, string>) =>
      client.genericGrantRequest(system, EXCHANGE, { subject_token: delegation ?? "", subject_token_type: DELEGATION, ...more });
    const acting = await exchange({});
    expect(acting.scope).toBe("orders:read");
    expect(await client.tokenIntrospection(web, acting.access_token)).toMatchObject({ active: true, organization_name: partner.name });
    await expect(exchange({ scope: "orders:write" })).rejects.toMatchObject({ error: "invalid_scope" });

    const admin = await visit();
    await signIn(admin, partner.admin);
    await admin.goto("/team/acting");
    const told = admin.getByRole("row").filter({ hasText: "Books deliveries at night" });
    await expect(told).toContainText("Bo Lind");
    await told.getByRole("button", { name: "Stop it…" }).click();
    await admin.getByRole("button", { name: "Stop it", exact: true }).and(admin.locator(":visible")).click();
    await expect(admin.getByText(`${names.system} is stopped.`)).toBeVisible();
    expect(await client.tokenIntrospection(web, acting.access_token)).toEqual({ active: false });
    await expect(exchange({})).rejects.toMatchObject({ error: "invalid_request" });
  } finally {
    server.close();
  }
});
