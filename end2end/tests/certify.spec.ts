// An owner certifies a partner with a reason, declines another so that its people are out, and takes that back.

import { expect, row, test } from "../harness/fixtures";
import { day, follow, said, submit, summary, withoutBrowserChecks } from "../harness/forms";
import { signIn } from "../harness/people";
import { apps } from "../harness/world";

test("an owner certifies a partner with a reason and a next date", async ({ page, world }) => {
  const partner = await world.partner({ members: { "Bo Lind": { apps: ["orders"] } }, certificationDue: "+5d" });
  await signIn(page, partner.owner);
  await page.goto("/certifications");
  await expect(row(page, partner.name)).toBeVisible();
  await page.goto("/inbox");
  await expect(page.getByRole("main")).toContainText(partner.name);
  await page.goto(`/partners/${partner.slug}/certify`);
  await expect(page.getByRole("main")).toContainText(partner.contract);
  await withoutBrowserChecks(page);
  await submit(page, "certify-partner", { reason: "", next_due: day(90) });
  await expect(summary(page)).toContainText("Say why");
  await expect(page.locator("form[action='/do/certify-partner'] [name=next_due]")).toHaveValue(day(90));
  await submit(page, "certify-partner", { reason: "The project goes on.", next_due: day(90) });
  await expect(said(page, `${partner.name} is certified`)).toBeVisible();
  await page.goto(`/partners/${partner.slug}/activity`);
  await expect(row(page, "Certified a partner")).toContainText("The project goes on.");
});

test("declining puts the partner's people out, certifying again lifts it", async ({ page, visit, world }) => {
  const partner = await world.partner({ members: { "Bo Lind": { apps: ["orders"] } }, certificationDue: "+5d" });
  const bo = partner.member("Bo Lind");
  const theirs = await visit();
  await signIn(theirs, bo);
  await expect(theirs.getByRole("link", { name: apps.orders.name, exact: true })).toBeVisible();

  await signIn(page, partner.owner);
  await page.goto(`/partners/${partner.slug}/certify`);
  await submit(page, "decline-partner", { reason: "Nobody uses it any more." });
  await expect(said(page, `${partner.name} is paused`)).toBeVisible();
  await theirs.reload();
  await expect(theirs.getByRole("link", { name: apps.orders.name, exact: true })).toHaveCount(0);
  expect(new URL(theirs.url()).pathname).toMatch(/^\/(sign-in|no-access)/);

  await page.goto(`/partners/${partner.slug}/certify`);
  await submit(page, "certify-partner", { reason: "They are needed after all.", next_due: day(60) });
  await expect(said(page, `${partner.name} is certified`)).toBeVisible();
  const back = await visit();
  await signIn(back, bo);
  await expect(back.getByRole("link", { name: apps.orders.name, exact: true })).toBeVisible();

  await page.goto(`/partners/${partner.slug}/activity`);
  for (const event of ["Declined to certify a partner", "Suspended an organization", "Certified a partner", "Activated an organization"]) {
    await expect(row(page, event).first(), event).toBeVisible();
  }
});

test("a partner that is not theirs does not exist for an owner", async ({ page, world, complaints }) => {
  complaints.allow(/status of 404/);
  const [mine, other] = [await world.partner(), await world.partner()];
  await signIn(page, mine.owner);
  await page.goto("/partners");
  await follow(page.getByRole("link", { name: mine.name }).first());
  await expect(page.getByText(other.name)).toHaveCount(0);
  expect((await page.goto(`/partners/${other.slug}`))?.status()).toBe(404);
  expect((await page.goto(`/partners/${other.slug}/certify`))?.status()).toBe(404);
});
