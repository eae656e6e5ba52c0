// What goes wrong: typed values are kept, errors are found and explained, nothing is applied twice, and mail that cannot leave waits.

import { expect, row, test, watch } from "../harness/fixtures";
import { day, follow, fillIn, said, submit, summary, withoutBrowserChecks } from "../harness/forms";
import { signIn } from "../harness/people";
import { MailServer, Portal } from "../harness/server";
import { World } from "../harness/world";

test("a refused form keeps what was typed, and its summary has the focus and leads to the fields", async ({ page, world }) => {
  const partner = await world.partner();
  await signIn(page, partner.admin);
  await page.goto("/team/invite");
  await withoutBrowserChecks(page);
  await submit(page, "preview-invitations", { email: "not an address", name: "Bo <b>Lind</b>", role: "auditor", until: day(3000) });
  await expect(summary(page)).toBeFocused();
  await expect(page.getByLabel("E-mail", { exact: true })).toHaveValue("not an address");
  await expect(page.getByLabel(/^Name/)).toHaveValue("Bo <b>Lind</b>");
  await expect(page.getByLabel("Role")).toHaveValue("auditor");
  await expect(page.getByLabel(/^Last day/)).toHaveValue(day(3000));
  await expect(page.getByLabel("E-mail", { exact: true })).toHaveAttribute("aria-invalid", "true");
  await expect(summary(page).getByRole("link")).toHaveCount(2);
  await summary(page).getByRole("link").first().click();
  await expect(page.locator("main [aria-invalid=true]").first()).toBeFocused();

  await page.reload();
  await expect(summary(page), "told once").toHaveCount(0);
});

test("a form made from an older state is told so, and is not applied", async ({ page, visit, world }) => {
  const partner = await world.partner({ members: { "Bo Lind": {}, "Mona Manager": { role: "user_manager" } } });
  await signIn(page, partner.admin);
  await page.goto("/team");
  await follow(page.getByRole("link", { name: "Bo Lind", exact: true }));
  const other = await visit();
  await signIn(other, partner.member("Mona Manager"));
  await other.goto(page.url());
  await submit(other, "schedule-leave", { ends_on: day(40) });
  await submit(page, "schedule-leave", { ends_on: day(50) });
  await expect(summary(page)).toContainText("Someone else changed this");
  await page.reload();
  await expect(page.locator("[name=ends_on]")).toHaveValue(day(40));
});

test("a list of invitations is sent once, even when its form is sent again", async ({ page, world, mail }) => {
  const partner = await world.partner();
  const email = world.address("Once");
  await signIn(page, partner.admin);
  await page.goto("/team/invite");
  await submit(page, "preview-invitations", { email });
  await submit(page, "send-invitations");
  await mail.waitFor(email);
  await page.goBack();
  if ((await page.locator("form[action='/do/send-invitations']").count()) > 0) {
    await submit(page, "send-invitations");
    await expect(said(page, "not kept any more")).toBeVisible();
  }
  await page.goto("/team/invitations");
  await expect(row(page, email)).toHaveCount(1);
});

test("what belongs to others does not exist, what is one's own but not allowed is refused", async ({ page, world, complaints }) => {
  complaints.allow(/status of 40[34]/);
  const [mine, other] = [await world.partner({ members: { "Bo Lind": {} } }), await world.partner({ members: { "Kim Park": {} } })];
  await signIn(page, other.admin);
  await page.goto("/team");
  await follow(page.getByRole("link", { name: "Kim Park", exact: true }));
  const foreign = new URL(page.url()).pathname;
  await page.getByRole("button", { name: /account menu/ }).click();
  await submit(page, "sign-out");

  await signIn(page, mine.admin);
  expect((await page.goto(foreign))?.status()).toBe(404);
  expect((await page.goto("/team/no-such-person"))?.status()).toBe(404);
  expect((await page.goto("/no/such/page"))?.status()).toBe(404);
  await expect(page.getByRole("main")).toContainText("There is nothing here");
  expect((await page.goto("/admin/apps"))?.status()).toBe(403);

  // The same by a form that was made for somebody else.
  await page.goto("/team");
  await follow(page.getByRole("link", { name: "Bo Lind", exact: true }));
  const form = await fillIn(page, "suspend-member", { reason: "Test" });
  await form.locator("[name=member]").evaluate((field, id) => ((field as HTMLInputElement).value = id), foreign.split("/").at(-1) ?? "");
  await page.getByRole("button", { name: "Suspend Bo Lind", exact: true }).click();
  await expect(page.getByText("There is nothing here")).toBeVisible();
});

test("a plain member may not see or run the team", async ({ page, world, complaints }) => {
  complaints.allow(/status of 40[34]/);
  const partner = await world.partner({ members: { "Bo Lind": {} } });
  await signIn(page, partner.member("Bo Lind"));
  for (const path of ["/team", "/team/invite", "/team/activity"]) {
    expect((await page.goto(path))?.status(), path).toBe(403);
    await expect(page.getByRole("main")).toContainText("You may not do this");
  }
  // The company's own pages are not his at all: whether they are forbidden or missing tells nothing.
  for (const path of ["/partners", `/partners/${partner.slug}`, "/audit", "/admin/outbox", "/admin/people"]) {
    expect([403, 404], path).toContain((await page.goto(path))?.status());
  }
});

test("a form from another site is refused", async ({ page, world, baseURL }) => {
  const partner = await world.partner();
  await signIn(page, partner.admin);
  const response = await page.request.post(`${baseURL}/do/sign-out`, { headers: { origin: "https://evil.example" }, form: {} });
  expect(response.status()).toBe(403);
  await page.goto("/team");
  await expect(page).toHaveURL(/\/team$/);
});

test("with the mail server down an invitation succeeds, is shown as waiting, and leaves later", async ({ browser, complaints, javaScriptEnabled }) => {
  test.setTimeout(180_000);
  const mail = await MailServer.reserve();
  const portal = await Portal.reserve("portico-without-mail", mail.smtpPort);
  try {
    await portal.start();
    const world = new World(portal.place);
    const partner = await world.partner();
    const context = await browser.newContext({ baseURL: portal.address, javaScriptEnabled });
    const page = await context.newPage();
    await watch(page, complaints);
    await signIn(page, partner.admin);
    const email = world.address("Patient");
    await page.goto("/team/invite");
    await submit(page, "preview-invitations", { email });
    await submit(page, "send-invitations");
    await expect(said(page, "1 invitation is on its way.")).toBeVisible();
    await expect(row(page, email)).toContainText("Mail is waiting");
    await mail.start();
    await expect
      .poll(async () => ((await page.reload(), await row(page, email).innerText())), { timeout: 120_000, intervals: [3_000] })
      .not.toContain("Mail is waiting");
    await context.close();
  } finally {
    await portal.remove();
    await mail.stop();
  }
});
