// The demonstration's application (`portico demo-app`): a tile launches it by OpenID Connect, it shows what it was told, and signing out
// there signs out here.

import { startDemoApp } from "../harness/demo-app";
import { checkPage, expect, test } from "../harness/fixtures";
import { signIn } from "../harness/people";

test("a tile signs the employee in at the application, which knows organization, contract and permissions", async ({ page, complaints, world }) => {
  const partner = await world.partner({ members: { "Bo Lind": {} } });
  const bo = partner.member("Bo Lind");
  const own = await world.application(partner, [bo]);
  const app = await startDemoApp(world, own);
  complaints.allow(new RegExp(new URL(app.url).host));
  try {
    await signIn(page, bo);
    await page.getByRole("link", { name: own.name, exact: true }).click();
    await page.waitForURL((url) => url.href.startsWith(`${app.url}/`) && !url.pathname.startsWith("/callback"));
    await expect(page.getByRole("heading", { level: 1, name: own.name })).toBeVisible();
    const you = page.getByRole("table", { name: "You" });
    await expect(you).toContainText(bo.name);
    await expect(you).toContainText(bo.email);
    await expect(you).toContainText(partner.name);
    await expect(you.getByRole("row", { name: /^Contract/ })).toBeVisible();
    await expect(page.getByRole("listitem").filter({ hasText: own.scope })).toBeVisible();
    await expect(page.getByRole("table", { name: "Claims" })).toContainText("contract_ends_at");
    await checkPage(page);

    await page.getByRole("button", { name: "Sign out" }).click();
    await page.waitForURL(`${app.url}/`);
    await expect(page.getByRole("link", { name: "Sign in" })).toBeVisible();
    await page.goto("/");
    await expect(page).toHaveURL((url) => url.pathname === "/sign-in");
  } finally {
    await app.stop();
  }
});

test("whoever is suspended at the portal is signed out of the application too", async ({ page, complaints, world }) => {
  const partner = await world.partner({ members: { "Bo Lind": {} } });
  const bo = partner.member("Bo Lind");
  const own = await world.application(partner, [bo]);
  const app = await startDemoApp(world, own);
  complaints.allow(new RegExp(new URL(app.url).host));
  try {
    await signIn(page, bo);
    await page.goto(`/launch/${own.slug}`);
    await expect(page.getByRole("table", { name: "You" })).toContainText(bo.email);
    await world.declare({ people: [{ email: bo.email, memberships: [{ organization: partner.slug, status: "suspended" }] }] });
    // The portal tells the application by itself (OpenID Connect Back-Channel Logout).
    await expect(async () => {
      await page.goto(app.url);
      await expect(page.getByRole("link", { name: "Sign in" })).toBeVisible({ timeout: 500 });
    }).toPass({ timeout: 20_000 });
  } finally {
    await app.stop();
  }
});

test("the application believes neither another portal nor an answer that it did not ask for", async ({ page, complaints, world }) => {
  const app = await startDemoApp(world, await world.application(await world.partner()));
  complaints.allow(new RegExp(new URL(app.url).host));
  try {
    const other = await page.request.get(`${app.url}/login?iss=https%3A%2F%2Fevil.example`, { maxRedirects: 0 });
    expect(other.status()).toBe(400);
    const unasked = await page.request.get(`${app.url}/callback?code=abc&state=xyz&iss=${encodeURIComponent(process.env.E2E_URL ?? "")}`, { maxRedirects: 0 });
    expect(unasked.status()).toBe(400);
    const begun = await page.request.get(`${app.url}/login`, { maxRedirects: 0 });
    const asked = new URL(begun.headers().location ?? "");
    expect(asked.searchParams.get("code_challenge_method")).toBe("S256");
    // The right state, but from elsewhere (RFC 9207).
    const mixed = await page.request.get(`${app.url}/callback?code=abc&state=${asked.searchParams.get("state") ?? ""}&iss=https%3A%2F%2Fevil.example`, {
      maxRedirects: 0,
    });
    expect(mixed.status()).toBe(400);
    const forged = await page.request.post(`${app.url}/backchannel-logout`, { form: { logout_token: "eyJhbGciOiJub25lIn0.e30." } });
    expect(forged.status()).toBe(400);
  } finally {
    await app.stop();
  }
});
