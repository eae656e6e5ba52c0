// Measures the token endpoint beside npm oidc-provider, both loaded by wrk in processes of their own, one after the other, and prints a
// Markdown table. Portico writes its event durably before it answers; oidc-provider keeps everything in memory.
//
//   tsx benches/tokens/run.ts [--seconds 8] [--count 60000] [--connections 1,16,64] [--kinds "client credentials,refresh"]
//
// BENCH_BINARY: portico; BENCH_SEED: the built benches/tokens/seed.rs; BENCH_WRK: wrk; BENCH_POSTGRES_URL: a durable PostgreSQL server, or
// nothing, then SQLite alone is measured.

import { createHash } from "node:crypto";
import { execFile, spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { parseArgs, promisify } from "node:util";

const here = dirname(fileURLToPath(import.meta.url));
const run = promisify(execFile);
const { values: options } = parseArgs({
  options: { seconds: { type: "string", default: "8" }, count: { type: "string", default: "60000" }, connections: { type: "string", default: "1,16,64" }, kinds: { type: "string", default: "" } },
});
const connections = options.connections.split(",").map(Number);

function told(name: string): string {
  const value = process.env[name];
  if (!value) throw new Error(`${name} is not set: run scripts/bench-tokens.sh`);
  return value;
}

interface Client {
  client_id: string;
  secret: string;
  redirect_uri: string;
  verifier: string;
  scope: string;
}

interface Result {
  requests: number;
  microseconds: number;
  p50: number;
  p99: number;
  failed: number;
  broken: number;
  spent: boolean;
  first: string;
}

interface Server {
  url: string;
  process: ChildProcess;
  folder: string;
  client: Client;
}

/** What is asked for: the form without the value that is spent, the file of such values, and the field. */
const kinds = {
  "client credentials": { form: (client: Client) => ({ grant_type: "client_credentials", scope: client.scope }), file: undefined, field: undefined },
  "code redemption": {
    form: (client: Client) => ({ grant_type: "authorization_code", redirect_uri: client.redirect_uri, code_verifier: client.verifier }),
    file: "codes.txt",
    field: "code",
  },
  refresh: { form: () => ({ grant_type: "refresh_token" }), file: "refresh.txt", field: "refresh_token" },
  // The peer does not offer it.
  "token exchange": {
    form: (client: Client) => ({
      grant_type: "urn:ietf:params:oauth:grant-type:token-exchange",
      subject_token_type: "urn:ietf:params:oauth:token-type:access_token",
      scope: client.scope,
    }),
    file: "subjects.txt",
    field: "subject_token",
  },
} as const;
type Kind = keyof typeof kinds;
const all = (Object.keys(kinds) as Kind[]).filter((kind) => !options.kinds || options.kinds.split(",").includes(kind));

/** Values are spent once: each measurement takes the next lines of the file. */
const taken = new Map<string, number>();

function next(server: Server, file: string, lines: number): string {
  const path = join(server.folder, file);
  const from = taken.get(path) ?? 0;
  taken.set(path, from + lines);
  const share = join(server.folder, `share-${from}-${file}`);
  writeFileSync(share, readFileSync(path, "utf8").split("\n").slice(from, from + lines).join("\n"));
  return share;
}

async function load(server: Server, path: string, kind: Kind, at: number, seconds: number, pause = 0): Promise<Result> {
  const { form, file, field } = kinds[kind];
  const threads = Math.min(2, at);
  const credentials = `Basic ${Buffer.from(`${encodeURIComponent(server.client.client_id)}:${encodeURIComponent(server.client.secret)}`).toString("base64")}`;
  const body = new URLSearchParams(form(server.client)).toString();
  // A fifth of all for each: three loads, half load, and what is left.
  const share =
    kind === "token exchange"
      ? [join(server.folder, file ?? ""), field ?? "", "again"]
      : file
        ? [next(server, file, Math.floor(Number(options.count) / (connections.length + 2))), field]
        : [];
  const args = ["-t", String(threads), "-c", String(at), "-d", `${seconds}s`, "-s", join(here, "load.lua"), `${server.url}${path}`, "--"];
  const { stdout } = await run(told("BENCH_WRK"), [...args, String(threads), credentials, body, String(pause), ...share]);
  const result = JSON.parse(stdout.trim().split("\n").at(-1) ?? "") as Result;
  // When the values are spent, wrk sends one more request per connection that cannot succeed.
  const excess = result.spent ? 2 * at : 0;
  const what = `${kind} at ${at} connections${pause ? ", half load" : ""}`;
  console.error(`  ${what}: ${Math.round(result.requests / (result.microseconds / 1e6))}/s, p99 ${result.p99} ms`);
  if (result.failed > excess || result.broken > 0) throw new Error(`${what}: ${result.failed} failed, ${result.broken} broken: ${result.first}`);
  return result;
}

function memory(server: Server, what: "VmRSS" | "VmHWM"): number {
  const status = readFileSync(`/proc/${server.process.pid}/status`, "utf8");
  return Number(status.match(new RegExp(`${what}:\\s+(\\d+)`))?.[1] ?? 0) / 1000;
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  server.close();
  return typeof address === "object" && address ? address.port : 0;
}

async function portico(name: string, database: string): Promise<Server> {
  const folder = join(work, name);
  mkdirSync(folder);
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const seed = { BENCH_DATABASE_URL: database, BENCH_FOLDER: folder, BENCH_PUBLIC_URL: url, BENCH_COUNT: options.count };
  await run(told("BENCH_SEED"), [], { env: { ...process.env, ...seed }, maxBuffer: 1e8 });
  const log = openSync(join(folder, "log"), "w");
  const child = spawn(told("BENCH_BINARY"), ["serve"], {
    stdio: ["ignore", log, log],
    env: {
      ...process.env,
      LEPTOS_SITE_ADDR: `127.0.0.1:${port}`,
      PORTICO_PUBLIC_URL: url,
      PORTICO_DATABASE_URL: database,
      PORTICO_MASTER_KEY_FILE: join(folder, "master.key"),
      PORTICO_LOG_FILTER: "warn",
    },
  });
  for (const limit = Date.now() + 60_000; ; ) {
    if (child.exitCode !== null || Date.now() > limit) throw new Error(`portico does not start: ${readFileSync(join(folder, "log"), "utf8").slice(-2000)}`);
    if (await fetch(`${url}/healthz`).then((answer) => answer.ok, () => false)) break;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  return { url, process: child, folder, client: JSON.parse(readFileSync(join(folder, "client.json"), "utf8")) as Client };
}

async function peer(client: Client): Promise<Server> {
  const folder = join(work, "oidc-provider");
  mkdirSync(folder);
  const challenge = createHash("sha256").update(client.verifier).digest("base64url");
  writeFileSync(join(folder, "client.json"), JSON.stringify({ ...client, challenge }));
  // Straight from node, so that its memory is its own.
  const child = spawn(process.execPath, ["--import", "tsx", join(here, "oidc-provider.ts"), folder, options.count], {
    stdio: ["ignore", "pipe", "ignore"],
    cwd: join(here, "..", ".."),
    env: { ...process.env, NODE_ENV: "production" },
  });
  for await (const line of createInterface({ input: child.stdout })) {
    if (!line.startsWith("{")) continue;
    const { port } = JSON.parse(line) as { port: number };
    return { url: `http://127.0.0.1:${port}`, process: child, folder, client };
  }
  throw new Error("oidc-provider does not start");
}

interface Row {
  at: number;
  rate: number;
  p50: number;
  p99: number;
}
interface Measured {
  idle: number;
  most: number;
  rows: Partial<Record<Kind, Row[]>>;
  /** At half of what the most connections reached. */
  half: Partial<Record<Kind, Row>>;
}

async function measure(server: Server, path: string, offered: readonly Kind[]): Promise<Measured> {
  const seconds = Number(options.seconds);
  const rate = (result: Result) => result.requests / (result.microseconds / 1e6);
  const idle = memory(server, "VmRSS");
  const rows: Measured["rows"] = {};
  const half: Measured["half"] = {};
  for (const kind of offered) {
    // Caches, connections and compiled code, before anything counts.
    if (!kinds[kind].file) await load(server, path, kind, 16, Math.min(2, seconds));
    const mine: Row[] = (rows[kind] = []);
    for (const at of connections) {
      const result = await load(server, path, kind, at, seconds);
      mine.push({ at, rate: rate(result), p50: result.p50, p99: result.p99 });
    }
    const top = mine.at(-1);
    if (!top) throw new Error("at least one number of connections");
    const pause = Math.max(1, Math.round((top.at / (top.rate / 2)) * 1000 - top.p50));
    const result = await load(server, path, kind, top.at, seconds, pause);
    half[kind] = { at: top.at, rate: rate(result), p50: result.p50, p99: result.p99 };
  }
  return { idle, most: memory(server, "VmHWM"), rows, half };
}

async function stopped(server: Server): Promise<void> {
  server.process.kill("SIGTERM");
  await once(server.process, "exit");
}

const work = mkdtempSync(join(tmpdir(), "portico-bench-"));
try {
  const measured: [string, Measured][] = [];
  let client: Client | undefined;
  const postgres = process.env.BENCH_POSTGRES_URL;
  for (const [name, database] of [["Portico, SQLite", `sqlite:${join(work, "portico.db")}`], ...(postgres ? [["Portico, PostgreSQL", postgres]] : [])] as const) {
    console.error(`» ${name}`);
    const server = await portico(String(name).split(" ").at(-1) ?? "portico", String(database));
    client = server.client;
    measured.push([String(name), await measure(server, "/oauth/token", all)]);
    await stopped(server);
  }
  console.error("» oidc-provider");
  if (!client) throw new Error("nothing was measured");
  const server = await peer(client);
  const beside = await measure(
    server,
    "/token",
    all.filter((kind) => kind !== "token exchange"),
  );
  await stopped(server);
  measured.push(["oidc-provider, memory", beside]);

  const figure = (value: number) => value.toLocaleString("en", { maximumFractionDigits: value < 100 ? 1 : 0 });
  console.log(`\nES256, ${options.seconds} s each, wrk with at most 2 threads on the same machine.\n`);
  console.log("| what | connections | server | requests/s | × oidc-provider | p50 ms | p99 ms |\n|---|---|---|---|---|---|---|");
  for (const kind of all) {
    for (const [index, at] of connections.entries()) {
      for (const [name, { rows }] of measured) {
        const row = rows[kind]?.[index];
        const peers = beside.rows[kind]?.[index];
        const ratio = row && peers ? (row.rate / peers.rate).toFixed(2) : "";
        if (row) console.log(`| ${kind} | ${at} | ${name} | ${figure(row.rate)} | ${ratio} | ${figure(row.p50)} | ${figure(row.p99)} |`);
      }
    }
    for (const [name, { half }] of measured) {
      const row = half[kind];
      if (row) console.log(`| ${kind}, half load | ${row.at} | ${name} | ${figure(row.rate)} | | ${figure(row.p50)} | ${figure(row.p99)} |`);
    }
  }
  console.log("\n| resident memory | before | most |\n|---|---|---|");
  for (const [name, { idle, most }] of measured) console.log(`| ${name} | ${figure(idle)} MB | ${figure(most)} MB |`);
} finally {
  rmSync(work, { recursive: true, force: true });
}
