// Every page of every role: no accessibility violation, nothing that scrolls sideways, and all of it by keyboard.

import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Page } from "@playwright/test";
import { checkPage, expect, problemsOf, scripted, test } from "../harness/fixtures";
import { signIn } from "../harness/people";
import { root } from "../harness/server";
import { apps } from "../harness/world";

const pages = JSON.parse(readFileSync(join(root, "end2end", "pages.json"), "utf8")) as [role: string, path: string][];

test.describe.configure({ mode: "parallel" });

/** Opens a page and tells all that is wrong with it, at phone and at desk width. */
async function inspect(page: Page, path: string): Promise<string[]> {
  const response = await page.goto(path);
  const problems: string[] = [];
  if (response?.status() !== 200) problems.push(`${path}: status ${response?.status()}`);
  const headings = await page.getByRole("heading", { level: 1 }).count();
  if (headings !== 1) problems.push(`${path}: ${headings} main headings`);
  for (const width of [390, 1280]) {
    await page.setViewportSize({ width, height: 900 });
    problems.push(...(await problemsOf(page)));
  }
  return problems;
}

for (const role of new Set(pages.map(([role]) => role))) {
  test(`the pages of ${role} are accessible and fit the phone`, async ({ page }) => {
    test.setTimeout(300_000);
    if (role !== "anonymous") await signIn(page, role);
    const problems: string[] = [];
    for (const [, path] of pages.filter(([of]) => of === role)) problems.push(...(await inspect(page, path)));
    expect(problems).toEqual([]);
  });
}

test("everything that belongs to one thing is accessible too", async ({ page, visit, world }) => {
  test.setTimeout(300_000);
  const partner = await world.partner({ members: { "Bo Lind": { apps: ["orders"] } }, certificationDue: "+5d" });
  const problems: string[] = [];
  await signIn(page, partner.admin);
  await page.goto("/team");
  const member = (await page.getByRole("link", { name: "Bo Lind", exact: true }).getAttribute("href")) ?? "";
  await page.goto("/team/activity");
  const event = (await page.getByRole("row").getByRole("link").first().getAttribute("href")) ?? "";
  const apart = [member, member.replace("/team/", "/team/rotate/"), `/team/apps/${apps.orders.slug}`, event];
  for (const path of apart) problems.push(...(await inspect(page, path)));

  const owner = await visit();
  await signIn(owner, partner.owner);
  for (const part of ["", "/people", "/apps", "/contracts", "/activity", "/edit", "/certify", "/invitations", "/invite"]) {
    problems.push(...(await inspect(owner, `/partners/${partner.slug}${part}`)));
  }
  const bo = await visit();
  await signIn(bo, partner.member("Bo Lind"));
  problems.push(...(await inspect(bo, `/apps/${apps.orders.slug}`)));
  expect(problems).toEqual([]);
});

test("all of it by keyboard: skip link, visible focus, menus that Escape closes, a search under /", async ({ page, world }) => {
  const partner = await world.partner({ members: { "Bo Lind": {} } });
  await signIn(page, partner.admin);
  await page.goto("/team");
  await page.keyboard.press("Tab");
  const skip = page.getByRole("link", { name: "Skip to content" });
  await expect(skip).toBeFocused();
  await expect(skip).toBeInViewport();
  await page.keyboard.press("Enter");
  await expect(page.locator("#main")).toBeFocused();

  await page.keyboard.press("Tab");
  const outline = await page.evaluate(() => {
    const style = getComputedStyle(document.activeElement ?? document.body);
    return { width: Number.parseFloat(style.outlineWidth), kind: style.outlineStyle, shadow: style.boxShadow };
  });
  expect(outline.kind !== "none" && outline.width > 0 ? "outline" : outline.shadow, "the focus can be seen").not.toBe("none");

  const account = page.getByRole("button", { name: /account menu/ });
  await account.focus();
  await page.keyboard.press("Enter");
  await expect(page.getByRole("button", { name: "Sign out" })).toBeVisible();
  await page.keyboard.press("Escape");
  await expect(page.getByRole("button", { name: "Sign out" })).toBeHidden();

  await page.getByRole("link", { name: "Bo Lind", exact: true }).focus();
  await Promise.all([page.waitForEvent("load"), page.keyboard.press("Enter")]);
  await page.getByRole("button", { name: "Remove Bo Lind…" }).focus();
  await page.keyboard.press("Enter");
  const dialog = page.getByRole("dialog", { name: "Remove Bo Lind?" });
  await expect(dialog).toBeVisible();
  await expect(dialog.getByRole("button", { name: "Cancel" })).toBeFocused();
  await page.keyboard.press("Escape");
  await expect(dialog).toBeHidden();

  if (scripted()) {
    await page.goto("/team");
    await page.locator("body").press("/");
    await expect(page.locator("[data-search]").first()).toBeFocused();
  }
});

test("the gallery shows every component without a violation", async ({ page }) => {
  await page.goto("/gallery");
  for (const width of [390, 1280]) {
    await page.setViewportSize({ width, height: 900 });
    await checkPage(page);
  }
});
