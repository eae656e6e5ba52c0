// The page that everybody sees first.

import { checkPage, expect, test } from "../harness/fixtures";

for (const width of [390, 1280]) {
  test(`the sign-in page asks for an e-mail address at ${width} px`, async ({ page }) => {
    await page.setViewportSize({ width, height: 800 });
    const response = await page.goto("/sign-in");
    expect(response?.status()).toBe(200);
    await expect(page.getByRole("heading", { level: 1 })).toBeVisible();
    await expect(page.getByLabel(/e-?mail/i)).toBeVisible();
    await checkPage(page);
  });
}
