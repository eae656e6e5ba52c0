// Lighthouse's scores of the pages that people see most: each category at least 95.

import { chromium } from "@playwright/test";
import { launchOptions } from "../harness/browser";
import { expect, test } from "../harness/fixtures";
import { signIn } from "../harness/people";

const pages = [
  ["anonymous", "/sign-in"],
  ["member", "/"],
  ["partner_admin", "/team"],
  ["auditor", "/audit"],
] as const;
const categories = ["performance", "accessibility", "best-practices"];

test("Lighthouse", async ({ baseURL }) => {
  const { default: lighthouse } = await import("lighthouse");
  const port = 20_000 + Math.floor(Math.random() * 20_000);
  const rows: string[] = [];
  const low: string[] = [];
  for (const [role, path] of pages) {
    const browser = await chromium.launch({ ...launchOptions, args: [...launchOptions.args, `--remote-debugging-port=${port}`] });
    try {
      const context = await browser.newContext({ baseURL });
      if (role !== "anonymous") await signIn(await context.newPage(), role);
      const cookie = (await context.cookies()).map(({ name, value }) => `${name}=${value}`).join("; ");
      await context.close();
      const result = await lighthouse(`${baseURL}${path}`, {
        port,
        output: "json",
        logLevel: "error",
        onlyCategories: categories,
        extraHeaders: cookie ? { Cookie: cookie } : {},
      });
      const scores = categories.map((category) => Math.round((result?.lhr.categories[category]?.score ?? 0) * 100));
      rows.push(`| ${path} | ${role} | ${scores.join(" | ")} |`);
      scores.forEach((score, at) => score < 95 && low.push(`${path}: ${categories[at]} ${score}`));
    } finally {
      await browser.close();
    }
  }
  console.log(`\n| page | role | ${categories.join(" | ")} |\n|---|---|---|---|---|\n${rows.join("\n")}\n`);
  expect(low).toEqual([]);
});
