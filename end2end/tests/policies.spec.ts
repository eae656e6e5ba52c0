// A policy of the operator: written as a draft, tried and replayed, put in force, felt by the people it is about, and rolled back.

import { expect, row, test } from "../harness/fixtures";
import { follow, said, submit } from "../harness/forms";
import { signIn } from "../harness/people";
import { apps } from "../harness/world";

test("an operator forbids writing for one partner, sees beforehand whom it touches, and takes it back", async ({ page, visit, world }) => {
  const partner = await world.partner({ members: { "Bo Lind": { apps: ["orders", "tracking"] } } });
  const id = `no-writing-${world.unique()}`;
  const text = `@id("${id}")
@reason("Writing is not allowed for this partner.")
forbid (principal, action == Action::"UseScope", resource)
when { resource.access == "write" };`;

  const bo = await visit();
  await signIn(bo, partner.member("Bo Lind"));
  await follow(bo.getByRole("link", { name: apps.orders.name, exact: true }));

  await signIn(page, "operator");
  await page.goto("/admin/policies/new");
  const policy = { name: `Read only ${id}`, partner: partner.slug, application: apps.orders.slug, reason: "Their audit found too much" };
  await submit(page, "write-policy", { ...policy, text: text.replace("resource.access", "resource.colour") });
  await expect(page.getByText(/Line 4, column \d+/).first()).toBeVisible();
  await submit(page, "write-policy", { text });
  await expect(said(page, "It decides nothing yet")).toBeVisible();
  const address = new URL(page.url()).pathname;

  await follow(page.getByRole("link", { name: "Replay the last 30 days" }));
  await expect(row(page, "orders:write")).toContainText("Bo Lind");
  await expect(row(page, "orders:write")).toContainText("refused");
  await expect(row(page, "orders:read")).toHaveCount(0);

  await page.goto(`/admin/policies/try?with=${address.split("/").pop()}`);
  await page.getByLabel("Partner", { exact: true }).fill(partner.slug);
  await page.getByLabel("Application", { exact: true }).selectOption(apps.orders.slug);
  await follow(page.getByRole("button", { name: "Choose" }));
  await page.getByLabel("Person").selectOption({ label: `Bo Lind (${partner.member("Bo Lind").email})` });
  await page.getByLabel("What for").selectOption("orders:write");
  await follow(page.getByRole("button", { name: "Decide" }));
  await expect(page.locator("#answer")).toContainText("Writing is not allowed for this partner.");
  await page.getByLabel("What for").selectOption("orders:read");
  await follow(page.getByRole("button", { name: "Decide" }));
  await expect(page.locator("#answer")).toContainText("Allowed");

  await bo.goto(`/apps/${apps.orders.slug}`);
  await expect(bo.getByRole("main")).not.toContainText("Writing is not allowed for this partner.");
  await page.goto(address);
  await submit(page, "activate-policy", { reason: "Agreed with them" });
  await expect(said(page, "Version 1")).toBeVisible();
  await bo.reload();
  await expect(bo.getByRole("main")).toContainText("Writing is not allowed for this partner.");
  await bo.goto("/");
  await follow(bo.getByRole("link", { name: apps.orders.name, exact: true }));
  expect(new URL(bo.url()).pathname).toBe(`/demo-app/${apps.orders.slug}`);

  await submit(page, "rewrite-policy", {
    text: text.replace("UseScope", "Launch").replace('when { resource.access == "write" }', ""),
    reason: "They ask for a stop",
  });
  await submit(page, "activate-policy", { reason: "At once" });
  await bo.goto("/");
  await expect(bo.getByRole("link", { name: apps.orders.name, exact: true })).toHaveCount(0);
  await expect(bo.getByRole("link", { name: apps.tracking.name, exact: true })).toBeVisible();

  await submit(page, "roll-back-policy", { reason: "The stop is over" });
  await expect(said(page, "in force")).toBeVisible();
  await expect(page.getByText("Version 3, back to version 1")).toBeVisible();
  await bo.goto("/");
  await expect(bo.getByRole("link", { name: apps.orders.name, exact: true })).toBeVisible();

  await page.goto("/audit");
  await expect(row(page, "Rolled a policy back").first()).toContainText(`Read only ${id}`);
  await page.goto(address);
  await submit(page, "retire-policy", { reason: "The test is over" });
  await expect(said(page, "retired")).toBeVisible();
});

test("an auditor reads policies and changes none", async ({ page }) => {
  await signIn(page, "auditor");
  await page.goto("/admin/policies");
  await expect(page.getByRole("heading", { level: 1 })).toHaveText("Policies");
  await expect(page.getByRole("link", { name: "New policy" })).toHaveCount(0);
});
