// The `test` that every end-to-end test uses. It fails on a console error, an uncaught error, a refused piece of content
// (CSP) or an unexpected 5xx, and brings `checkPage` (axe, no sideways scrolling), `mail` (what was really sent),
// `world` (partners and people of the test's own), `names` (records in the DNS) and `visit` (further browser profiles).

import { randomInt } from "node:crypto";
import axe, { type RunOptions } from "axe-core";
import { expect, test as base, type BrowserContext, type Page } from "@playwright/test";
import { Names } from "./names";
import type { Place } from "./server";
import { World } from "./world";

export { expect };

export interface Mail {
  id: string;
  subject: string;
  text: string;
  html: string;
  to: { address: string; name?: string }[];
  from: { address: string; name?: string }[];
}

/** Reads what the SMTP server has received. */
export class Mailbox {
  constructor(private readonly address: string) {}

  async all(): Promise<Mail[]> {
    return (await (await fetch(`${this.address}/api/email`)).json()) as Mail[];
  }

  /** What a person has received. */
  async of(recipient: string): Promise<Mail[]> {
    return (await this.all()).filter((mail) => mail.to.some((to) => to.address.toLowerCase() === recipient.toLowerCase()));
  }

  /** The newest mail to a person, optionally with words in its subject; waits for it. */
  async waitFor(recipient: string, subject?: string | RegExp, seconds = 20): Promise<Mail> {
    const fits = (mail: Mail) => subject === undefined || (typeof subject === "string" ? mail.subject.includes(subject) : subject.test(mail.subject));
    const limit = Date.now() + seconds * 1000;
    for (;;) {
      const found = (await this.of(recipient)).filter(fits).at(-1);
      if (found) return found;
      if (Date.now() > limit) throw new Error(`no mail to ${recipient}${subject ? ` about ${subject}` : ""} within ${seconds} s`);
      await new Promise((resolve) => setTimeout(resolve, 200));
    }
  }

  /** The first link in the text part of a mail that contains the words. */
  link(mail: Mail, containing = "/"): string {
    const links = mail.text.match(/https?:\/\/[^\s<>"')]+/g) ?? [];
    const found = links.find((link) => link.includes(containing));
    if (!found) throw new Error(`no link with ${containing} in the mail "${mail.subject}"`);
    return found;
  }
}

/** What went wrong in the browser while a test ran. Tests that provoke an error say so with `allow`. */
export class Complaints {
  private readonly found: string[] = [];
  private readonly allowed: RegExp[] = [];

  /** From now on, complaints that match are expected (for example the console's line on a provoked 404). */
  allow(pattern: RegExp): void {
    this.allowed.push(pattern);
  }

  add(complaint: string): void {
    this.found.push(complaint);
  }

  get unexpected(): string[] {
    return this.found.filter((complaint) => !this.allowed.some((pattern) => pattern.test(complaint)));
  }
}

/** Attaches the listeners to a page. A test that opens further pages or contexts calls it on each of them. */
export async function watch(page: Page, complaints: Complaints): Promise<void> {
  page.on("console", (message) => {
    if (message.type() === "error") complaints.add(`console: ${message.text()} (${message.location().url})`);
  });
  page.on("pageerror", (error) => complaints.add(`uncaught: ${error.message}`));
  page.on("response", (response) => {
    if (response.status() >= 500) complaints.add(`status ${response.status()}: ${response.request().method()} ${response.url()}`);
  });
  // Runs in the page. The console shows violations too, this names the directive. Without JavaScript only the console does.
  await page.addInitScript(() => {
    document.addEventListener("securitypolicyviolation", (event) => {
      console.error(`CSP: ${event.violatedDirective} refused ${event.blockedURI} (${event.sourceFile}:${event.lineNumber})`);
    });
  });
}

/**
 * What is wrong with a page: accessibility violations that axe can find, in light and in dark, and whatever makes it
 * scroll sideways at the current width.
 */
export async function problemsOf(page: Page): Promise<string[]> {
  const problems: string[] = [];
  const where = `${new URL(page.url()).pathname} at ${page.viewportSize()?.width} px`;
  const measure = () => page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
  let excess = await measure();
  // The window takes its new size in steps.
  for (let patience = 10; excess > 0 && patience > 0; patience -= 1) {
    await page.waitForTimeout(100);
    excess = await measure();
  }
  if (excess > 0) problems.push(`${where}: scrolls sideways by ${excess} pixels`);

  const scriptless = test.info().project.use.javaScriptEnabled === false;
  const subject = scriptless ? await copyOf(page) : page;
  for (const colorScheme of ["light", "dark"] as const) {
    await subject.emulateMedia({ colorScheme, reducedMotion: "reduce" });
    // Dark differs in colours alone.
    for (const violation of await violationsOf(subject, colorScheme === "dark" ? ["color-contrast"] : undefined)) {
      for (const node of violation.nodes) {
        problems.push(`${where}, ${colorScheme}: ${violation.id} (${violation.help}): ${node.target.join(" ")}: ${node.failureSummary ?? ""}`);
      }
    }
  }
  // Motion stays reduced: the next look must not find colours that still fade into each other.
  await subject.emulateMedia({ colorScheme: null });
  return problems;
}

/** What axe finds in a document, all rules or the named ones. It describes violations alone: the rest takes most of its time. */
async function violationsOf(page: Page, rules?: string[]) {
  if (!(await page.evaluate(() => "axe" in window))) await page.evaluate(axe.source);
  const options: RunOptions = { resultTypes: ["violations"], ...(rules && { runOnly: { type: "rule", values: rules } }) };
  return page.evaluate(async (options) => (await (window as unknown as { axe: typeof axe }).axe.run(document, options)).violations, options);
}

/** Checks that nothing of this is wrong with a page. */
export async function checkPage(page: Page): Promise<void> {
  expect(await problemsOf(page)).toEqual([]);
}

/** What axe looks at in the stead of pages whose scripts are off, with the document it was last given. */
const copies = new WeakMap<Page, { page: Page; document: string }>();

/**
 * axe is a script and cannot run in a page whose scripts are off. It looks at a copy instead: the same document and
 * style sheets in a context that allows scripts, with none of the page's own running.
 */
async function copyOf(page: Page): Promise<Page> {
  const browser = page.context().browser();
  if (!browser) throw new Error("the page has no browser");
  const url = page.url();
  const content = await page.content();
  let copy = copies.get(page);
  if (!copy) {
    const context = await browser.newContext({ javaScriptEnabled: true, locale: "en-GB", timezoneId: "UTC" });
    // The browser may be gone by then, and the copy with it.
    page.on("close", () => void context.close().catch(() => undefined));
    copy = { page: await context.newPage(), document: "" };
    copies.set(page, copy);
  }
  const viewport = page.viewportSize();
  if (viewport) await copy.page.setViewportSize(viewport);
  const document = `${url}\n${content}`;
  // At another width it is the same document.
  if (copy.document !== document) {
    await copy.page.unrouteAll();
    await copy.page.route(
      (address) => address.href === url,
      (route) =>
        route.fulfill({ body: content, contentType: "text/html; charset=utf-8", headers: { "content-security-policy": "script-src 'none'" } }),
    );
    await copy.page.goto(url);
    copy.document = document;
  }
  return copy.page;
}

/** The rows of the page's tables that show a text. */
export function row(page: Page, text: string | RegExp) {
  return page.getByRole("row").filter({ hasText: text });
}

interface Fixtures {
  complaints: Complaints;
  mail: Mailbox;
  /** The records of the DNS that the portal asks. */
  names: Names;
  /** Declares partners, people and grants that belong to this test alone. */
  world: World;
  /** Opens a page in a fresh browser profile: another person, or the same one elsewhere. */
  visit: () => Promise<Page>;
}

export const test = base.extend<Fixtures>({
  baseURL: async ({}, use) => {
    const url = process.env.E2E_URL;
    if (!url) throw new Error("E2E_URL is not set: the global set-up did not run");
    await use(url);
  },

  // Each test comes from an address of its own: what is throttled per address stays within it.
  extraHTTPHeaders: async ({}, use) => {
    const part = () => randomInt(1, 255);
    await use({ "x-forwarded-for": `10.${part()}.${part()}.${part()}` });
  },

  mail: async ({}, use) => {
    await use(new Mailbox(process.env.E2E_MAIL ?? ""));
  },

  names: async ({}, use) => {
    await use(new Names(process.env.E2E_NAMES ?? ""));
  },

  world: async ({}, use) => {
    await use(new World(JSON.parse(process.env.E2E_PLACE ?? "{}") as Place));
  },

  complaints: async ({}, use) => {
    const complaints = new Complaints();
    await use(complaints);
    expect(complaints.unexpected, "complaints of the browser during this test").toEqual([]);
  },

  page: async ({ page, complaints }, use) => {
    await watch(page, complaints);
    await use(page);
  },

  visit: async ({ browser, complaints, contextOptions, baseURL, extraHTTPHeaders, javaScriptEnabled, locale, timezoneId, viewport }, use) => {
    const contexts: BrowserContext[] = [];
    await use(async () => {
      const options = { ...contextOptions, baseURL, extraHTTPHeaders, javaScriptEnabled, locale, timezoneId, viewport };
      const context = await browser.newContext(options);
      contexts.push(context);
      const page = await context.newPage();
      await watch(page, complaints);
      return page;
    });
    for (const context of contexts) await context.close();
  },
});

/** Whether the pages of this run may use scripts. */
export function scripted(): boolean {
  return test.info().project.use.javaScriptEnabled !== false;
}
