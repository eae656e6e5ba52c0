// The demo people that tests and pictures sign in as, one per role. They are declared in demo/tenant.toml.

import type { Page } from "@playwright/test";

export interface Person {
  email: string;
  password: string;
}

export const people: Record<string, Person> = {
  operator: { email: "operator@portico.example", password: "portico-demo" },
  owner: { email: "owner@portico.example", password: "portico-demo" },
  auditor: { email: "auditor@portico.example", password: "portico-demo" },
  partner_admin: { email: "admin@partner.example", password: "portico-demo" },
  user_manager: { email: "manager@partner.example", password: "portico-demo" },
  member: { email: "member@partner.example", password: "portico-demo" },
};

/** Signs in as the demo person of a role, the way a person does: e-mail address first, then the password. */
export async function signIn(page: Page, role: string): Promise<void> {
  const person = people[role];
  if (!person) throw new Error(`no demo person has the role ${role}; there are: ${Object.keys(people).join(", ")}`);
  await page.goto("/sign-in");
  await page.getByLabel(/e-?mail/i).fill(person.email);
  await page.locator("main button[type=submit]").first().click();
  await page.getByLabel(/password/i).fill(person.password);
  await page.locator("main button[type=submit]").first().click();
  await page.waitForURL((url) => !url.pathname.startsWith("/sign-in"));
}
