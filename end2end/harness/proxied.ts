// A real proxy with the configuration that docs/nginx.conf or docs/Caddyfile shows, in front of an application that shows the headers it gets.

import { execFileSync, spawn } from "node:child_process";
import { createServer, get, type IncomingHttpHeaders, type Server } from "node:http";
import { mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { end, freePort, root } from "./server";

export interface Proxied {
  /** Where browsers find the application. */
  url: string;
  port: number;
  host: string;
  /** Headers of the last request that came through to the application. */
  last(): IncomingHttpHeaders | undefined;
  stop(): Promise<void>;
}

export type Proxy = "nginx" | "caddy";

/** Where everything is in one test. */
interface Places {
  folder: string;
  /** Host's name of the application; it leads to this machine (RFC 6761 §6.3). */
  name: string;
  port: number;
  portal: URL;
  application: number;
}

/** The headers the application is told, as a browser shows them. */
function application(seen: (headers: IncomingHttpHeaders) => void): Server {
  return createServer((request, response) => {
    seen(request.headers);
    const lines = Object.entries(request.headers).filter(([name]) => name.startsWith("remote-") || name.startsWith("x-portico-"));
    const rows = lines.map(([name, value]) => `<tr><th>${name}</th><td>${Buffer.from(String(value), "latin1").toString()}</td></tr>`).join("");
    const html = `<!DOCTYPE html><html lang="en"><title>Wiki</title><link rel="icon" href="data:,"><h1>Wiki ${request.url ?? ""}</h1><table>${rows}</table>`;
    response.setHeader("content-type", "text/html; charset=utf-8").end(html);
  });
}

/** Whether something answers on this port when it is called by this name; `fetch` would call it by its address. */
function answers(port: number, host: string): Promise<void> {
  return new Promise((resolve, reject) => {
    get({ host: "127.0.0.1", port, headers: { host } }, (answer) => resolve(void answer.resume())).on("error", reject);
  });
}

/** Exactly the documented file, with names and ports of this test. */
function documented(file: string, { portal, application: upstream }: Places): string {
  return readFileSync(join(root, "docs", file), "utf8")
    .replaceAll("127.0.0.1:3000", portal.host)
    .replaceAll("127.0.0.1:9000", `127.0.0.1:${upstream}`);
}

/** Writes what the proxy reads; answers how it is started. */
const configure: Record<Proxy, (places: Places) => string[]> = {
  nginx(places) {
    const { folder, name, port, portal } = places;
    const site = documented("nginx.conf", places)
      .replaceAll("X-Forwarded-Host wiki.example.com", `X-Forwarded-Host ${name}:${port}`)
      .replaceAll("wiki.example.com", name)
      .replaceAll("partners.example.com", portal.host)
      .replaceAll("listen 80", `listen 127.0.0.1:${port}`);
    writeFileSync(join(folder, "site.conf"), site);
    const paths = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"].map((kind) => `${kind}_temp_path ${join(folder, kind)};`).join(" ");
    writeFileSync(
      join(folder, "nginx.conf"),
      `daemon off; master_process off; pid ${join(folder, "pid")}; error_log stderr warn;\nevents {}\nhttp { access_log off; ${paths} include ${join(folder, "site.conf")}; }\n`,
    );
    return ["-p", folder, "-e", "stderr", "-c", join(folder, "nginx.conf")];
  },
  caddy(places) {
    const { folder, name, port } = places;
    const site = documented("Caddyfile", places).replaceAll("wiki.example.com {", `http://${name}:${port} {\n\tbind 127.0.0.1`);
    const alone = "{\n\tadmin off\n\tauto_https off\n}\n";
    writeFileSync(join(folder, "Caddyfile"), alone + site);
    return ["run", "--adapter", "caddyfile", "--config", join(folder, "Caddyfile")];
  },
};

/** Starts both; `portal` is where the portal listens. */
export async function startProxied(proxy: Proxy, portal: URL): Promise<Proxied> {
  const binary = execFileSync(join(root, "scripts", "setup-proxies.sh"), [proxy], { encoding: "utf8", stdio: ["ignore", "pipe", "inherit"] }).trim();
  let last: IncomingHttpHeaders | undefined;
  const upstream = application((headers) => (last = headers));
  await new Promise<void>((resolve) => upstream.listen(0, "127.0.0.1", resolve));
  const port = await freePort();
  const folder = mkdtempSync(join(tmpdir(), `portico-${proxy}-`));
  const name = "wiki.localhost";
  const options = configure[proxy]({ folder, name, port, portal, application: (upstream.address() as AddressInfo).port });
  const log = join(folder, "log");
  const env = { ...process.env, XDG_CONFIG_HOME: folder, XDG_DATA_HOME: folder };
  const child = spawn(binary, options, { stdio: ["ignore", openSync(log, "a"), openSync(log, "a")], env });
  const limit = Date.now() + 15_000;
  for (;;) {
    if (child.exitCode !== null || Date.now() > limit) throw new Error(`${proxy} does not start: ${readFileSync(log, "utf8")}`);
    try {
      await answers(port, `${name}:${port}`);
      break;
    } catch {
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }
  return {
    url: `http://${name}:${port}`,
    port,
    host: `${name}:${port}`,
    last: () => last,
    async stop() {
      await end(child);
      upstream.closeAllConnections();
      upstream.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
