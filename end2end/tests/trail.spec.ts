// The audit trail: found by filters, pointed at by a permanent address, taken away as a file, and changed by nobody.

import { readFileSync } from "node:fs";
import type { Page } from "@playwright/test";
import { expect, row, test } from "../harness/fixtures";
import { follow, submit } from "../harness/forms";
import { signIn } from "../harness/people";

async function download(page: Page, name: string): Promise<{ name: string; text: string }> {
  const [file] = await Promise.all([page.waitForEvent("download"), page.getByRole("link", { name }).click()]);
  return { name: file.suggestedFilename(), text: readFileSync(await file.path(), "utf8") };
}

test("events are filtered, have an address of their own, and are exported as CSV and JSON Lines", async ({ page, world }) => {
  const partner = await world.partner({ members: { "Bo Lind": { apps: ["orders"] }, "Kim Park": {} } });
  await signIn(page, partner.admin);
  await page.goto("/team");
  await follow(page.getByRole("link", { name: "Bo Lind", exact: true }));
  await submit(page, "suspend-member", { reason: '=HYPERLINK("x"), "quoted"' });
  await submit(page, "reinstate-member");
  await page.goto("/team");
  await follow(page.getByRole("link", { name: "Kim Park", exact: true }));
  await submit(page, "change-role", { role: "auditor" });

  await page.goto("/team/activity");
  await page.getByLabel("Action").selectOption("member.suspended");
  await page.getByLabel("About").fill("Bo Lind");
  await follow(page.getByRole("button", { name: "Filter" }));
  await expect(row(page, "Suspended a member")).toHaveCount(1);
  await expect(row(page, "Changed a role")).toHaveCount(0);
  await expect(page.getByLabel("Action")).toHaveValue("member.suspended");

  const csv = await download(page, "Export CSV");
  expect(csv.name).toMatch(/\.csv$/);
  const lines = csv.text.trim().split("\r\n");
  expect(lines).toHaveLength(2);
  expect(lines[0]).toMatch(/^id,at,action,/);
  expect(lines[1]).toContain("member.suspended");
  expect(lines[1]).toContain(`"'=HYPERLINK(""x""), ""quoted"""`);
  const json = await download(page, "Export JSON Lines");
  const events = json.text.trim().split("\n").map((line) => JSON.parse(line) as { action: string; reason: string });
  expect(events.map((event) => [event.action, event.reason])).toEqual([["member.suspended", '=HYPERLINK("x"), "quoted"']]);

  await follow(page.getByRole("link", { name: "Suspended a member" }));
  await expect(page.getByRole("heading", { level: 1 })).toHaveText("Suspended a member");
  expect(new URL(page.url()).pathname).toMatch(/^\/audit\/[0-9a-f-]{36}$/);
  await expect(page.getByRole("main")).toContainText(partner.admin.name);
  await expect(page.getByRole("main")).toContainText("Bo Lind");

  await page.goto("/team/activity");
  await expect(row(page, "Exported the trail").first()).toBeVisible();
  await page.goto("/team/activity?from=2020-01-01&to=2020-01-02");
  await expect(page.getByText("Nothing matches")).toBeVisible();
  await page.goto("/team/activity?from=nonsense");
  await expect(page.getByText("A filter could not be used")).toBeVisible();
});

test("the company's auditor sees every partner and finds nothing to press", async ({ page, visit, world, complaints }) => {
  complaints.allow(/status of 403/);
  const partner = await world.partner({ members: { "Bo Lind": {} } });
  const admin = await visit();
  await signIn(admin, partner.admin);
  await signIn(page, await world.employee("Ines Inspector", ["auditor"]));
  await page.goto("/audit");
  await page.getByLabel("Organization").fill(partner.name);
  await follow(page.getByRole("button", { name: "Filter" }));
  await expect(row(page, "Signed in").first()).toContainText(partner.admin.name);

  for (const path of ["", "/people", "/apps", "/contracts", "/activity"]) {
    expect((await page.goto(`/partners/${partner.slug}${path}`))?.status(), path).toBe(200);
    await expect(page.locator("main form[method=post]"), `forms at ${path}`).toHaveCount(0);
  }
  await page.goto(`/partners/${partner.slug}/people`);
  await follow(page.getByRole("link", { name: "Bo Lind", exact: true }));
  await expect(page.locator("main form[method=post]")).toHaveCount(0);
  expect((await page.goto(`/partners/${partner.slug}/edit`))?.status()).toBe(403);
  expect((await page.goto("/admin/apps"))?.status()).toBe(403);
});

test("a partner admin never sees another partner's events", async ({ page, visit, world, complaints }) => {
  complaints.allow(/status of 404/);
  const [mine, other] = [await world.partner(), await world.partner()];
  const theirs = await visit();
  await signIn(theirs, other.admin);
  await theirs.goto("/team/activity");
  await follow(theirs.getByRole("link", { name: "Signed in" }).first());
  await signIn(page, mine.admin);
  await page.goto("/team/activity");
  await expect(page.getByRole("main")).not.toContainText(other.name);
  expect((await page.goto(new URL(theirs.url()).pathname))?.status()).toBe(404);
});
