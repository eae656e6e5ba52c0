// An application that knows headers alone, behind a real nginx or Caddy with the documented configuration: the portal decides about each
// request.

import { expect, test } from "../harness/fixtures";
import { signIn, tryToSignIn } from "../harness/people";
import { startProxied } from "../harness/proxied";

const portal = () => new URL(process.env.E2E_URL ?? "");

for (const proxy of ["nginx", "caddy"] as const) {
  test(`${proxy} lets an employee through, says who they are, and stops when the access ends`, async ({ page, complaints, world }) => {
    const partner = await world.partner({ members: { "Bo Lind": {} } });
    const bo = partner.member("Bo Lind");
    const own = await world.application(partner, [partner.member("Bo Lind")]);
    const wiki = await startProxied(proxy, portal());
    complaints.allow(new RegExp(wiki.host));
    try {
      await world.declare({ applications: [{ slug: own.slug, forward_hosts: [wiki.host] }] });
      // Not signed in: through the portal's sign-in, and back to the very page.
      await page.goto(`${wiki.url}/parcels?page=2`);
      await expect(page).toHaveURL((url) => url.pathname === "/sign-in" && url.host === portal().host);
      await tryToSignIn(page, bo);
      await page.waitForURL(`${wiki.url}/parcels?page=2`);
      await expect(page.getByRole("heading", { name: "Wiki /parcels?page=2" })).toBeVisible();
      const shown = page.getByRole("table");
      await expect(shown).toContainText(bo.email);
      await expect(shown).toContainText(partner.slug);
      await expect(shown).toContainText(own.scope);
      expect(wiki.last()).toMatchObject({ "remote-name": bo.name, "remote-email": bo.email, "x-portico-role": "member", "x-portico-scopes": own.scope });

      // By another name than the application's own nobody comes to it, wherever they have been let in before.
      const before = wiki.last();
      await fetch(`http://127.0.0.1:${wiki.port}/`).catch(() => undefined);
      expect(wiki.last()).toBe(before);

      // What a browser brings along of these headers counts for nothing.
      await page.setExtraHTTPHeaders({ "Remote-User": "somebody-else", "Remote_User": "somebody-else", "X-Portico-Scopes": "everything", "X_Portico_Role": "partner_admin" });
      await page.goto(`${wiki.url}/again`);
      expect(wiki.last()?.["remote-user"]).not.toBe("somebody-else");
      expect(wiki.last()?.["x-portico-scopes"]).toBe(own.scope);
      expect(Object.keys(wiki.last() ?? {}).filter((header) => header.includes("_"))).toEqual([]);
      await page.setExtraHTTPHeaders({});

      // The assignment ends: the next request is refused, on a page that says what to do.
      await world.declare({
        people: [{ email: bo.email, memberships: [{ organization: partner.slug, assignments: [{ application: own.slug, revoked: true }] }] }],
      });
      const refused = await page.goto(`${wiki.url}/parcels`);
      expect(refused?.status()).toBe(403);
      await expect(page.getByRole("heading", { name: "You may not use this application now" })).toBeVisible();
    } finally {
      await wiki.stop();
    }
  });

  test(`signing out of the portal ends the way in at the application's host behind ${proxy}`, async ({ page, complaints, world }) => {
    const partner = await world.partner({ members: { "Bo Lind": {} } });
    const own = await world.application(partner, [partner.member("Bo Lind")]);
    const wiki = await startProxied(proxy, portal());
    complaints.allow(new RegExp(wiki.host));
    try {
      await world.declare({ applications: [{ slug: own.slug, forward_hosts: [wiki.host] }] });
      await signIn(page, partner.member("Bo Lind"));
      await page.goto(`${wiki.url}/`);
      await expect(page.getByRole("heading", { name: "Wiki /" })).toBeVisible();
      await page.goto("/oauth/logout");
      await page.getByRole("button", { name: "Sign out" }).click();
      await expect(page).toHaveURL((url) => url.pathname === "/sign-in");
      await page.goto(`${wiki.url}/`);
      await expect(page).toHaveURL((url) => url.pathname === "/sign-in" && url.host === portal().host);
      // A form that arrives after the session's end is not sent anywhere else.
      const { port } = new URL(wiki.url);
      const posted = await page.request.post(`http://127.0.0.1:${port}/save`, { maxRedirects: 0, headers: { host: wiki.host } });
      expect(posted.status()).toBe(401);
      expect(posted.headers().location).toBeUndefined();
    } finally {
      await wiki.stop();
    }
  });
}
