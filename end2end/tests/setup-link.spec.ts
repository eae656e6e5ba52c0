// Somebody without an account sets up a partner's sign-in with a link that the operator sends: once, in one browser, and nothing else.

import { checkPage, expect, row, test } from "../harness/fixtures";
import { follow, loading, said, submit, summary } from "../harness/forms";
import { signIn } from "../harness/people";
import * as oidc from "../providers/oidc-provider";

test("somebody without an account sets up the sign-in with a link, and the operator hears when it is done", async ({ page, complaints, mail, visit, world }) => {
  test.setTimeout(180_000);
  const partner = await world.partner({ members: { "Mia Stone": {} } });
  const domain = `link-${world.unique()}.example`;
  await world.declare({ organizations: [{ slug: partner.slug, domains: [{ name: domain }] }] });
  const client = { client_id: "portal", client_secret: "a secret of 0123456789" };
  const person = { sub: "kim-1", login: "kim", email: `kim@${domain}`, email_verified: true, given_name: "Kim", family_name: "Larsen" };
  const provider = await oidc.start({ people: [person], clients: [{ ...client, redirect_uris: [new URL("/federation/oidc/callback", process.env.E2E_URL).href] }] });
  complaints.allow(new RegExp(`:${provider.port}/`));
  // Pages that are not open (any more) answer 404, which the console tells.
  complaints.allow(/status of 404/);
  const contractor = world.address("it contractor");
  const signInPage = `/partners/${partner.slug}/sign-in`;
  try {
    await signIn(page, "operator");
    await page.goto(signInPage);
    await submit(page, "send-setup-link", { email: contractor });
    await expect(said(page, `on its way to ${contractor}`)).toBeVisible();
    await expect(row(page, contractor)).toContainText("Sent");
    await checkPage(page);

    // Sent again, the first value is dead.
    const first = mail.link(await mail.waitFor(contractor), "/set-up/link/");
    await submit(page, "resend-setup-link");
    await expect(said(page, "The earlier one no longer works")).toBeVisible();
    await expect.poll(async () => (await mail.of(contractor)).length, { timeout: 20_000 }).toBe(2);
    const links = (await mail.of(contractor)).map((letter) => mail.link(letter, "/set-up/link/"));
    const link = links.find((one) => one !== first);
    if (!link) throw new Error("the second mail has a link of its own");
    const kim = await visit();
    expect((await kim.goto(first))?.status()).toBe(404);

    // Looking at the page opens nothing; the button does, once.
    for (let look = 0; look < 2; look += 1) expect((await kim.goto(link))?.status()).toBe(200);
    await checkPage(kim);
    await submit(kim, "open-setup-link");
    await expect(kim.getByRole("heading", { level: 1 })).toHaveText(`Set up the sign-in of ${partner.name}`);
    await expect(kim.getByRole("main")).toContainText(domain);
    await checkPage(kim);
    const late = await visit();
    expect((await late.goto(link))?.status()).toBe(404);
    expect((await late.goto("/set-up"))?.status()).toBe(404);
    await page.goto(signInPage);
    await expect(row(page, contractor)).toContainText("Opened");

    // Begin and connect; what is not theirs is not there.
    await follow(kim.getByRole("link", { name: "Begin", exact: true }));
    await checkPage(kim);
    const card = kim.locator("form", { has: kim.locator('input[name="preset"][value="oidc"]') });
    await card.getByLabel("call it").fill("Harbour account");
    await loading(kim, () => card.getByRole("button").click());
    await expect(kim.getByRole("heading", { level: 1 })).toHaveText("Harbour account");
    await expect(kim.getByRole("textbox", { name: "Redirect address" })).toHaveValue(/\/federation\/oidc\/callback$/);
    const connection = new URL(kim.url()).pathname;
    for (const form of ["change-admission", "switch-over", "remove-provider", "claim-domain"]) {
      await expect(kim.locator(`form[action="/do/${form}"]`)).toHaveCount(0);
    }
    await expect(kim.locator('[name="group_roles"]')).toHaveCount(0);
    await expect(kim.getByRole("main")).not.toContainText("Mia Stone");
    await submit(kim, "set-up-oidc", { issuer: `${provider.url}/nothing`, client_id: client.client_id, client_secret: client.client_secret });
    await expect(summary(kim)).toBeVisible();
    await submit(kim, "set-up-oidc", { issuer: provider.issuer, client_id: client.client_id, client_secret: client.client_secret });
    await expect(said(kim, "the provider answers")).toBeVisible();
    await expect(kim.getByRole("textbox", { name: "Client secret" })).toHaveValue("");
    await submit(kim, "set-up-mapping", { given_name: "given_name" });
    await expect(said(kim, "Saved.")).toBeVisible();
    await checkPage(kim);

    // The trial shows what was said, and nothing of the people here.
    await kim.locator('form[action="/do/set-up-try"] button').click();
    await kim.getByLabel("Login name").fill("kim");
    await kim.getByRole("button", { name: "Sign in" }).click();
    await kim.waitForURL((url) => url.pathname === `${connection}/trial`);
    await expect(kim.getByRole("main")).toContainText("The connection works");
    await expect(kim.getByRole("main")).toContainText(person.email);
    await expect(kim.getByRole("main")).toContainText("family_name");
    await expect(kim.getByRole("main")).not.toContainText("turned away");
    await checkPage(kim);

    // Everything else of the portal is closed to them.
    const id = connection.split("/").at(-1) ?? "";
    for (const path of ["/", "/team", `/team/settings/sign-in/${id}`, signInPage]) {
      await kim.goto(path);
      await expect(kim).toHaveURL((url) => url.pathname === "/sign-in");
    }
    const headers = { "sec-fetch-site": "same-origin" };
    for (const form of ["switch-over", "change-admission", "remove-provider", "create-provider"]) {
      const answer = await kim.request.post(`/do/${form}`, { headers, form: { organization: partner.slug, provider: id, version: "3" }, maxRedirects: 0 });
      expect(answer.headers()["location"], form).toBe("/sign-in");
    }

    await kim.goto("/set-up");
    await submit(kim, "finish-set-up");
    await expect(kim.getByRole("heading", { level: 1 })).toHaveText("Thank you, you are finished");
    expect((await kim.goto(connection))?.status()).toBe(404);
    for (const told of [partner.admin.email, partner.owner.email]) {
      const letter = await mail.waitFor(told, "can be switched over");
      expect(letter.text).toContain("Harbour account");
      expect(letter.text).toContain(contractor);
    }
    await page.goto(signInPage);
    await expect(row(page, contractor)).toContainText("Finished");
    await expect(row(page, "Harbour account")).toContainText("Being set up");
    await page.goto(`/partners/${partner.slug}/activity`);
    await expect(page.getByRole("main")).toContainText(`Set-up link to ${contractor}`);
  } finally {
    await provider.stop();
  }
});

test("a link that was withdrawn opens nothing, also where it was open", async ({ page, complaints, mail, visit, world }) => {
  const partner = await world.partner();
  complaints.allow(/status of 404/);
  const contractor = world.address("it contractor");
  await signIn(page, partner.owner);
  await page.goto(`/partners/${partner.slug}/sign-in`);
  await submit(page, "send-setup-link", { email: contractor });
  const link = mail.link(await mail.waitFor(contractor), "/set-up/link/");
  const kim = await visit();
  await kim.goto(link);
  await submit(kim, "open-setup-link");
  await page.goto(`/partners/${partner.slug}/sign-in`);
  await submit(page, "withdraw-setup-link");
  await expect(said(page, "is withdrawn")).toBeVisible();
  await expect(row(page, contractor)).toContainText("Withdrawn");
  expect((await kim.goto("/set-up"))?.status()).toBe(404);
  await expect(kim.getByRole("heading", { level: 1 })).toHaveText("The set-up is not open in this browser");
  // Partner admins set it up themselves; they send no links.
  const admin = await visit();
  await signIn(admin, partner.admin);
  await admin.goto("/team/settings/sign-in");
  await expect(admin.locator('form[action="/do/send-setup-link"]')).toHaveCount(0);
});
