// A person's way through the portal without a browser, for what is about messages between servers and not about pages.

import { expect, type APIRequestContext, type APIResponse } from "@playwright/test";
import type { Person } from "./people";

const portal = () => process.env.E2E_URL ?? "";

/** What a person's browser does, without one: keeps cookies, follows what the portal says, fills in forms. */
export class Browserless {
  /** Addresses of the portal's own pages that were shown on the way. */
  shown: string[] = [];

  constructor(protected readonly request: APIRequestContext) {}

  get(url: URL | string): Promise<APIResponse> {
    return this.request.get(String(url), { maxRedirects: 0 });
  }

  post(path: string, form: Record<string, string>): Promise<APIResponse> {
    return this.request.post(path, { form, maxRedirects: 0, headers: { "sec-fetch-site": "same-origin" } });
  }

  /** Goes on until a page is shown, or until the client is answered; then with its answer. */
  async follow(answer: APIResponse): Promise<URL | APIResponse> {
    for (let steps = 0; steps < 10; steps += 1) {
      const { location, refresh } = answer.headers();
      const next = location ?? refresh?.replace(/^0; url=/, "");
      if (next === undefined) return answer;
      const there = new URL(next, portal());
      if (there.origin !== new URL(portal()).origin) return there;
      this.shown.push(there.pathname);
      answer = await this.get(there);
    }
    throw new Error("it goes in circles");
  }

  /** Goes to an address, and on from there. */
  async open(url: URL | string): Promise<URL | APIResponse> {
    return this.follow(await this.get(url));
  }

  /** Says yes where the portal asks whether to sign in again. */
  async agree(page: APIResponse): Promise<URL | APIResponse> {
    const value = /action="\/oauth\/sign-in-again"><input type="hidden" name="value" value="([^"]+)"/.exec(await page.text())?.[1];
    return value === undefined ? page : this.follow(await this.post("/oauth/sign-in-again", { value }));
  }

  /** Signs in, wherever the portal goes on to then. */
  async signIn(person: Person): Promise<URL | APIResponse> {
    const asked = await this.post("/do/begin-sign-in", { email: person.email });
    expect(asked.headers().location).toBe("/sign-in/password");
    return this.follow(await this.post("/do/check-password", { email: person.email, password: person.password }));
  }
}
