// Getting in, and not: passwords, authenticator, recovery codes, forgotten passwords, sessions, throttling, step-up.

import type { Page } from "@playwright/test";
import { expect, test } from "../harness/fixtures";
import { follow, said, submit, summary } from "../harness/forms";
import { signIn, tryToSignIn } from "../harness/people";
import { totp } from "../harness/totp";

/** 160 bits in base32, as an authenticator app holds them. */
const SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP";

/** What a person reads off the page: its text, and the values of fields that are there to be copied. */
async function readable(page: Page): Promise<string> {
  const values = await page.locator("main input:not([type=hidden])").evaluateAll((inputs) => inputs.map((input) => (input as HTMLInputElement).value));
  return [await page.getByRole("main").innerText(), ...values].join("\n");
}

const heading = (page: Page) => page.getByRole("heading", { level: 1 });

test("a wrong password and an unknown address look alike", async ({ page, visit, world }) => {
  const partner = await world.partner();
  const attempts = [partner.admin.email, world.address("Nobody")].map((email) => ({ email, password: "not the right one" }));
  const looks: string[] = [];
  for (const attempt of attempts) {
    const browser = await visit();
    await tryToSignIn(browser, attempt);
    await expect(summary(browser)).toBeVisible();
    expect(new URL(browser.url()).pathname).toBe("/sign-in/password");
    looks.push((await browser.getByRole("main").innerText()).replaceAll(attempt.email, "ADDRESS"));
  }
  expect(looks[0]).toBe(looks[1]);
  await signIn(page, partner.admin);
});

test("an authenticator is set up with the key on the page, asked for next time, and a recovery code replaces it once", async ({ page, visit, world, mail }) => {
  const partner = await world.partner();
  const admin = partner.admin;
  await signIn(page, admin);
  await page.goto("/me/security");
  await submit(page, "begin-totp", { current: admin.password });
  const key = /(?:[A-Z2-7]{4} ){7}[A-Z2-7]{4}/.exec(await readable(page))?.[0] ?? "";
  expect(key, "the key to type by hand is on the page").not.toBe("");
  await submit(page, "confirm-totp", { code: totp(key) === "000000" ? "000001" : "000000" });
  await expect(summary(page)).toBeVisible();
  const first = totp(key);
  await submit(page, "confirm-totp", { code: first });
  await expect(said(page, "is set up")).toBeVisible();
  const codes = (await readable(page)).match(/\b(?:[0-9A-Z]{4}-){3}[0-9A-Z]{4}\b/g) ?? [];
  expect(new Set(codes).size).toBe(10);
  await mail.waitFor(admin.email, "second factor");
  await page.reload();
  expect(await readable(page), "recovery codes are shown once").not.toContain(codes[0] ?? "?");

  const phone = await visit();
  await tryToSignIn(phone, admin);
  await expect(heading(phone)).toHaveText("Enter your code");
  await submit(phone, "check-code", { code: first });
  await expect(summary(phone)).toContainText("used already");
  await submit(phone, "check-code", { code: totp(key, 1) });
  await expect(phone).toHaveURL((url) => url.pathname === "/");

  const lost = await visit();
  await tryToSignIn(lost, admin);
  await follow(lost.getByRole("link", { name: /recovery code/ }));
  await submit(lost, "use-recovery-code", { code: (codes[0] ?? "").toLowerCase() });
  await expect(lost).toHaveURL((url) => url.pathname === "/");
  const again = await visit();
  await tryToSignIn(again, admin);
  await follow(again.getByRole("link", { name: /recovery code/ }));
  await submit(again, "use-recovery-code", { code: codes[0] ?? "" });
  await expect(summary(again)).toContainText("not one of your recovery codes");
});

test("a forgotten password is set anew by mail, and the link works once", async ({ page, visit, world, mail }) => {
  const partner = await world.partner({ members: { "Bo Lind": {} } });
  const bo = partner.member("Bo Lind");
  await signIn(page, bo);
  const guest = await visit();
  await guest.goto("/sign-in");
  await submit(guest, "begin-sign-in", { email: bo.email });
  await follow(guest.getByRole("link", { name: "Forgot your password?" }));
  await submit(guest, "request-reset", { email: bo.email });
  await expect(heading(guest)).toHaveText("Check your mail");
  const link = mail.link(await mail.waitFor(bo.email, "Set a new password"), "/reset/");
  await guest.goto(link);
  await guest.goto(link);
  await submit(guest, "reset-password", { password: "password12345" });
  await expect(summary(guest)).toBeVisible();
  const fresh = { email: bo.email, password: "marble lantern oyster 41" };
  await submit(guest, "reset-password", { password: fresh.password });
  await expect(said(guest, "Your new password is set")).toBeVisible();
  await mail.waitFor(bo.email, "was changed");

  await page.goto("/");
  await expect(page, "the session from before is over").toHaveURL(/\/sign-in$/);
  await tryToSignIn(page, bo);
  await expect(summary(page)).toBeVisible();
  await signIn(guest, fresh);
  const late = await visit();
  await late.goto(link);
  await expect(heading(late)).toHaveText("This link no longer works");

  const unknown = await visit();
  await unknown.goto("/forgot");
  await submit(unknown, "request-reset", { email: world.address("Nobody") });
  await expect(heading(unknown)).toHaveText("Check your mail");
});

test("sessions are listed, and everywhere else is signed out", async ({ page, visit, world }) => {
  const partner = await world.partner({ members: { "Bo Lind": {} } });
  const bo = partner.member("Bo Lind");
  const other = await visit();
  await signIn(other, bo);
  await signIn(page, bo);
  await page.goto("/me/sessions");
  await expect(page.getByText("This session").or(page.getByText("This browser")).first()).toBeVisible();
  await submit(page, "end-other-sessions");
  await expect(said(page, "One other session is ended.")).toBeVisible();
  await other.goto("/me");
  await expect(other).toHaveURL(/\/sign-in$/);
  await page.reload();
  expect(new URL(page.url()).pathname).toBe("/me/sessions");
});

test("too many wrong passwords are throttled, also for the right one", async ({ page, world }) => {
  const partner = await world.partner({ members: { "Bo Lind": {} } });
  const bo = partner.member("Bo Lind");
  await page.goto("/sign-in");
  await submit(page, "begin-sign-in", { email: bo.email });
  for (let attempt = 0; attempt < 10; attempt += 1) await submit(page, "check-password", { password: `wrong ${attempt}` });
  await expect(summary(page)).toContainText("do not belong together");
  await submit(page, "check-password", { password: bo.password });
  await expect(summary(page)).toContainText("Too many attempts. Wait");
});

test("an organization that requires it gets a fresh code before changes, and the form comes back", async ({ page, world }) => {
  const partner = await world.partner({ stepUp: true, adminTotp: SECRET, members: { "Bo Lind": {} } });
  await tryToSignIn(page, partner.admin);
  await submit(page, "check-code", { code: totp(SECRET) });
  await page.goto("/team");
  await follow(page.getByRole("link", { name: "Bo Lind", exact: true }));
  // The code at sign-in is fresh: it counts.
  await submit(page, "change-role", { role: "auditor" });
  await expect(said(page, "role is now auditor")).toBeVisible();
});

test("somebody without a second factor is led to set one up", async ({ page, world }) => {
  const partner = await world.partner({ stepUp: true, members: { "Bo Lind": {} } });
  await signIn(page, partner.admin);
  await page.goto("/team");
  await follow(page.getByRole("link", { name: "Bo Lind", exact: true }));
  const form = page.locator("form[action='/do/change-role']");
  if ((await form.count()) > 0) await submit(page, "change-role", { role: "auditor" });
  else await page.goto("/sign-in/step-up");
  await expect(heading(page)).toHaveText("Set up an authenticator app first");
});

test("signing out ends the session, and the way back leads to where one wanted to go", async ({ page, world }) => {
  const partner = await world.partner();
  await page.goto("/team/invitations");
  await expect(page).toHaveURL(/\/sign-in$/);
  await signIn(page, partner.admin);
  await expect(page).toHaveURL(/\/team\/invitations$/);
  await page.getByRole("button", { name: /account menu/ }).click();
  await submit(page, "sign-out");
  await expect(said(page, "You are signed out.")).toBeVisible();
  await page.goto("/team");
  await expect(page).toHaveURL(/\/sign-in$/);
});
