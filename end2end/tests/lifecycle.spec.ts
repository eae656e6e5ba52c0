// Suspend, reinstate, leave date, remove: what each does to a page that is open elsewhere, and how the trail tells it.

import type { Page } from "@playwright/test";
import { expect, row, test } from "../harness/fixtures";
import { day, follow, said, submit, summary, withoutBrowserChecks } from "../harness/forms";
import { signIn } from "../harness/people";
import { apps, type Account } from "../harness/world";

async function open(page: Page, member: Account): Promise<void> {
  await page.goto("/team?status=all");
  if ((await row(page, member.email).count()) === 0) await page.goto("/team");
  await follow(row(page, member.email).getByRole("link", { name: member.name, exact: true }));
}

const isOut = (page: Page) => /^\/(sign-in|no-access)/.test(new URL(page.url()).pathname);

test("a suspended person is out at once, a reinstated one is back, a removed one is gone; the trail tells all of it", async ({ page, visit, world, mail }) => {
  const partner = await world.partner({ members: { "Bo Lind": { apps: ["orders"] } } });
  const bo = partner.member("Bo Lind");
  const theirs = await visit();
  await signIn(theirs, bo);
  await expect(theirs.getByRole("link", { name: apps.orders.name, exact: true })).toBeVisible();

  await signIn(page, partner.admin);
  await open(page, bo);
  await submit(page, "suspend-member", { reason: "On leave of absence" });
  await expect(said(page, "is suspended")).toBeVisible();
  await expect(page.getByText("Reason: On leave of absence")).toBeVisible();

  await theirs.reload();
  expect(isOut(theirs), `the suspended person sees ${theirs.url()}`).toBe(true);
  expect((await mail.waitFor(bo.email, "is paused")).text).toContain("On leave of absence");

  await submit(page, "reinstate-member");
  const back = await visit();
  await signIn(back, bo);
  await expect(back.getByRole("link", { name: apps.orders.name, exact: true })).toBeVisible();

  const leave = day(20);
  await submit(page, "schedule-leave", { ends_on: leave });
  await expect(said(page, "Bo Lind's last day is")).toBeVisible();
  await expect(page.locator("[name=ends_on]")).toHaveValue(leave);
  await submit(page, "schedule-leave", { ends_on: "" });
  await expect(said(page, "has no leave date any more")).toBeVisible();
  await withoutBrowserChecks(page);
  await submit(page, "schedule-leave", { ends_on: day(-2) });
  await expect(summary(page)).toBeVisible();
  await expect(page.locator("[name=ends_on]")).toHaveValue(day(-2));

  await submit(page, "remove-member", { reason: "Changed employer" });
  await expect(said(page, "Bo Lind was removed")).toBeVisible();
  await back.reload();
  expect(isOut(back), `the removed person sees ${back.url()}`).toBe(true);
  await mail.waitFor(bo.email, "has ended");

  await page.goto("/team/activity");
  for (const event of ["Suspended a member", "Reinstated a member", "Changed a leave date", "Removed a member"]) {
    await expect(row(page, event).first(), event).toContainText("Bo Lind");
  }
  await expect(row(page, "Removed a member")).toContainText("Changed employer");
});

test("the last partner admin cannot be suspended, removed or made less", async ({ page, world }) => {
  const partner = await world.partner({ members: { "Mona Manager": { role: "user_manager" } } });
  const owner = partner.owner;
  await signIn(page, owner);
  await page.goto(`/partners/${partner.slug}/people`);
  await follow(row(page, partner.admin.email).getByRole("link", { name: partner.admin.name, exact: true }));
  await submit(page, "remove-member", { reason: "Test" });
  await expect(summary(page)).toContainText("admin");
  await expect(page.getByRole("main")).toContainText("Active");
  await submit(page, "suspend-member", { reason: "Test" });
  await expect(summary(page)).toContainText("admin");
});

test("a user manager cannot raise anyone to partner admin", async ({ page, world }) => {
  const partner = await world.partner({ members: { "Mona Manager": { role: "user_manager" }, "Bo Lind": {} } });
  await signIn(page, partner.member("Mona Manager"));
  await open(page, partner.member("Bo Lind"));
  await expect(page.locator("form[action='/do/change-role'] option")).not.toContainText(["Partner admin"]);
  await submit(page, "change-role", { role: "user_manager" });
  await expect(said(page, "role is now user manager")).toBeVisible();
  await open(page, partner.admin);
  await expect(page.locator("form[action='/do/remove-member']")).toHaveCount(0);
});
