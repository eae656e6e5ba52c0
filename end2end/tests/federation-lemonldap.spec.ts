// A partner's people sign in at LemonLDAP::NG as an OpenID provider: one that others have written, with its own reading of the standards.

import type { Page } from "@playwright/test";
import { expect, test } from "../harness/fixtures";
import { follow, said, submit } from "../harness/forms";
import { signIn } from "../harness/people";
import { apps } from "../harness/world";
import * as lemonldap from "../providers/lemonldap";

const client = { client_id: "portal", client_secret: "0123456789abcdef" };
const callback = () => new URL("/federation/oidc/callback", process.env.E2E_URL).href;

/** Types an address here and, where the provider asks, name and password there; ends on the launchpad. */
async function arrive(page: Page, email: string, lemon: lemonldap.Lemon): Promise<void> {
  await page.goto("/sign-in");
  await submit(page, "begin-sign-in", { email });
  await page.waitForURL((url) => url.port === String(lemon.port));
  await page.locator("input[name=user]").fill("kim");
  await page.locator("input[name=password]").first().fill("kim");
  await page.locator("form.login button[type=submit]").first().click();
  await page.waitForURL((url) => url.origin === process.env.E2E_URL && url.pathname === "/");
}

for (const client_auth of ["client_secret_post", "client_secret_basic"]) {
  test(`people sign in at LemonLDAP::NG with ${client_auth}, as its userinfo says, and out again there`, async ({ page, complaints, world, visit }) => {
    test.setTimeout(120_000);
    const partner = await world.partner();
    const domain = `lemon-${world.unique()}.example`;
    const email = `kim@${domain}`;
    // What a person is stands at the userinfo endpoint alone.
    const party = { ...client, redirect_uris: [callback()], claimsInIdToken: false };
    const lemon = await lemonldap.start({
      people: [{ uid: "kim", cn: "Kim Larsen", mail: email, groups: ["users", "portal-managers"] }],
      relyingParties: { portal: party },
    });
    // Its pages are not ours: what their scripts complain about is no matter here.
    complaints.allow(new RegExp(`:${lemon.port}/`));
    try {
      const provider = {
        name: "Lemon account",
        preset: "oidc",
        status: "live",
        issuer: lemon.issuer,
        ...client,
        client_auth,
        userinfo: true,
        mapping: { group_roles: { "portal-managers": "user_manager" } },
        joining: "open",
        joining_applications: [apps.orders.slug],
      };
      await world.declare({
        organizations: [{ slug: partner.slug, identity_providers: [provider], domains: [{ name: domain, identity_provider: provider.name }] }],
      });
      const admin = await visit();
      await signIn(admin, partner.admin);
      await admin.goto("/team/settings/sign-in");
      await follow(admin.getByRole("main").getByRole("link", { name: "Lemon account" }).first());
      const backchannel = await admin.getByRole("textbox", { name: "Address for logout from behind (back-channel)" }).inputValue();
      const back = backchannel.replace("backchannel-logout", "logged-out");
      await lemon.reconfigure({ relyingParties: { portal: { ...party, post_logout_redirect_uris: [back] } } });

      await arrive(page, email, lemon);
      await expect(page.getByRole("main")).toContainText(apps.orders.name);
      await admin.goto("/team");
      const row = admin.getByRole("row").filter({ hasText: email });
      await expect(row).toContainText("Kim Larsen");
      await expect(row).toContainText("User manager");
      await admin.goto("/team/activity");
      await expect(admin.getByRole("main")).toContainText("First sign-in through the company's own sign-in");

      // Signed out here; one more step ends the session there too, and comes back.
      await page.getByRole("button", { name: /account menu/ }).click();
      await submit(page, "sign-out");
      await expect(page.getByRole("heading", { level: 1 })).toHaveText("You are signed out");
      await page.getByRole("link", { name: "Sign out of Lemon account too" }).click();
      // Without a hint whose session it is, a provider has to ask (OpenID Connect RP-Initiated Logout §2).
      await page.locator("form.confirm button.positive").click();
      await page.waitForURL((url) => url.origin === process.env.E2E_URL && url.pathname === "/sign-in");
      await expect(said(page, "You are signed out.")).toBeVisible();
      // The session there is over with it: it asks again.
      await arrive(page, email, lemon);
    } finally {
      await lemon.stop();
    }
  });
}
