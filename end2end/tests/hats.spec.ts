// One person, two organizations: the portal shows which one counts and lets them switch.

import { expect, test } from "../harness/fixtures";
import { follow, loading, said } from "../harness/forms";
import { signIn } from "../harness/people";
import { apps } from "../harness/world";

test("a person switches between two organizations and sees only what belongs to the one at hand", async ({ page, world }) => {
  const [first, second] = [await world.partner({ members: { "Bo Lind": { apps: ["orders"] } } }), await world.partner()];
  const bo = first.member("Bo Lind");
  await world.join(bo, second, "partner_admin", ["tracking"]);
  await signIn(page, bo);
  const wear = async (name: string) => {
    await page.getByRole("button", { name: /switch organization/ }).click();
    await loading(page, () => page.getByRole("button", { name: new RegExp(`^${name}`) }).last().click());
  };
  await wear(second.name);
  await expect(said(page, `You now work for ${second.name}.`)).toBeVisible();
  await expect(page.locator("#launchpad a.tile-link")).toHaveText([apps.tracking.name]);
  expect((await page.goto("/team"))?.status()).toBe(200);
  await expect(page.getByRole("main")).toContainText(second.name);

  await wear(first.name);
  await expect(said(page, `You now work for ${first.name}.`)).toBeVisible();
  await expect(page.locator("#launchpad a.tile-link")).toHaveText([apps.orders.name]);
  await expect(page.getByRole("link", { name: "Invitations" })).toHaveCount(0);
});

test("a page of the other organization does not open under the wrong hat", async ({ page, world, complaints }) => {
  complaints.allow(/status of 40[34]/);
  const [first, second] = [await world.partner({ members: { "Bo Lind": { role: "partner_admin" }, "Kim Park": {} } }), await world.partner()];
  const bo = first.member("Bo Lind");
  await signIn(page, bo);
  await page.goto("/team");
  await follow(page.getByRole("link", { name: "Kim Park", exact: true }));
  const address = page.url();
  await world.join(bo, second, "partner_admin");
  await page.goto("/");
  await page.getByRole("button", { name: /switch organization/ }).click();
  await loading(page, () => page.getByRole("button", { name: new RegExp(`^${second.name}`) }).last().click());
  expect((await page.goto(address))?.status()).toBe(404);
});
