// A leaver hands over to a joiner in one step: same applications, new person, the leaver's open page is out.

import { expect, row, test } from "../harness/fixtures";
import { follow, said, submit } from "../harness/forms";
import { signIn } from "../harness/people";
import { apps, PASSWORD } from "../harness/world";

test("a joiner takes over by mail, and the leaver's live session is out at once", async ({ page, visit, world, mail }) => {
  const partner = await world.partner({ members: { "Leo Leaver": { apps: ["orders"] } } });
  const leaver = partner.member("Leo Leaver");
  const joiner = world.address("Joy Joiner");
  const theirs = await visit();
  await signIn(theirs, leaver);
  await expect(theirs.getByRole("link", { name: apps.orders.name, exact: true })).toBeVisible();

  await signIn(page, partner.admin);
  await page.goto("/team");
  await follow(row(page, leaver.email).getByRole("link", { name: "Leo Leaver", exact: true }));
  await follow(page.getByRole("link", { name: "Hand over to a successor" }));
  await expect(page.getByText(apps.orders.name)).toBeVisible();
  await submit(page, "rotate-member", { email: joiner, name: "Joy Joiner" });
  await expect(said(page, "Joy Joiner takes over from Leo Leaver")).toBeVisible();
  await expect(page.getByRole("link", { name: "Leo Leaver" })).toBeVisible();

  await theirs.goto("/");
  await expect(theirs.getByRole("link", { name: apps.orders.name, exact: true })).toHaveCount(0);
  expect(new URL(theirs.url()).pathname).toMatch(/^\/(sign-in|no-access)/);

  const letter = await mail.waitFor(joiner, /take over from Leo Leaver/);
  const guest = await visit();
  await guest.goto(mail.link(letter, "/invitation/"));
  await submit(guest, "open-invitation");
  await submit(guest, "accept-invitation", { password: PASSWORD });
  await expect(guest.locator("#launchpad a.tile-link")).toHaveText([apps.orders.name]);

  await page.goto("/team/activity");
  await expect(row(page, "Handed over to a successor").first()).toContainText("Leo Leaver");
});

test("during an overlap the leaver may look but not change anything", async ({ page, visit, world, complaints }) => {
  complaints.allow(/status of 403/);
  const partner = await world.partner({ members: { "Mona Manager": { role: "user_manager" }, "Mia Stone": {} } });
  const leaver = partner.member("Mona Manager");
  const theirs = await visit();
  await signIn(theirs, leaver);
  await signIn(page, partner.admin);
  await page.goto("/team");
  await follow(row(page, leaver.email).getByRole("link", { name: "Mona Manager", exact: true }));
  await follow(page.getByRole("link", { name: "Hand over to a successor" }));
  await submit(page, "rotate-member", { email: world.address("Joy"), name: "Joy Joiner", overlap: "4" });
  await expect(said(page, "for 4 hours")).toBeVisible();

  expect((await theirs.goto("/team"))?.status()).toBe(200);
  await follow(row(theirs, "Mia Stone").getByRole("link", { name: "Mia Stone", exact: true }));
  await expect(theirs.locator("form[action='/do/suspend-member']")).toHaveCount(0);
  await expect(theirs.locator("form[action='/do/remove-member']")).toHaveCount(0);
});
