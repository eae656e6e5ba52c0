// A partner shows by a DNS record that a domain is theirs; nobody else can have it then.

import { checkPage, expect, test } from "../harness/fixtures";
import { fillIn, said, submit, withoutBrowserChecks } from "../harness/forms";
import { signIn } from "../harness/people";

test("a domain is claimed, proven by its record and given up again", async ({ page, visit, world, names }) => {
  const partner = await world.partner();
  const domain = `bücher-${world.unique()}.example`;
  const ascii = new URL(`https://${domain}/`).hostname;
  await signIn(page, partner.admin);
  await page.goto("/team/settings");
  await page.getByRole("navigation", { name: "Settings" }).getByRole("link", { name: "Domains" }).click();
  await expect(page).toHaveURL("/team/settings/domains");

  await withoutBrowserChecks(page);
  for (const [typed, answer] of [
    ["", "This is not a domain."],
    ["gmail.com", "This is a public mail service."],
    ["co.uk", "Anybody can register names below this one"],
  ] as const) {
    await submit(page, "claim-domain", { name: typed });
    await expect(page.locator("form[action='/do/claim-domain']")).toContainText(answer);
    await withoutBrowserChecks(page);
  }

  await submit(page, "claim-domain", { name: domain });
  await expect(said(page, `${domain} is in the list.`)).toBeVisible();
  const main = page.getByRole("main");
  await expect(main).toContainText("To be proven");
  await expect(page.getByLabel("Name of the record", { exact: true })).toHaveValue(`_portico.${ascii}`);
  const record = await page.getByLabel("Value", { exact: true }).inputValue();
  expect(record).toMatch(/^portico-domain=[\w-]{43}$/);
  await checkPage(page);

  await submit(page, "check-domain");
  await expect(main).toContainText("The record was not found yet.");
  await names.set(`_portico.${ascii}`, "v=spf1 -all", record);
  await submit(page, "check-domain");
  await expect(said(page, `${domain} is proven.`)).toBeVisible();
  await expect(main).toContainText("Proven");

  // Whoever comes later is not told whose it is.
  const rival = await world.partner();
  const other = await visit();
  await signIn(other, rival.admin);
  await other.goto("/team/settings/domains");
  await submit(other, "claim-domain", { name: ascii });
  await expect(other.getByRole("main")).toContainText("This domain is proven by another organization already.");
  await expect(other.getByRole("main")).not.toContainText(partner.name);

  // The record goes: a warning stands there, and it is still theirs.
  await names.set(`_portico.${ascii}`);
  await submit(page, "check-domain");
  await expect(main).toContainText("Record missing");
  await page.goto("/team/activity");
  await expect(main).toContainText("The record of a domain is missing");

  await page.goto("/team/settings/domains");
  await fillIn(page, "give-up-domain");
  await submit(page, "give-up-domain");
  await expect(said(page, `${domain} is off the list.`)).toBeVisible();
  await submit(other, "claim-domain", { name: ascii });
  await expect(said(other, `${domain} is in the list.`)).toBeVisible();
});

test("an owner sees and adds the domains of their partner", async ({ page, world, names }) => {
  const partner = await world.partner();
  const domain = `owned-${world.unique()}.example`;
  await signIn(page, partner.owner);
  await page.goto(`/partners/${partner.slug}`);
  await page.getByRole("main").getByRole("link", { name: "Domains", exact: true }).click();
  await expect(page).toHaveURL(`/partners/${partner.slug}/domains`);
  await submit(page, "claim-domain", { name: `*.${domain}` });
  await expect(page.getByRole("main")).toContainText(`${domain} and names below it`);
  const record = await page.getByLabel("Value", { exact: true }).inputValue();
  // At the domain itself the record counts too.
  await names.set(domain, record);
  await submit(page, "check-domain");
  await expect(said(page, `${domain} is proven.`)).toBeVisible();
  await expect(page).toHaveURL(`/partners/${partner.slug}/domains`);
});
