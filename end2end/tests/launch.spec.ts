// The main job of a partner employee: sign in, find the application, see why and until when, open it.

import { expect, row, scripted, test } from "../harness/fixtures";
import { follow } from "../harness/forms";
import { signIn } from "../harness/people";
import { apps } from "../harness/world";

test("an employee opens an application, and the partner admin sees it in the activity", async ({ page, visit, world }) => {
  const partner = await world.partner({
    members: { "Bo Lind": { apps: ["orders", "tracking"] } },
    holds: { orders: {}, tracking: { ends: "+6d" } },
  });
  const bo = partner.member("Bo Lind");
  await page.goto("/");
  await expect(page).toHaveURL(/\/sign-in$/);
  await signIn(page, bo);
  const tiles = page.locator("#launchpad a.tile-link");
  await expect(tiles).toHaveText([apps.tracking.name, apps.orders.name]);
  await expect(page.locator("#launchpad li").first()).toContainText("in 6 days");

  if (scripted()) {
    await page.keyboard.press("/");
    await page.keyboard.type("order");
    await expect(tiles.filter({ visible: true })).toHaveText([apps.orders.name]);
    await page.keyboard.press("Escape");
    await page.getByLabel("Filter applications").fill("no such thing");
    await expect(page.getByText("No application matches.")).toBeVisible();
    await page.getByLabel("Filter applications").fill("");
    await expect(tiles.filter({ visible: true })).toHaveCount(2);
  }

  await follow(page.getByRole("link", { name: `About ${apps.orders.name}` }));
  await expect(page.getByRole("heading", { level: 1 })).toHaveText(apps.orders.name);
  await expect(page.getByRole("main")).toContainText("orders:read");
  await expect(page.getByRole("main")).toContainText(partner.contract);

  await page.goto("/");
  await follow(page.getByRole("link", { name: apps.orders.name, exact: true }));
  expect(new URL(page.url()).pathname).toBe(`/demo-app/${apps.orders.slug}`);

  const admin = await visit();
  await signIn(admin, partner.admin);
  await admin.goto("/team/activity");
  await expect(row(admin, "Launched an application").first()).toContainText("Bo Lind");
  await expect(row(admin, "Launched an application").first()).toContainText(apps.orders.name);
});

test("what is not assigned cannot be launched and does not exist", async ({ page, world, complaints }) => {
  complaints.allow(/status of 404/);
  const partner = await world.partner({ members: { "Bo Lind": { apps: ["orders"] } } });
  await signIn(page, partner.member("Bo Lind"));
  await expect(page.locator("#launchpad a.tile-link")).toHaveText([apps.orders.name]);
  for (const path of [`/launch/${apps.tracking.slug}`, "/launch/no-such-app", `/apps/${apps.tracking.slug}`]) {
    expect((await page.goto(path))?.status(), path).toBe(404);
  }
});

test("nothing can be launched by somebody who is not signed in", async ({ page }) => {
  await page.goto(`/launch/${apps.orders.slug}`);
  await expect(page).toHaveURL(/\/sign-in$/);
});

test("a partner whose contract is over launches nothing", async ({ page, world, complaints }) => {
  complaints.allow(/status of 404/);
  const partner = await world.partner({ members: { "Bo Lind": { apps: ["orders"] } }, contractEnds: "-1d" });
  await signIn(page, partner.member("Bo Lind"));
  await expect(page.getByRole("link", { name: apps.orders.name, exact: true })).toHaveCount(0);
  expect((await page.goto(`/launch/${apps.orders.slug}`))?.status()).not.toBe(200);
});
