// The name server, asked by Node's own resolver.

import { Resolver } from "node:dns/promises";
import { expect, test } from "@playwright/test";
import { start, type DnsServer } from "../dns";

let server: DnsServer;
let resolver: Resolver;

test.beforeEach(async () => {
  server = await start({ records: { "_portico.acme.example": ["first", "second"] } });
  resolver = new Resolver({ timeout: 500, tries: 1 });
  resolver.setServers([server.address]);
});

test.afterEach(async () => {
  resolver.cancel();
  await server.stop();
});

test("TXT records are found, changed and removed", async () => {
  expect(await resolver.resolveTxt("_portico.acme.example")).toEqual([["first"], ["second"]]);
  server.set("_Portico.ACME.example", ["third"]);
  expect(await resolver.resolveTxt("_portico.acme.example")).toEqual([["third"]]);
  await expect(resolver.resolve4("_portico.acme.example")).rejects.toMatchObject({ code: "ENODATA" });
  await expect(resolver.resolveTxt("acme.example")).rejects.toMatchObject({ code: "ENODATA" });
  server.remove("_portico.acme.example");
  await expect(resolver.resolveTxt("_portico.acme.example")).rejects.toMatchObject({ code: "ENOTFOUND" });
  expect(server.questions.at(-1)).toEqual({ name: "_portico.acme.example", type: "TXT", transport: "udp" });
});

test("a long value comes in several strings, a long answer over TCP", async () => {
  server.set("long.example", ["x".repeat(600)]);
  expect((await resolver.resolveTxt("long.example"))[0]?.map((part) => part.length)).toEqual([255, 255, 90]);
  const many = Array.from({ length: 40 }, (_, index) => `value ${index} ${"y".repeat(200)}`);
  server.set("many.example", many);
  expect((await resolver.resolveTxt("many.example")).map((parts) => parts.join(""))).toEqual(many);
  expect(server.questions.at(-1)?.transport).toBe("tcp");
});

test("it fails as told", async () => {
  server.mode("servfail", "_portico.acme.example");
  await expect(resolver.resolveTxt("_portico.acme.example")).rejects.toMatchObject({ code: "ESERVFAIL" });
  await expect(resolver.resolveTxt("other.example")).rejects.toMatchObject({ code: "ENOTFOUND" });
  server.mode("refused");
  await expect(resolver.resolveTxt("_portico.acme.example")).rejects.toMatchObject({ code: "EREFUSED" });
  server.mode("silent");
  await expect(resolver.resolveTxt("_portico.acme.example")).rejects.toMatchObject({ code: "ETIMEOUT" });
  server.mode({ kind: "slow", milliseconds: 200 });
  const before = performance.now();
  expect(await resolver.resolveTxt("_portico.acme.example")).toEqual([["first"], ["second"]]);
  expect(performance.now() - before).toBeGreaterThan(190);
  server.mode("answer");
  expect(await resolver.resolveTxt("_portico.acme.example")).toHaveLength(2);
});
