// A second client stack that nobody here wrote, in another language: PyPI authlib and joserfc (scripts/setup-python.sh).

import { execFile, execFileSync } from "node:child_process";
import { generateKeyPairSync } from "node:crypto";
import { createServer } from "node:http";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { expect, test } from "../harness/fixtures";
import { signIn } from "../harness/people";
import { root } from "../harness/server";

// authlib does not form-encode what it puts into the Authorization header (RFC 6749 §2.3.1), so nothing here needs it.
const secret = "0123456789-abcdefghijklmnopqrstuvwxyz";
const issuer = () => process.env.E2E_URL ?? "";

async function run(what: "begin" | "finish" | "own", task: object): Promise<Record<string, unknown>> {
  const python = execFileSync(join(root, "scripts", "setup-python.sh"), { encoding: "utf8", stdio: ["ignore", "pipe", "inherit"] }).trim();
  const folder = mkdtempSync(join(tmpdir(), "portico-authlib-"));
  const file = join(folder, "task.json");
  writeFileSync(file, JSON.stringify(task));
  // authlib refuses addresses without TLS unless it is told that this is a test.
  const env = { ...process.env, AUTHLIB_INSECURE_TRANSPORT: "1" };
  try {
    const { stdout } = await promisify(execFile)(python, [join(root, "end2end", "clients", "authlib_client.py"), what, file], { env });
    return JSON.parse(stdout) as Record<string, unknown>;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

for (const algorithm of ["ES256", "EdDSA", "RS256"]) {
  test(`authlib signs an employee in, verifies ${algorithm}, refreshes and asks about tokens`, async ({ page, complaints, world }) => {
    const partner = await world.partner({ members: { "Bo Lind": {} } });
    const bo = partner.member("Bo Lind");
    const own = await world.application(partner, [bo]);
    const server = createServer((_, response) => response.setHeader("content-type", "text/plain").end("back"));
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const callback = `http://127.0.0.1:${(server.address() as AddressInfo).port}/callback`;
    complaints.allow(new RegExp(new URL(callback).host));
    try {
      const client_id = `${own.slug}-authlib`;
      const audience = `https://${own.slug}.example.com`;
      await world.declare({
        applications: [{ slug: own.slug, clients: [{ client_id, name: "authlib", secret, redirect_uris: [callback], signing: algorithm, audience }] }],
      });
      const task = {
        issuer: issuer(),
        client_id,
        secret,
        redirect_uri: callback,
        scope: `openid profile email offline_access ${own.scope}`,
        algorithm,
        audience,
        nonce: `n-${world.unique()}`,
        state: `s-${world.unique()}`,
        verifier: world.unique().repeat(6),
      };
      const { url } = await run("begin", task);
      await signIn(page, bo);
      await page.goto(String(url));
      await page.waitForURL((address) => address.href.startsWith(callback));
      const seen = await run("finish", { ...task, came_back: page.url() });
      expect(seen).toMatchObject({ algorithm, reuse: "invalid_grant", active_after_reuse: false });
      expect(seen.claims).toMatchObject({ name: bo.name, email: bo.email, organization_name: partner.name, membership_role: "member" });
      expect(String(seen.scope).split(" ")).toContain(own.scope);
    } finally {
      server.close();
    }
  });
}

for (const [kind, make] of [
  ["ES256", () => generateKeyPairSync("ec", { namedCurve: "P-256" })],
  ["EdDSA", () => generateKeyPairSync("ed25519")],
] as const) {
  test(`authlib proves a client by its own ${kind} key`, async ({ world }) => {
    const own = await world.application(await world.partner());
    const pair = make();
    const names = { kid: "k1", alg: kind, use: "sig" };
    const client_id = `${own.slug}-machine`;
    const audience = `https://${own.slug}.example.com`;
    await world.declare({
      applications: [
        {
          slug: own.slug,
          clients: [
            {
              client_id,
              name: "authlib",
              authentication: "private_key_jwt",
              key_set: JSON.stringify({ keys: [{ ...pair.publicKey.export({ format: "jwk" }), ...names }] }),
              redirect_uris: [],
              grant_types: ["client_credentials"],
              own_scopes: [own.scope],
              audience,
            },
          ],
        },
      ],
    });
    const key = { ...pair.privateKey.export({ format: "jwk" }), ...names };
    const seen = await run("own", { issuer: issuer(), client_id, key, scope: own.scope, algorithm: "ES256", audience });
    expect(seen).toEqual({ scope: own.scope, stranger: "invalid_client" });
  });
}
