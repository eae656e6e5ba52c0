// A partner's people sign in at their own OpenID provider: npm oidc-provider as a good one, and one that lies on demand.

import type { Page } from "@playwright/test";
import { expect, test } from "../harness/fixtures";
import { follow, said, submit } from "../harness/forms";
import { signIn } from "../harness/people";
import { apps, type Partner, type World } from "../harness/world";
import * as misbehaving from "../providers/misbehaving";
import * as oidc from "../providers/oidc-provider";

const client = { client_id: "portal", client_secret: "a secret of 0123456789 & more" };
const callback = () => new URL("/federation/oidc/callback", process.env.E2E_URL).href;

/** Connects a partner to an OpenID provider and gives it a domain of its own. */
async function connect(world: World, partner: Partner, domain: string, issuer: string, more: object = {}): Promise<void> {
  const provider = { name: "Harbour account", preset: "oidc", status: "live", issuer, ...client, joining: "open", joining_applications: [apps.orders.slug], ...more };
  await world.declare({
    organizations: [{ slug: partner.slug, identity_providers: [provider], domains: [{ name: domain, identity_provider: provider.name }] }],
  });
}

/** Types an address, and a login name at the provider where one is asked for; ends where the portal leads. */
async function arrive(page: Page, email: string, login?: string): Promise<string> {
  await page.goto("/sign-in");
  await submit(page, "begin-sign-in", { email });
  if (login) {
    await page.getByLabel("Login name").fill(login);
    await page.getByRole("button", { name: "Sign in" }).click();
  }
  const own = new URL(process.env.E2E_URL ?? "").host;
  await page.waitForURL((url) => url.host === own && ["/", "/sign-in", "/sign-in/password"].includes(url.pathname));
  return new URL(page.url()).pathname;
}

/** Whether the browser is signed in, asked without leaving the page: whoever is has no business at the sign-in and is led away. */
async function isSignedIn(page: Page): Promise<boolean> {
  // Any other page would be remembered as the one to go to after the next sign-in.
  const answer = await page.request.get("/sign-in", { maxRedirects: 0 });
  expect([200, 303]).toContain(answer.status());
  return answer.status() === 303;
}

test("an employee signs in at the company, opens an application, and is signed out from there", async ({ page, complaints, world, visit }) => {
  test.setTimeout(120_000);
  const partner = await world.partner();
  const domain = `oidc-${world.unique()}.example`;
  const kim = { sub: "kim-1", login: "kim", email: `kim@${domain}`, email_verified: true, given_name: "Kim", family_name: "Larsen", contract_status: "active" };
  const provider = await oidc.start({ people: [kim], clients: [{ ...client, redirect_uris: [callback()] }] });
  complaints.allow(new RegExp(`:${provider.port}/`));
  try {
    const rules = "contract_status is active | Your contract with Harbour has ended.";
    await connect(world, partner, domain, provider.issuer, { rules });
    const admin = await visit();
    await signIn(admin, partner.admin);
    await admin.goto("/team/settings/sign-in");
    await follow(admin.getByRole("main").getByRole("link", { name: "Harbour account" }).first());
    const backchannel = await admin.getByRole("textbox", { name: "Address for logout from behind (back-channel)" }).inputValue();
    provider.setClient({
      ...client,
      redirect_uris: [callback()],
      backchannel_logout_uri: backchannel,
      backchannel_logout_session_required: true,
      post_logout_redirect_uris: [backchannel.replace("backchannel-logout", "logged-out")],
    });

    expect(await arrive(page, kim.email, "kim")).toBe("/");
    await follow(page.getByRole("link", { name: apps.orders.name, exact: true }));
    expect(new URL(page.url()).pathname).toBe(`/demo-app/${apps.orders.slug}`);
    await admin.goto("/team/activity");
    await expect(admin.getByRole("main")).toContainText("First sign-in through the company's own sign-in");

    // Signed out at the company: the session here is over with it.
    await page.goto(`${provider.issuer}/session/end`);
    await page.getByRole("button", { name: "Sign out" }).click();
    await expect.poll(() => provider.logoutsDelivered()).toBe(1);
    expect(provider.errors).toEqual([]);
    await page.goto("/");
    await expect(page).toHaveURL((url) => url.pathname === "/sign-in");

    // Signed out here: one more step ends the session there too, and comes back.
    expect(await arrive(page, kim.email, "kim")).toBe("/");
    await page.getByRole("button", { name: /account menu/ }).click();
    await submit(page, "sign-out");
    await expect(page.getByRole("heading", { level: 1 })).toHaveText("You are signed out");
    await page.getByRole("link", { name: "Sign out of Harbour account too" }).click();
    await page.getByRole("button", { name: "Sign out" }).click();
    await page.waitForURL((url) => url.pathname === "/sign-in" && url.port !== String(provider.port));
    await expect(said(page, "You are signed out.")).toBeVisible();

    // New keys, the old ones gone at once: nobody has to do anything.
    await provider.rotate({ forget: true });
    expect(await arrive(page, kim.email, "kim")).toBe("/");

    // The company says that the contract has ended: out at the next sign-in, everywhere, with the company's own sentence.
    provider.setPerson({ ...kim, contract_status: "ended" });
    const elsewhere = await visit();
    expect(await arrive(elsewhere, kim.email, "kim")).toBe("/sign-in");
    await expect(said(elsewhere, "Your contract with Harbour has ended.")).toBeVisible();
    await page.goto("/");
    await expect(page).toHaveURL((url) => url.pathname === "/sign-in");
    await admin.goto("/team/activity");
    await expect(admin.getByRole("main")).toContainText("Your contract with Harbour has ended.");

    provider.setPerson(kim);
    expect(await arrive(elsewhere, kim.email)).toBe("/");
  } finally {
    await provider.stop();
  }
});

test("whoever says no at the company is not signed in and can use a password", async ({ page, complaints, world }) => {
  const partner = await world.partner();
  const domain = `no-${world.unique()}.example`;
  const provider = await oidc.start({ people: [{ sub: "kim-1" }], clients: [{ ...client, redirect_uris: [callback()] }], algorithm: "EdDSA" });
  complaints.allow(new RegExp(`:${provider.port}/`));
  try {
    await connect(world, partner, domain, provider.issuer);
    await page.goto("/sign-in");
    await submit(page, "begin-sign-in", { email: `kim@${domain}` });
    await page.getByRole("button", { name: "Cancel" }).click();
    await page.waitForURL((url) => url.pathname === "/sign-in" && url.port !== String(provider.port));
    await expect(said(page, "Harbour account did not let you in.")).toBeVisible();
    expect(await isSignedIn(page)).toBe(false);
  } finally {
    await provider.stop();
  }
});

/** Lies that are told before anybody goes to the provider: what is published is kept, so each needs a connection that is new. */
const published: misbehaving.Lie[] = ["discovery-wrong-issuer", "discovery-500", "no-keys", "jwks-500"];

test("what a good provider never says signs nobody in", async ({ page, complaints, world }) => {
  test.setTimeout(240_000);
  const person = (domain: string) => ({ sub: "kim-1", email: `kim@${domain}`, email_verified: true, name: "Kim Larsen" });
  const domain = `lies-${world.unique()}.example`;
  const provider = await misbehaving.start({ person: person(domain), clientSecret: client.client_secret, delay: 11_000 });
  complaints.allow(new RegExp(new URL(provider.url).host));
  try {
    const partner = await world.partner();
    await connect(world, partner, domain, provider.issuer, { userinfo: true });
    const email = `kim@${domain}`;
    const succeed = async (kind: misbehaving.Kind) => {
      provider.misbehave(kind);
      expect(await arrive(page, email), kind).toBe("/");
      expect(await isSignedIn(page), kind).toBe(true);
      await page.context().clearCookies();
    };
    await succeed("good");
    await succeed("userinfo-only");
    const others = (Object.keys(misbehaving.lies) as misbehaving.Lie[]).filter((lie) => !published.includes(lie));
    expect(others.length).toBeGreaterThan(30);
    for (const [index, lie] of others.entries()) {
      provider.misbehave(lie);
      expect(await arrive(page, email), lie).toBe("/sign-in");
      expect(await isSignedIn(page), lie).toBe(false);
      // Ten failures in a row would let passwords in again: in between somebody gets in.
      if (index % 8 === 7) await succeed("good");
    }
    expect(provider.requests.filter((request) => request.endsWith("/stolen"))).toEqual([]);

    for (const lie of published) {
      const fresh = `${lie}-${world.unique()}.example`;
      const another = await world.partner();
      await connect(world, another, fresh, provider.issuer, { userinfo: true });
      provider.setPerson(person(fresh));
      provider.misbehave(lie);
      expect(await arrive(page, `kim@${fresh}`), lie).toBe("/sign-in");
      expect(await isSignedIn(page), lie).toBe(false);
      provider.misbehave("good");
      expect(await arrive(page, `kim@${fresh}`), `${lie}, put right`).toBe("/");
      await page.context().clearCookies();
    }
  } finally {
    await provider.stop();
  }
});
