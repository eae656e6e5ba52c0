// Filling in and sending forms, with and without scripts. A form is known by the address it posts to.

import { expect, type Locator, type Page, type Response } from "@playwright/test";

/** What to fill in, by the fields' names. `true` ticks a box, a list ticks the boxes with these values. */
export type Values = Record<string, string | boolean | string[] | { file: string; content: string }>;

/** The form that posts to `/do/ENDPOINT`, on the page or in a part of it. */
export function formOf(within: Page | Locator, endpoint: string): Locator {
  return within.locator(`form[action="/do/${endpoint}"]`).first();
}

async function fill(form: Locator, name: string, value: Values[string]): Promise<void> {
  const field = form.locator(`[name="${name}"]`);
  if (typeof value === "object" && !Array.isArray(value)) {
    await field.setInputFiles({ name: value.file, mimeType: "text/csv", buffer: Buffer.from(value.content) });
  } else if (Array.isArray(value)) {
    for (const box of await field.all()) await box.setChecked(value.includes((await box.getAttribute("value")) ?? ""));
  } else if (typeof value === "boolean") {
    await field.setChecked(value);
  } else if ((await field.first().evaluate((element) => element.tagName)) === "SELECT") {
    await field.selectOption(value);
  } else {
    await field.fill(value);
  }
}

/** Fills in a form; one that asks for confirmation is opened by its button first. */
export async function fillIn(within: Page | Locator, endpoint: string, values: Values = {}): Promise<Locator> {
  const form = formOf(within, endpoint);
  await expect(form).toBeAttached();
  const dialog = form.locator("xpath=ancestor::dialog");
  if ((await dialog.count()) > 0 && !(await dialog.isVisible())) {
    const id = await dialog.getAttribute("id");
    await form.page().locator(`button[popovertarget="${id}"]:not([popovertargetaction])`).click();
    await expect(dialog).toBeVisible();
  }
  for (const [name, value] of Object.entries(values)) await fill(form, name, value);
  return form;
}

/** Does something that loads a page, and answers with the response that the page came from. */
export async function loading(page: Page, act: () => Promise<unknown>): Promise<Response> {
  const arrived = page.waitForResponse((response) => {
    const request = response.request();
    const redirects = response.status() >= 300 && response.status() < 400;
    return request.isNavigationRequest() && request.frame() === page.mainFrame() && !redirects;
  });
  const [response] = await Promise.all([arrived, page.waitForEvent("load"), act()]);
  return response;
}

/** Fills in a form and sends it by its button. */
export async function submit(within: Page | Locator, endpoint: string, values: Values = {}): Promise<Response> {
  const form = await fillIn(within, endpoint, values);
  return loading(form.page(), () => form.locator("button[type=submit]").first().click());
}

/** Follows a link or presses a button that loads a page. */
export async function follow(target: Locator): Promise<Response> {
  return loading(target.page(), () => target.click());
}

/** Lets the browser send what it would refuse itself, so that the portal's own checks are seen. */
export async function withoutBrowserChecks(page: Page): Promise<void> {
  await page.evaluate(() => {
    for (const form of document.forms) form.noValidate = true;
  });
}

/** The message about what just happened. */
export function said(page: Page, text: string | RegExp): Locator {
  return page.locator("[role=status], [role=alert]").filter({ hasText: text }).first();
}

/** The summary on top of a refused form. */
export function summary(page: Page): Locator {
  return page.locator("[data-error-summary]").first();
}

/** A day some days from now in the zone of the demo tenant, as date fields want it. */
export function day(fromNow: number): string {
  const format = new Intl.DateTimeFormat("sv-SE", { timeZone: "Europe/Berlin", dateStyle: "short" });
  return format.format(Date.now() + fromNow * 86_400_000);
}
