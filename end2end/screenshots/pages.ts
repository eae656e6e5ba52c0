// One picture per page, width and colour scheme: target/screenshots/ROLE/PATH-WIDTH-SCHEME.png

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { root } from "../harness/server";
import { signIn } from "../harness/people";
import { test } from "../harness/fixtures";

// E2E_PAGES: "role:path role:path", else every line of pages.json.
const pages: [role: string, path: string][] = process.env.E2E_PAGES?.trim()
  ? process.env.E2E_PAGES.trim()
      .split(/\s+/)
      .map((page) => {
        const [role, path] = page.split(/:(.*)/s);
        return [role, path || "/"];
      })
  : JSON.parse(readFileSync(join(root, "end2end", "pages.json"), "utf8"));

for (const role of new Set(pages.map(([role]) => role))) {
  test(`pictures for ${role}`, async ({ page, complaints }) => {
    complaints.allow(/./); // what is broken is seen in the picture
    if (role !== "anonymous") await signIn(page, role);
    for (const [, path] of pages.filter(([of]) => of === role)) {
      for (const width of [390, 1280]) {
        for (const colorScheme of ["light", "dark"] as const) {
          await page.setViewportSize({ width, height: width === 390 ? 844 : 900 });
          await page.emulateMedia({ colorScheme, reducedMotion: "reduce" });
          const response = await page.goto(path);
          if (response && response.status() >= 400) console.warn(`${path} as ${role}: status ${response.status()}`);
          const name = path.replace(/^\/|\/$/g, "").replace(/[^a-z0-9]+/gi, "-") || "home";
          await page.screenshot({ path: join(root, "target", "screenshots", role, `${name}-${width}-${colorScheme}.png`), fullPage: true });
        }
      }
    }
  });
}
