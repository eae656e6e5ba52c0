// A new partner from nothing: profile, contract, application, first admin; and what shortening its contract would end.

import { expect, row, test } from "../harness/fixtures";
import { day, fillIn, follow, said, submit, summary, withoutBrowserChecks } from "../harness/forms";
import { signIn } from "../harness/people";
import { apps, PASSWORD } from "../harness/world";

test("an owner brings in a partner, and its first admin gets in", async ({ page, visit, world, mail }) => {
  const seed = await world.partner();
  const name = `Fjord Freight ${world.unique()}`;
  await signIn(page, seed.owner);
  await page.goto("/partners/new");
  await submit(page, "create-partner", { name, kind: "Logistics", next_due: day(90) });
  await expect(said(page, `${name} is there.`)).toBeVisible();
  const slug = new URL(page.url()).pathname.split("/")[2] ?? "";

  await page.goto(`/partners/${slug}/contracts`);
  await submit(page, "add-contract", { reference: "C-1", starts: day(0), ends: day(200), notice_days: "30", seats: "5" });
  await expect(said(page, "Contract C-1 was added.")).toBeVisible();

  await page.goto(`/partners/${slug}/apps/${apps.orders.slug}`);
  const grant = await fillIn(page, "grant-entitlement", { starts: day(0) });
  await grant.getByLabel("See orders.").check();
  await submit(page, "grant-entitlement");
  await page.goto(`/partners/${slug}/apps`);
  await expect(row(page, apps.orders.name)).toContainText("orders:read");
  await page.goto(`/partners/${slug}`);
  await submit(page, "activate-partner");
  await expect(said(page, `${name} is active`)).toBeVisible();

  const email = world.address("First Admin");
  await page.goto(`/partners/${slug}/invite`);
  await submit(page, "preview-invitations", { email, name: "Fia First", role: "partner_admin" });
  await submit(page, "send-invitations");
  const guest = await visit();
  await guest.goto(mail.link(await mail.waitFor(email, /invites you/), "/invitation/"));
  await submit(guest, "open-invitation");
  await submit(guest, "accept-invitation", { password: PASSWORD });
  await guest.goto("/team");
  await expect(row(guest, email)).toContainText("Partner admin");
});

test("shortening a contract shows first what would end", async ({ page, visit, world }) => {
  const partner = await world.partner({ members: { "Bo Lind": { apps: ["orders"] } } });
  const theirs = await visit();
  await signIn(theirs, partner.member("Bo Lind"));
  await signIn(page, partner.owner);
  await page.goto(`/partners/${partner.slug}/contracts`);
  await follow(page.getByRole("link", { name: `Change ${partner.contract}` }));
  await submit(page, "change-contract", { ends: day(10) });
  await expect(page).toHaveURL(/preview=yes/);
  await expect(page.getByRole("main")).toContainText("People who lose access");
  await expect(page.getByRole("main")).toContainText("Sessions open now that end");
  await expect(row(page, "Bo Lind")).toContainText("in 10 days");
  await theirs.reload();
  await expect(theirs.locator("#launchpad li").first(), "nothing was changed yet").not.toContainText("in 10 days");
  await submit(page, "change-contract");
  await expect(said(page, `Contract ${partner.contract} was changed.`)).toBeVisible();
  await theirs.reload();
  await expect(theirs.locator("#launchpad li").first()).toContainText("in 10 days");
  await page.goto(`/partners/${partner.slug}/activity`);
  await expect(row(page, "Changed a contract").first()).toBeVisible();
});

test("a contract that is ended now puts everybody out", async ({ page, visit, world }) => {
  const partner = await world.partner({ members: { "Bo Lind": { apps: ["orders"] } } });
  const theirs = await visit();
  await signIn(theirs, partner.member("Bo Lind"));
  await signIn(page, partner.owner);
  await page.goto(`/partners/${partner.slug}/contracts`);
  await follow(page.getByRole("link", { name: `Change ${partner.contract}` }));
  await withoutBrowserChecks(page);
  await submit(page, "change-contract", { ends: day(-1) });
  await expect(summary(page)).toBeVisible();
  await follow(page.getByRole("link", { name: "What ends if it ends now?" }));
  await expect(row(page, "Bo Lind")).toBeVisible();
  await submit(page, "change-contract");
  await theirs.reload();
  await expect(theirs.getByRole("link", { name: apps.orders.name, exact: true })).toHaveCount(0);
});
