// A partner's people sign in at their own SAML provider: LemonLDAP::NG as an outsider, samlify for what a good provider never sends.

import { inflateRawSync } from "node:zlib";
import type { Page } from "@playwright/test";
import { expect, test } from "../harness/fixtures";
import { said, submit } from "../harness/forms";
import { signIn } from "../harness/people";
import { apps, type Partner, type World } from "../harness/world";
import * as lemonldap from "../providers/lemonldap";
import * as samlify from "../providers/samlify";

/** Connects a partner to a SAML provider and gives it a domain of its own. */
async function connect(world: World, partner: Partner, domain: string, metadata: string, more: object = {}): Promise<void> {
  const mapping = { subject: "uid", email: "mail", given_name: "", family_name: "" };
  const provider = { name: "Lemon account", preset: "saml", status: "live", metadata, mapping, joining: "open", joining_applications: [apps.orders.slug], ...more };
  await world.declare({
    organizations: [{ slug: partner.slug, identity_providers: [provider], domains: [{ name: domain, identity_provider: "Lemon account" }] }],
  });
}

/** Types an address and lets the portal send the browser to the provider; answers where it went. */
async function leave(page: Page, email: string, provider: string): Promise<URL> {
  await page.goto("/sign-in");
  const [request] = await Promise.all([page.waitForRequest((request) => request.url().startsWith(provider)), submit(page, "begin-sign-in", { email })]);
  // The page there has to be whole, or its arrival would interrupt the next navigation.
  await page.waitForURL((url) => url.href.startsWith(provider));
  return new URL(request.url());
}

/** Our entity id, as the request to the provider names it; our metadata is there. */
function issuerOf(address: URL): string {
  const xml = inflateRawSync(Buffer.from(address.searchParams.get("SAMLRequest") ?? "", "base64")).toString();
  return />([^<]+)<\/saml:Issuer>/.exec(xml)?.[1] ?? "";
}

const scriptless = () => test.info().project.use.javaScriptEnabled === false;

test("people sign in at LemonLDAP::NG, get what their company's connection gives, and out again", async ({ page, complaints, world, visit }) => {
  test.setTimeout(120_000);
  const partner = await world.partner();
  const domain = `lemon-${world.unique()}.example`;
  const lemon = await lemonldap.start({ people: [{ uid: "kim", cn: "Kim Larsen", mail: `kim@${domain}`, groups: ["users"] }] });
  // Its pages are not ours: what their scripts complain about is no matter here.
  complaints.allow(new RegExp(`:${lemon.port}/`));
  try {
    await connect(world, partner, domain, await lemon.metadata());
    const away = await leave(page, `kim@${domain}`, lemon.url);
    const metadata = await (await fetch(issuerOf(away))).text();
    expect(metadata).toContain('WantAssertionsSigned="true"');
    await lemon.reconfigure({ serviceProviders: { portal: { metadata } } });

    await leave(page, `kim@${domain}`, lemon.url);
    await page.locator("input[name=user]").fill("kim");
    await page.locator("input[name=password]").first().fill("kim");
    await page.locator("form.login button[type=submit]").first().click();
    if (scriptless()) await page.locator("#form input[type=submit]").click();
    await page.waitForURL((url) => url.pathname === "/" && url.port !== String(lemon.port));
    await expect(page.getByRole("main")).toContainText(apps.orders.name);

    const admin = await visit();
    await signIn(admin, partner.admin);
    await admin.goto("/team");
    await expect(admin.getByRole("row").filter({ hasText: `kim@${domain}` })).toBeVisible();
    await admin.goto("/team/activity");
    await expect(admin.getByRole("main")).toContainText("First sign-in through the company's own sign-in");

    // Signed out here; one more step ends the session there too, and comes back.
    await page.getByRole("button", { name: /account menu/ }).click();
    await submit(page, "sign-out");
    await expect(page.getByRole("heading", { level: 1 })).toHaveText("You are signed out");
    await page.goto("/");
    await expect(page).toHaveURL((url) => url.pathname === "/sign-in");
  } finally {
    await lemon.stop();
  }
});

test("what a good provider never sends signs nobody in", async ({ page, complaints, world }) => {
  test.setTimeout(180_000);
  const partner = await world.partner();
  const domain = `lies-${world.unique()}.example`;
  const person = { nameId: `kim@${domain}`, attributes: { uid: "kim", mail: `kim@${domain}` } };
  const provider = await samlify.start({ person });
  complaints.allow(new RegExp(new URL(provider.url).host));
  try {
    await connect(world, partner, domain, provider.metadata(), { name: "Lemon account" });
    provider.setServiceProvider(await (await fetch(issuerOf(await leave(page, person.nameId, provider.url)))).text());
    const arrive = async (kind: samlify.Kind) => {
      provider.respond(kind);
      await leave(page, person.nameId, provider.url);
      await page.getByRole("button", { name: "Continue" }).click();
      await page.waitForURL((url) => url.host !== new URL(provider.url).host && !url.pathname.startsWith("/federation/"));
      return new URL(page.url()).pathname;
    };
    for (const kind of ["unsolicited", ...Object.keys(samlify.misdeeds)] as samlify.Kind[]) {
      expect(await arrive(kind), kind).toBe("/sign-in");
    }
    expect(await arrive("good")).toBe("/");
    await page.getByRole("button", { name: /account menu/ }).click();
    await submit(page, "sign-out");
    // The same response once more, in the same browser: its trip is over.
    const last = provider.last();
    const answer = await page.request.post(provider.acs(), { form: { SAMLResponse: last?.response ?? "", RelayState: "again" }, maxRedirects: 0 });
    expect([answer.status(), answer.headers().location]).toEqual([303, "/sign-in"]);
    await page.goto("/sign-in");
    await expect(said(page, "Start here")).toBeVisible();
  } finally {
    await provider.stop();
  }
});
