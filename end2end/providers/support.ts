// What the providers share: free ports, a key with a certificate, loopback HTTP servers, and a visitor without scripts.

import { createPrivateKey, createPublicKey, generateKeyPairSync, randomBytes, sign, X509Certificate } from "node:crypto";
import { createServer, type RequestListener, type Server } from "node:http";
import type { AddressInfo } from "node:net";

/** Something that a test has started. */
export interface Running {
  /** Where it is, without a slash at the end. */
  url: string;
  stop(): Promise<void>;
}

/** Listens on the loopback interface; port 0 takes a free one. */
export async function listen(handler: RequestListener, port = 0): Promise<{ server: Server; port: number }> {
  const server = createServer(handler);
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, "127.0.0.1", resolve);
  });
  return { server, port: (server.address() as AddressInfo).port };
}

/** Closes it, and the connections that somebody keeps open. */
export async function close(server: Server): Promise<void> {
  const closed = new Promise<void>((resolve) => server.close(() => resolve()));
  server.closeAllConnections();
  await closed;
}

/** An RSA key with a self-signed certificate, both PEM. */
export interface KeyPair {
  privateKey: string;
  certificate: string;
}

/** Node makes keys but no certificates: X.509 v3 (RFC 5280 §4.1) written out, signed with SHA-256. */
export function makeKeyPair(name = "identity provider under test", validity: { from?: Date; until?: Date } = {}): KeyPair {
  const { privateKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
  const element = (tag: number, ...parts: Uint8Array[]): Buffer => {
    const body = Buffer.concat(parts);
    const bytes: number[] = [];
    for (let rest = body.length; rest > 0; rest >>= 8) bytes.unshift(rest & 0xff);
    const length = body.length < 0x80 ? [body.length] : [0x80 | bytes.length, ...bytes];
    return Buffer.concat([Buffer.from([tag, ...length]), body]);
  };
  const sequence = (...parts: Uint8Array[]) => element(0x30, ...parts);
  // UTCTime, which serves until 2049 (RFC 5280 §4.1.2.5).
  const time = (date: Date) => element(0x17, Buffer.from(`${date.toISOString().replace(/[-:T]/g, "").slice(2, 14)}Z`));
  const sha256WithRsa = sequence(element(0x06, Buffer.from("2a864886f70d01010b", "hex")), element(0x05));
  const commonName = sequence(element(0x31, sequence(element(0x06, Buffer.from("550403", "hex")), element(0x0c, Buffer.from(name)))));
  const day = 24 * 3600 * 1000;
  const content = sequence(
    element(0xa0, element(0x02, Buffer.from([2]))),
    element(0x02, Buffer.concat([Buffer.from([1]), randomBytes(8)])),
    sha256WithRsa,
    commonName,
    sequence(time(validity.from ?? new Date(Date.now() - day)), time(validity.until ?? new Date(Date.now() + 365 * day))),
    commonName,
    createPublicKey(privateKey).export({ type: "spki", format: "der" }),
  );
  const der = sequence(content, sha256WithRsa, element(0x03, Buffer.from([0]), sign("sha256", content, privateKey)));
  const certificate = new X509Certificate(der);
  if (!certificate.verify(createPublicKey(privateKey))) throw new Error("the certificate does not verify");
  return { privateKey: privateKey.export({ type: "pkcs8", format: "pem" }).toString(), certificate: certificate.toString() };
}

/** The base64 inside a PEM, as metadata shows it. */
export function bare(pem: string): string {
  return pem.replace(/-----[^-]+-----/g, "").replace(/\s/g, "");
}

export function publicPem(privateKey: string): string {
  return createPublicKey(createPrivateKey(privateKey)).export({ type: "spki", format: "pem" }).toString();
}

export function escape(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}

function unescape(text: string): string {
  const named: Record<string, string> = { amp: "&", lt: "<", gt: ">", quot: '"', apos: "'" };
  return text
    .replace(/&#x([0-9a-f]+);/gi, (_, digits: string) => String.fromCodePoint(parseInt(digits, 16)))
    .replace(/&#(\d+);/g, (_, digits: string) => String.fromCodePoint(Number(digits)))
    .replace(/&(amp|lt|gt|quot|apos);/g, (_, name: string) => named[name] ?? "");
}

/** A small form page that works with and without scripts. */
export function formPage(title: string, body: string): string {
  return `<!doctype html><html lang="en"><head><meta charset="utf-8"><title>${escape(title)}</title></head>
<body><main><h1>${escape(title)}</h1>${body}</main></body></html>`;
}

/** What the visitor sees after following redirects. */
export interface Page {
  url: string;
  status: number;
  body: string;
}

/**
 * A browser without scripts: keeps cookies per host, follows redirects and sends forms. It stops, without asking for it,
 * at an address that begins with one of `stopAt`: that is where the relying party takes over.
 */
export class Visitor {
  private readonly cookies = new Map<string, Map<string, string>>();

  constructor(private readonly stopAt: string[] = []) {}

  async get(url: string): Promise<Page> {
    return this.request(url, { method: "GET" });
  }

  /** Sends the first form of the page with its hidden fields and these values. */
  async submit(page: Page, values: Record<string, string> = {}): Promise<Page> {
    const form = readForm(page);
    const fields = new URLSearchParams({ ...form.fields, ...values });
    if (form.method !== "post") return this.get(`${form.action}?${fields}`);
    return this.request(form.action, { method: "POST", body: fields });
  }

  private async request(start: string, first: { method: string; body?: URLSearchParams }): Promise<Page> {
    let url = start;
    let { method, body } = first;
    for (let hops = 0; hops < 20; hops += 1) {
      if (this.stopAt.some((prefix) => url.startsWith(prefix))) return { url, status: 0, body: body?.toString() ?? "" };
      const { hostname } = new URL(url);
      const jar = this.cookies.get(hostname) ?? new Map<string, string>();
      this.cookies.set(hostname, jar);
      const cookie = [...jar].map(([name, value]) => `${name}=${value}`).join("; ");
      const response = await fetch(url, { method, body, redirect: "manual", headers: cookie ? { cookie } : {} });
      for (const line of response.headers.getSetCookie()) {
        const [, name = "", value = ""] = line.match(/^([^=]+)=([^;]*)/) ?? [];
        const age = line.match(/;\s*max-age=(-?\d+)/i)?.[1];
        const end = line.match(/;\s*expires=([^;]+)/i)?.[1];
        const over = (age !== undefined && Number(age) <= 0) || (age === undefined && end !== undefined && Date.parse(end) <= Date.now());
        if (over) jar.delete(name);
        else jar.set(name, value);
      }
      const location = response.headers.get("location");
      if (!location || response.status < 300 || response.status > 399) return { url, status: response.status, body: await response.text() };
      await response.body?.cancel();
      url = new URL(location, url).href;
      if (response.status !== 307 && response.status !== 308) [method, body] = ["GET", undefined];
    }
    throw new Error(`too many redirects from ${start}`);
  }
}

/** The first form of a page. */
export function readForm(page: Page): { action: string; method: string; fields: Record<string, string> } {
  const [, tag = "", content = ""] = page.body.match(/<form\b([^>]*)>([\s\S]*?)<\/form>/i) ?? [];
  if (!content) throw new Error(`no form at ${page.url} (status ${page.status}):\n${page.body.slice(0, 2000)}`);
  const attribute = (text: string, name: string) => {
    const found = text.match(new RegExp(`(?:^|\\s)${name}\\s*=\\s*(?:"([^"]*)"|'([^']*)')`, "i"));
    return found ? unescape(found[1] ?? found[2] ?? "") : undefined;
  };
  const fields: Record<string, string> = {};
  for (const [, input = ""] of content.matchAll(/<input\b([^>]*)>/gi)) {
    const name = attribute(input, "name");
    const type = attribute(input, "type") ?? "text";
    if (name && type !== "submit" && !(type === "checkbox" && !/\schecked/i.test(input))) fields[name] = attribute(input, "value") ?? "";
  }
  const action = attribute(tag, "action") ?? "";
  return { action: action === "#" ? page.url : new URL(action, page.url).href, method: (attribute(tag, "method") ?? "get").toLowerCase(), fields };
}
