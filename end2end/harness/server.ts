// Starts the programs that the browser tests talk to: a real SMTP server (maildev) and the built `portico` with a fresh
// database holding the demo tenant. The command line and environment of portico under test are here and nowhere else.

import { execFile, spawn, type ChildProcess } from "node:child_process";
import { createWriteStream, existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { startNames } from "./names";

export const root = join(dirname(fileURLToPath(import.meta.url)), "..", "..");
const logs = join(root, "target", "end2end");

/** What a worker must know to talk to a running portal and to run commands on its database. */
export interface Place {
  /** Holds the database and the master key. */
  folder: string;
  port: number;
  smtpPort: number;
  /** The name server that is asked for partners' records; without one, the machine's own. */
  dns?: string;
}

/** Where the browser goes, for example http://127.0.0.1:4711 */
export function addressOf(place: Place): string {
  return `http://127.0.0.1:${place.port}`;
}

export function binary(): string {
  const path = process.env.E2E_BINARY ?? join(root, "target", "debug", "portico");
  if (!existsSync(path)) throw new Error(`${path} is not built: run scripts/e2e.sh, or make e2e`);
  return path;
}

/** How portico is configured for tests. Change it here when its configuration changes. */
function environment(place: Place): NodeJS.ProcessEnv {
  return {
    ...process.env,
    LEPTOS_SITE_ADDR: `127.0.0.1:${place.port}`,
    LEPTOS_SITE_ROOT: process.env.LEPTOS_SITE_ROOT ?? join(root, "target", "site"),
    PORTICO_PUBLIC_URL: addressOf(place),
    PORTICO_DATABASE_URL: `sqlite:${join(place.folder, "portico.db")}`,
    PORTICO_MASTER_KEY_FILE: join(place.folder, "master.key"),
    PORTICO_SMTP_HOST: "127.0.0.1",
    PORTICO_SMTP_PORT: String(place.smtpPort),
    PORTICO_SMTP_SECURITY: "none",
    // Each test has an address of its own, so that they do not share the counters that throttle an address.
    PORTICO_TRUST_FORWARDED_FOR: "true",
    ...(place.dns ? { PORTICO_DNS_SERVER: place.dns } : {}),
  };
}

/** A TCP port on the loopback interface that nobody listens on. */
export async function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const address = server.address();
      const port = typeof address === "object" && address ? address.port : 0;
      server.close(() => resolve(port));
    });
  });
}

export function start(name: string, command: string, args: string[], env: NodeJS.ProcessEnv): ChildProcess {
  mkdirSync(logs, { recursive: true });
  const log = createWriteStream(join(logs, `${name}.log`), { flags: "a" });
  const child = spawn(command, args, { cwd: root, env, stdio: ["ignore", "pipe", "pipe"] });
  child.stdout?.pipe(log);
  child.stderr?.pipe(log);
  return child;
}

export async function end(child: ChildProcess, signal: "SIGTERM" | "SIGKILL" = "SIGTERM"): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = new Promise((resolve) => child.once("exit", resolve));
  child.kill(signal);
  const timer = setTimeout(() => child.kill("SIGKILL"), 15_000);
  await ended;
  clearTimeout(timer);
}

/** Waits until the address answers with a success, at most `seconds`. */
export async function answers(name: string, url: string, child: ChildProcess, seconds: number): Promise<void> {
  const limit = Date.now() + seconds * 1000;
  for (;;) {
    if (child.exitCode !== null) {
      throw new Error(`${name} ended with status ${child.exitCode}, see ${join(logs, `${name}.log`)}`);
    }
    try {
      if ((await fetch(url)).ok) return;
    } catch {
      // not listening yet
    }
    if (Date.now() > limit) throw new Error(`${name} does not answer at ${url} after ${seconds} s, see ${join(logs, `${name}.log`)}`);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

/** A mail server that keeps what it receives. */
export class MailServer {
  private child: ChildProcess | undefined;

  private constructor(
    readonly smtpPort: number,
    private readonly webPort: number,
  ) {}

  static async reserve(): Promise<MailServer> {
    return new MailServer(await freePort(), await freePort());
  }

  /** maildev's REST interface. */
  get address(): string {
    return `http://127.0.0.1:${this.webPort}`;
  }

  async start(): Promise<void> {
    const script = join(root, "node_modules", "maildev", "dist", "bin", "maildev.js");
    const ports = ["--smtp", String(this.smtpPort), "--ip", "127.0.0.1", "--web", String(this.webPort), "--web-ip", "127.0.0.1"];
    this.child = start("maildev", process.execPath, [script, ...ports], process.env);
    await answers("maildev", `${this.address}/api/email`, this.child, 30);
  }

  async stop(): Promise<void> {
    if (this.child) await end(this.child);
    this.child = undefined;
  }
}

/** One running `portico serve --demo` on a folder of its own. */
export class Portal {
  private child: ChildProcess | undefined;

  private constructor(
    readonly place: Place,
    private readonly name: string,
  ) {}

  static async reserve(name: string, smtpPort: number, dns?: string): Promise<Portal> {
    const folder = mkdtempSync(join(tmpdir(), "portico-end2end-"));
    return new Portal({ folder, port: await freePort(), smtpPort, dns }, name);
  }

  get address(): string {
    return addressOf(this.place);
  }

  async start(): Promise<void> {
    this.child = start(this.name, binary(), ["serve", "--demo"], environment(this.place));
    await answers("portico", `${this.address}/healthz`, this.child, 60);
  }

  /** Lets it finish what it does. */
  async stop(): Promise<void> {
    if (this.child) await end(this.child);
    this.child = undefined;
  }

  /** As a power failure would. */
  async kill(): Promise<void> {
    if (this.child) await end(this.child, "SIGKILL");
    this.child = undefined;
  }

  async remove(): Promise<void> {
    await this.stop();
    rmSync(this.place.folder, { recursive: true, force: true });
  }
}

let declarations = 0;

/** `portico apply`: declares organizations, people and grants while the portal runs. */
export async function apply(place: Place, declaration: object): Promise<void> {
  declarations += 1;
  const file = join(place.folder, `declaration-${process.pid}-${declarations}.json`);
  const text = JSON.stringify(declaration, null, 2);
  writeFileSync(file, text);
  try {
    await promisify(execFile)(binary(), ["apply", file], { cwd: root, env: environment(place) });
  } catch (error) {
    const { stdout, stderr } = error as { stdout?: string; stderr?: string };
    throw new Error(`portico apply refused this declaration:\n${text}\n${stdout ?? ""}${stderr ?? String(error)}`);
  }
}

/** Starts maildev, a name server and portico with the demo tenant, each on free ports; `stop` ends them and removes their data. */
export async function startEverything() {
  const mail = await MailServer.reserve();
  const names = await startNames();
  const portal = await Portal.reserve("portico", mail.smtpPort, names.address);
  const stop = async () => {
    await Promise.all([portal.remove(), mail.stop(), names.stop()]);
  };
  try {
    await mail.start();
    await portal.start();
  } catch (error) {
    await stop();
    throw error;
  }
  return { portal, mail, names, stop };
}
