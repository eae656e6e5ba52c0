// A partner admin invites a person: the mail, its link and its code, the account that comes of it, and the list of invitations.

import { expect, row, test } from "../harness/fixtures";
import { follow, said, submit } from "../harness/forms";
import { signIn } from "../harness/people";
import { apps, PASSWORD } from "../harness/world";

const invited = /invites you/;

test("an invited person sets up the account and sees exactly the given application", async ({ page, visit, world, mail, complaints }) => {
  complaints.allow(/status of 404/);
  const partner = await world.partner();
  const email = world.address("Bo Lind");
  await signIn(page, partner.admin);
  await page.goto("/team/invite");
  const application = page.getByRole("group", { name: apps.orders.name });
  await application.getByLabel("See orders.").check();
  await submit(page, "preview-invitations", { email, name: "Bo Lind", role: "member" });
  await expect(page).toHaveURL(/\/team\/invite\/review$/);
  await expect(row(page, email)).toContainText("Will be invited");
  expect(await mail.of(email)).toHaveLength(0);
  await submit(page, "send-invitations");
  await expect(said(page, "1 invitation is on its way.")).toBeVisible();
  await expect(row(page, email)).toContainText("Sent");

  const letter = await mail.waitFor(email, invited);
  expect(letter.text).toContain(apps.orders.name);
  const link = mail.link(letter, "/invitation/");
  const guest = await visit();
  await guest.goto(link);
  await guest.goto(link);
  await page.reload();
  await expect(row(page, email)).toContainText("Sent");

  await expect(guest.getByRole("heading", { level: 1 })).toHaveText(`Join ${partner.name}`);
  await submit(guest, "open-invitation");
  await page.reload();
  await expect(row(page, email)).toContainText("Opened");
  await expect(guest.getByLabel("E-mail")).toHaveValue(email);
  await expect(guest.getByLabel("Your name")).toHaveValue("Bo Lind");
  await submit(guest, "accept-invitation", { password: PASSWORD });
  await expect(said(guest, `Welcome to ${partner.name}`)).toBeVisible();
  await expect(guest.locator("#launchpad a.tile-link")).toHaveText([apps.orders.name]);

  await page.reload();
  await expect(row(page, email)).toContainText("Accepted");
  await page.goto("/team");
  await expect(row(page, email)).toContainText("Active");
  const late = await visit();
  await late.goto(link);
  await expect(late.getByRole("heading", { level: 1 })).toHaveText("This invitation cannot be used");
});

test.describe("invitations that wait", () => {
  test.beforeEach(({ complaints }) => complaints.allow(/status of 404/));

  test("a person types the code from the mail instead of following the link", async ({ page, visit, world, mail }) => {
    const partner = await world.partner();
    const email = world.address("Kim Park");
    await signIn(page, partner.admin);
    await page.goto("/team/invite");
    await submit(page, "preview-invitations", { email, name: "Kim Park" });
    await submit(page, "send-invitations");
    const code = /invitation's page: (\S+)/.exec((await mail.waitFor(email, invited)).text)?.[1] ?? "";
    const guest = await visit();
    await guest.goto("/invitation");
    await submit(guest, "check-invitation-code", { email, code: "7777-7777" });
    await expect(guest.getByRole("alert")).toBeVisible();
    await submit(guest, "check-invitation-code", { email, code: code.toLowerCase().replace("-", " ") });
    await expect(guest.getByRole("heading", { level: 1 })).toHaveText(`Join ${partner.name}`);
  });

  test("sending again kills the earlier link, withdrawing kills the last one", async ({ page, visit, world, mail }) => {
    const partner = await world.partner();
    const email = world.address("Ida Berg");
    await signIn(page, partner.admin);
    await page.goto("/team/invite");
    await submit(page, "preview-invitations", { email, name: "Ida Berg" });
    await submit(page, "send-invitations");
    const first = mail.link(await mail.waitFor(email, invited), "/invitation/");

    await submit(row(page, email), "resend-invitation");
    await expect(said(page, "was sent again")).toBeVisible();
    await expect.poll(async () => (await mail.of(email)).length, { timeout: 20_000 }).toBe(2);
    const links = (await mail.of(email)).map((letter) => mail.link(letter, "/invitation/"));
    const second = links.find((link) => link !== first) ?? "";
    const guest = await visit();
    expect((await guest.goto(first))?.status()).toBe(404);
    expect((await guest.goto(second))?.status()).toBe(200);

    await submit(row(page, email), "withdraw-invitation");
    await expect(said(page, "is withdrawn")).toBeVisible();
    await expect(row(page, email)).toContainText("Withdrawn");
    expect((await guest.goto(second))?.status()).toBe(404);
    await expect(guest.getByText("Otherwise ask the person who invited you")).toBeVisible();
  });

  test("the list can be narrowed to a state", async ({ page, world }) => {
    const partner = await world.partner();
    const [one, other] = [world.address("One"), world.address("Other")];
    await signIn(page, partner.admin);
    await page.goto("/team/invite?by=addresses");
    await submit(page, "preview-invitations", { addresses: `${one}\n${other}` });
    await submit(page, "send-invitations");
    await submit(row(page, one), "withdraw-invitation");
    await page.goto("/team/invitations?state=withdrawn");
    await expect(row(page, one)).toBeVisible();
    await expect(row(page, other)).toHaveCount(0);
    await follow(page.getByRole("link", { name: "Reset" }));
    await expect(row(page, other)).toBeVisible();
  });
});

test("a person who has an account already signs in and joins", async ({ page, visit, world, mail }) => {
  const [here, there] = [await world.partner(), await world.partner({ members: { "Mia Stone": { apps: ["tracking"] } } })];
  const mia = there.member("Mia Stone");
  await signIn(page, here.admin);
  await page.goto("/team/invite");
  await submit(page, "preview-invitations", { email: mia.email, name: mia.name });
  await submit(page, "send-invitations");
  const guest = await visit();
  await guest.goto(mail.link(await mail.waitFor(mia.email, invited), "/invitation/"));
  await submit(guest, "open-invitation");
  await expect(guest.getByText("There is an account for")).toBeVisible();
  await submit(guest, "join-organization");
  await signIn(guest, mia);
  await expect(guest).toHaveURL(/\/invitation\/accept$/);
  await submit(guest, "join-organization");
  await expect(said(guest, `Welcome to ${here.name}`)).toBeVisible();
});
