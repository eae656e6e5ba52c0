// A company with two sign-ins in use: its people choose once, go the same way again, and can choose anew.

import type { Page } from "@playwright/test";
import { checkPage, expect, test } from "../harness/fixtures";
import { fillIn, follow, submit } from "../harness/forms";
import * as oidc from "../providers/oidc-provider";

const client = { client_id: "portal", client_secret: "a secret of 0123456789 & more" };
const callback = () => new URL("/federation/oidc/callback", process.env.E2E_URL).href;

/** Signs in at a provider that asks, and ends on the launchpad. */
async function loginAt(page: Page, provider: oidc.OidcProvider): Promise<void> {
  await page.waitForURL((url) => url.port === String(provider.port));
  await page.getByLabel("Login name").fill("kim");
  await page.getByRole("button", { name: "Sign in" }).click();
  await arrived(page);
}

async function arrived(page: Page): Promise<void> {
  await page.waitForURL((url) => url.origin === process.env.E2E_URL && url.pathname === "/");
}

async function signOut(page: Page): Promise<void> {
  await page.getByRole("button", { name: /account menu/ }).click();
  await submit(page, "sign-out");
}

test("somebody whose company has two sign-ins chooses once, and can choose anew", async ({ page, complaints, world, visit }) => {
  test.setTimeout(120_000);
  const partner = await world.partner();
  const domain = `two-${world.unique()}.example`;
  const kim = { sub: "kim-1", login: "kim", email: `kim@${domain}`, email_verified: true, given_name: "Kim", family_name: "Larsen" };
  const start = () => oidc.start({ people: [kim], clients: [{ ...client, redirect_uris: [callback()] }] });
  const [harbour, oslo] = await Promise.all([start(), start()]);
  complaints.allow(new RegExp(`:(${harbour.port}|${oslo.port})/`));
  const connection = (name: string, provider: oidc.OidcProvider, status = "live") => ({
    name,
    preset: "oidc",
    status,
    issuer: provider.issuer,
    ...client,
    joining: "open",
  });
  const declare = (status: string) =>
    world.declare({
      organizations: [
        { slug: partner.slug, identity_providers: [connection("Harbour account", harbour, status), connection("Oslo account", oslo)], domains: [{ name: domain }] },
      ],
    });
  try {
    await declare("live");
    await page.goto("/sign-in");
    await expect(page.getByRole("button", { name: "Use another sign-in" })).toHaveCount(0);
    await submit(page, "begin-sign-in", { email: kim.email });
    await expect(page).toHaveURL((url) => url.pathname === "/sign-in/choose");
    await expect(page.getByRole("heading", { level: 1 })).toHaveText(`How do you sign in at ${partner.name}?`);
    await checkPage(page);
    await page.getByRole("button", { name: "Oslo account" }).click();
    await loginAt(page, oslo);

    // The next time nobody asks; the provider still knows its person.
    await signOut(page);
    await page.goto("/sign-in");
    await submit(page, "begin-sign-in", { email: kim.email });
    await arrived(page);

    // Somebody else's browser is asked, whether the address is known or not.
    const elsewhere = await visit();
    for (const email of [kim.email, `nobody@${domain}`]) {
      await elsewhere.goto("/sign-in");
      await submit(elsewhere, "begin-sign-in", { email });
      await expect(elsewhere.getByRole("button", { name: "Harbour account" })).toBeVisible();
    }

    await signOut(page);
    await page.goto("/sign-in");
    await fillIn(page, "begin-sign-in", { email: kim.email });
    await follow(page.getByRole("button", { name: "Use another sign-in" }));
    await page.getByRole("button", { name: "Harbour account" }).click();
    await loginAt(page, harbour);

    // What was chosen is switched off: there is one way left, and the choice is forgotten.
    await declare("paused");
    await page.goto("/sign-in");
    await submit(page, "begin-sign-in", { email: kim.email });
    await arrived(page);
    await signOut(page);
    await declare("live");
    await page.goto("/sign-in");
    await submit(page, "begin-sign-in", { email: kim.email });
    await expect(page).toHaveURL((url) => url.pathname === "/sign-in/choose");
  } finally {
    await Promise.all([harbour.stop(), oslo.stop()]);
  }
});
