// The demo people that tests and pictures sign in as, one per role (declared in demo/tenant.toml), and how people sign in.

import type { Page } from "@playwright/test";
import { submit } from "./forms";

export interface Person {
  email: string;
  password: string;
}

const password = "correct-Horse-7-battery";

export const people: Record<string, Person> = {
  operator: { email: "amara.okafor@northwind.example", password },
  owner: { email: "ingrid.solberg@northwind.example", password },
  auditor: { email: "wei.zhang@northwind.example", password },
  partner_admin: { email: "maya.chen@acme.example", password },
  user_manager: { email: "samuel.osei@acme.example", password },
  partner_auditor: { email: "claire.dubois@acme.example", password },
  member: { email: "bo.lind@acme.example", password },
};

/** The demo person of a role. */
export function demo(role: string): Person {
  const person = people[role];
  if (!person) throw new Error(`no demo person has the role ${role}; there are: ${Object.keys(people).join(", ")}`);
  return person;
}

/** Goes through the two steps, the way a person does: e-mail address first, then the password. Ends wherever that leads. */
export async function tryToSignIn(page: Page, person: Person): Promise<void> {
  if (new URL(page.url(), "http://localhost").pathname !== "/sign-in") await page.goto("/sign-in");
  await submit(page, "begin-sign-in", { email: person.email });
  await submit(page, "check-password", { password: person.password });
}

/** Signs in as a person, or as the demo person of a role. */
export async function signIn(page: Page, who: Person | string): Promise<void> {
  await tryToSignIn(page, typeof who === "string" ? demo(who) : who);
  await page.waitForURL((url) => !url.pathname.startsWith("/sign-in"));
}
