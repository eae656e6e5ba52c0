// A real nginx with the configuration that docs/nginx.conf shows, in front of an application that shows the headers it gets.

import { execFileSync, spawn } from "node:child_process";
import { createServer, get, type IncomingHttpHeaders, type Server } from "node:http";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
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

/** Starts both; `portal` is where the portal listens. The host's name leads to this machine (RFC 6761 §6.3). */
export async function startProxied(portal: URL): Promise<Proxied> {
  const binary = execFileSync(join(root, "scripts", "setup-nginx.sh"), { encoding: "utf8", stdio: ["ignore", "pipe", "inherit"] }).trim();
  let last: IncomingHttpHeaders | undefined;
  const upstream = application((headers) => (last = headers));
  await new Promise<void>((resolve) => upstream.listen(0, "127.0.0.1", resolve));
  const port = await freePort();
  const folder = mkdtempSync(join(tmpdir(), "portico-nginx-"));
  const name = "wiki.localhost";
  // Exactly the documented file, with names and ports of this test.
  const documented = readFileSync(join(root, "docs", "nginx.conf"), "utf8")
    .replaceAll("X-Forwarded-Host wiki.example.com", `X-Forwarded-Host ${name}:${port}`)
    .replaceAll("wiki.example.com", name)
    .replaceAll("partners.example.com", portal.host)
    .replaceAll("127.0.0.1:3000", portal.host)
    .replaceAll("127.0.0.1:9000", `127.0.0.1:${(upstream.address() as AddressInfo).port}`)
    .replaceAll("listen 80", `listen 127.0.0.1:${port}`);
  writeFileSync(join(folder, "site.conf"), documented);
  const paths = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"].map((kind) => `${kind}_temp_path ${join(folder, kind)};`).join(" ");
  writeFileSync(
    join(folder, "nginx.conf"),
    `daemon off; master_process off; pid ${join(folder, "pid")}; error_log ${join(folder, "error.log")} warn;\nevents {}\nhttp { access_log off; ${paths} include ${join(folder, "site.conf")}; }\n`,
  );
  const child = spawn(binary, ["-p", folder, "-e", join(folder, "error.log"), "-c", join(folder, "nginx.conf")], { stdio: "ignore" });
  const limit = Date.now() + 15_000;
  for (;;) {
    if (child.exitCode !== null || Date.now() > limit) throw new Error(`nginx does not start: ${readFileSync(join(folder, "error.log"), "utf8")}`);
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
