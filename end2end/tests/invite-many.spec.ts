// Many people at once: pasted addresses and CSV files, the report before anything is sent, and what is left out only knowingly.

import { expect, row, test } from "../harness/fixtures";
import { day, follow, said, submit, summary, withoutBrowserChecks } from "../harness/forms";
import { signIn } from "../harness/people";
import { apps } from "../harness/world";

test("pasted addresses are reported row by row, and nothing is sent silently", async ({ page, world, mail }) => {
  const partner = await world.partner({ members: { "Mia Stone": {} } });
  const [bo, kim] = [world.address("Bo Lind"), world.address("Kim Park")];
  await signIn(page, partner.admin);
  await page.goto("/team/invite");
  await follow(page.getByRole("link", { name: "Several addresses" }));
  const addresses = `"Lind, Bo" <${bo}>; ${kim}\nnot-an-address\n${kim}\n${partner.member("Mia Stone").email}`;
  await submit(page, "preview-invitations", { addresses });

  await expect(page.getByRole("heading", { level: 1 })).toHaveText("Check before sending");
  await expect(row(page, bo)).toContainText("Will be invited");
  await expect(row(page, "not-an-address")).toContainText("Will not be sent");
  await expect(row(page, partner.member("Mia Stone").email)).toContainText("Will not be sent");
  await expect(row(page, kim)).toHaveCount(2);
  expect(await mail.of(bo)).toHaveLength(0);

  await withoutBrowserChecks(page);
  await submit(page, "send-invitations");
  await expect(summary(page)).toBeVisible();
  expect(await mail.of(bo)).toHaveLength(0);

  await submit(page, "send-invitations", { leave_out: true });
  await expect(said(page, /invitations? (is|are) on (its|their) way/)).toBeVisible();
  await expect(said(page, /left out, as you confirmed/)).toBeVisible();
  await mail.waitFor(bo);
  await mail.waitFor(kim);
  expect(await mail.of(partner.member("Mia Stone").email)).toHaveLength(0);
});

test("a CSV file says role, applications and end per row; bad rows say what is wrong", async ({ page, world, mail }) => {
  const partner = await world.partner();
  const [ana, bo, kim, ida] = ["Ana", "Bo", "Kim", "Ida"].map((name) => world.address(name)) as [string, string, string, string];
  const content = [
    "email,name,role,apps,until",
    `${ana},Ana Ruiz,user_manager,,`,
    `${bo},Bo Lind,member,orders:read,${day(60)}`,
    `${kim},Kim Park,emperor,,`,
    `${ida},Ida Berg,member,no-such-app,`,
    "broken-row",
  ].join("\n");
  await signIn(page, partner.admin);
  await page.goto("/team/invite?by=file");
  await submit(page, "upload-invitations", { file: { file: "people.csv", content } });

  await expect(row(page, ana)).toContainText("User manager");
  await expect(row(page, bo)).toContainText(apps.orders.name);
  await expect(row(page, kim)).toContainText("Will not be sent");
  await expect(row(page, ida)).toContainText("no-such-app");
  await expect(row(page, "broken-row")).toContainText("Will not be sent");
  expect(await mail.of(ana)).toHaveLength(0);

  await submit(page, "send-invitations", { leave_out: true });
  await expect(said(page, "2 invitations are on their way.")).toBeVisible();
  await expect(row(page, bo)).toContainText("Sent");
  await mail.waitFor(ana);
  expect(await mail.of(kim)).toHaveLength(0);
});

test("a file with an unknown column is refused as a whole and says why", async ({ page, world }) => {
  const partner = await world.partner();
  await signIn(page, partner.admin);
  await page.goto("/team/invite?by=file");
  await submit(page, "upload-invitations", { file: { file: "people.csv", content: "email,shoe size\na@b.example,42\n" } });
  await expect(summary(page)).toContainText("shoe size");
  await submit(page, "upload-invitations", { file: { file: "people.csv", content: "\n" } });
  await expect(summary(page)).toContainText("no address");
});

test("no more people are invited than seats are free", async ({ page, world }) => {
  const partner = await world.partner({ seats: 2 });
  await signIn(page, partner.admin);
  await page.goto("/team/invite?by=addresses");
  const addresses = [world.address("First"), world.address("Second")];
  await submit(page, "preview-invitations", { addresses: addresses.join("\n") });
  await expect(row(page, "Will be invited")).toHaveCount(1);
  await expect(row(page, "Will not be sent")).toHaveCount(1);
});
