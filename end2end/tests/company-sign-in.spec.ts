// A partner admin connects the company's own sign-in by the pages alone: begin, copy values, connect, try, rehearse, switch over.

import { expect, test } from "../harness/fixtures";
import { said, submit, summary } from "../harness/forms";
import { signIn } from "../harness/people";
import { apps } from "../harness/world";
import * as oidc from "../providers/oidc-provider";

test("a partner admin connects the company's sign-in, tries it, and switches over", async ({ page, complaints, visit, world }) => {
  test.setTimeout(120_000);
  const partner = await world.partner({ members: { "Bo Lind": { apps: ["orders"] } } });
  const domain = `wizard-${world.unique()}.example`;
  await world.declare({ organizations: [{ slug: partner.slug, domains: [{ name: domain }] }] });
  const client = { client_id: "portal", client_secret: "a secret of 0123456789" };
  const person = { sub: "kim-1", login: "kim", email: `kim@${domain}`, email_verified: true, given_name: "Kim", family_name: "Larsen", groups: ["leads"] };
  const provider = await oidc.start({ people: [person], clients: [{ ...client, redirect_uris: [new URL("/federation/oidc/callback", process.env.E2E_URL).href] }] });
  complaints.allow(new RegExp(`:${provider.port}/`));
  try {
    await signIn(page, partner.admin);
    await page.goto("/team/settings/sign-in");
    await expect(page.getByRole("main")).toContainText("passwords of this portal");
    await page.goto("/team/settings/sign-in/new");
    const card = page.locator("form", { has: page.locator('input[name="preset"][value="oidc"]') });
    await card.getByLabel("What your people call it").fill("Harbour account");
    await Promise.all([page.waitForEvent("load"), card.getByRole("button").click()]);
    await expect(page.getByRole("heading", { level: 1 })).toHaveText("Harbour account");
    await expect(page.getByRole("textbox", { name: "Redirect address" })).toHaveValue(/\/federation\/oidc\/callback$/);

    // Not before it was tried.
    await submit(page, "switch-over");
    await expect(summary(page)).toContainText("Try the connection first");
    // An address that is no provider is told at its field.
    await submit(page, "change-oidc", { issuer: `${provider.url}/nothing`, client_id: client.client_id, client_secret: client.client_secret });
    await expect(summary(page)).toBeVisible();
    await submit(page, "change-oidc", { issuer: provider.issuer, client_id: client.client_id, client_secret: client.client_secret });
    await expect(said(page, "the provider answers")).toBeVisible();
    await expect(page.getByRole("textbox", { name: "Client secret" })).toHaveValue("");

    const joins = page.locator('form[action="/do/change-admission"]');
    await joins.locator('input[name="policy"][value="open"]').check();
    await joins.locator('textarea[name="rules"]').fill("groups includes leads | Only leads come in.");
    await Promise.all([page.waitForEvent("load"), joins.locator("button[type=submit]").click()]);
    await expect(said(page, "from the next sign-in on")).toBeVisible();

    // The trial shows what was said and signs nobody in.
    await page.locator('form[action="/do/try-provider"] button').click();
    await page.getByLabel("Login name").fill("kim");
    await page.getByRole("button", { name: "Sign in" }).click();
    await page.waitForURL((url) => url.pathname.endsWith("/trial"));
    await expect(page.getByRole("main")).toContainText("This would work");
    await expect(page.getByRole("main")).toContainText("would become a new member");
    await expect(page.getByRole("main")).toContainText("Only leads come in.");

    await page.getByRole("link", { name: "Back to the connection" }).click();
    await expect(page.getByRole("main")).toContainText("would be locked out");
    await submit(page, "switch-over");
    await expect(said(page, "sign in with Harbour account from now on")).toBeVisible();

    const kim = await visit();
    await kim.goto("/sign-in");
    await submit(kim, "begin-sign-in", { email: person.email });
    await kim.getByLabel("Login name").fill("kim");
    await kim.getByRole("button", { name: "Sign in" }).click();
    await kim.waitForURL((url) => url.pathname === "/" && url.port !== String(provider.port));
    await expect(kim.getByRole("main")).not.toContainText(apps.orders.name);

    // Switched off: whoever came in by it is out, the people with passwords go on.
    await submit(page, "pause-provider");
    await expect(said(page, "1 session ended")).toBeVisible();
    await kim.goto("/");
    await expect(kim).toHaveURL((url) => url.pathname === "/sign-in");
    await page.goto("/team/activity");
    await expect(page.getByRole("main")).toContainText("Switched over to the company's own sign-in");
  } finally {
    await provider.stop();
  }
});
