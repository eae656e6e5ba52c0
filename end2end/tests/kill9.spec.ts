// The process is killed in the middle of a stream of changes. Afterwards the trail and the data tell the same story:
// every change has its event, every event its change, and whatever was answered is there.

import { request } from "@playwright/test";
import { expect, test } from "../harness/fixtures";
import { day, formOf } from "../harness/forms";
import { signIn } from "../harness/people";
import { MailServer, Portal } from "../harness/server";
import { World } from "../harness/world";

const names = ["Ann First", "Ben Second", "Cid Third", "Dot Fourth"];

test("kill -9 in the middle of a stream of changes leaves nothing half-done", async ({ browser, javaScriptEnabled }) => {
  test.setTimeout(180_000);
  const mail = await MailServer.reserve();
  const portal = await Portal.reserve("portico-killed", mail.smtpPort);
  try {
    await portal.start();
    const world = new World(portal.place);
    const partner = await world.partner({ members: Object.fromEntries(names.map((name) => [name, {}])) });
    const context = await browser.newContext({ baseURL: portal.address, javaScriptEnabled });
    const page = await context.newPage();
    await signIn(page, partner.admin);
    await page.goto("/team");
    const members = await Promise.all(
      names.map(async (name) => {
        const path = (await page.getByRole("link", { name, exact: true }).getAttribute("href")) ?? "";
        return { name, path, id: path.split("/").at(-1) ?? "" };
      }),
    );

    for (let round = 0; round < 3; round += 1) {
      const api = await request.newContext({ baseURL: portal.address, storageState: await context.storageState() });
      const answered = new Map<string, string>();
      let running = true;
      const stream = members.map(async ({ path, id }, at) => {
        for (let step = 1; running; step += 1) {
          try {
            const html = await (await api.get(path)).text();
            const version = /name="version"[^>]*value="(\d+)"/.exec(html)?.[1] ?? "0";
            const ends_on = day(10 + ((round * 50 + step * 4 + at) % 200));
            const response = await api.post("/do/schedule-leave", {
              form: { member: id, version, ends_on },
              headers: { origin: portal.address },
              maxRedirects: 0,
            });
            if (response.status() === 303) answered.set(id, ends_on);
          } catch {
            return; // killed
          }
        }
      });
      await new Promise((resolve) => setTimeout(resolve, 1_500 + Math.random() * 700));
      await portal.kill();
      running = false;
      await Promise.all(stream);
      await api.dispose();
      expect(answered.size, "changes were under way").toBe(names.length);

      await portal.start();
      const csv = await page.request.get("/team/activity/export.jsonl?action=member.leave_scheduled");
      expect(csv.status()).toBe(200);
      const events = (await csv.text())
        .trim()
        .split("\n")
        .map((line) => JSON.parse(line) as { subject_id: string; details: { to: string } });
      for (const { name, path, id } of members) {
        const own = events.filter((event) => event.subject_id === id);
        await page.goto(path);
        const form = formOf(page, "schedule-leave");
        await expect(form.locator("[name=ends_on]"), `${name}: the newest event tells what is stored`).toHaveValue(own[0]?.details.to ?? "");
        const version = Number(await form.locator("[name=version]").getAttribute("value"));
        const first = Math.max(1, version - own.length);
        expect(version, `${name}: one event per change`).toBe(first + own.length);
        expect(own.map((event) => event.details.to), `${name}: what was answered is there`).toContain(answered.get(id));
      }
    }
    await context.close();
  } finally {
    await portal.remove();
    await mail.stop();
  }
});
