// Starts one provider by hand and says where it is, until Ctrl+C:
//
//   npx tsx end2end/providers/run.ts oidc  [port] [redirect uri]      a certified OpenID provider; sign in as ada, bob or carol
//   npx tsx end2end/providers/run.ts lies  [port] [kind]              an OpenID provider that lies
//   npx tsx end2end/providers/run.ts lemon [port] [SP metadata file] [redirect uri]   LemonLDAP::NG; dwho, rtyler, msmith
//   npx tsx end2end/providers/run.ts saml  [port] [SP metadata file] [kind]           a SAML provider, with bad manners if wanted
//   npx tsx end2end/providers/run.ts dns   [port] [name=value …]      a name server with TXT records

import { readFileSync } from "node:fs";
import * as dns from "./dns";
import * as lemonldap from "./lemonldap";
import * as misbehaving from "./misbehaving";
import * as oidc from "./oidc-provider";
import * as saml from "./samlify";
import type { Running } from "./support";

const [what = "", portText = "0", ...rest] = process.argv.slice(2);
const port = Number(portText) || undefined;
const client = { client_id: "portal", client_secret: "0123456789abcdef" };
const redirect = (given: string | undefined) => [given ?? "http://127.0.0.1:3000/federation/callback"];
const ada = { sub: "ada", email: "ada@acme.example", email_verified: true, given_name: "Ada", family_name: "Byron", groups: ["engineers"], contract_status: "active" };

const starters: Record<string, () => Promise<Running>> = {
  oidc: () =>
    oidc.start({
      port,
      people: [ada, { ...ada, sub: "bob", email: "bob@acme.example", given_name: "Bob" }, { ...ada, sub: "carol", email: "carol@acme.example", email_verified: false }],
      clients: [{ ...client, redirect_uris: redirect(rest[0]) }],
    }),
  lies: async () => {
    const provider = await misbehaving.start({ port, person: ada, clientSecret: client.client_secret });
    provider.misbehave(known(rest[0] ?? "good", ["good", "userinfo-only", ...Object.keys(misbehaving.lies)]) as misbehaving.Kind);
    return provider;
  },
  lemon: () =>
    lemonldap.start({
      port,
      serviceProviders: rest[0] ? { portal: { metadata: readFileSync(rest[0], "utf8") } } : {},
      relyingParties: { portal: { ...client, redirect_uris: redirect(rest[1]) } },
    }),
  saml: async () => {
    const person = { nameId: ada.email, attributes: { mail: ada.email, groups: ada.groups } };
    const provider = await saml.start({ port, person, spMetadata: rest[0] ? readFileSync(rest[0], "utf8") : undefined });
    provider.respond(known(rest[1] ?? "good", ["good", "signed-response", "both-signed", "comment-in-name", "unsolicited", ...Object.keys(saml.misdeeds)]) as saml.Kind);
    return provider;
  },
  dns: () => {
    const records: Record<string, string[]> = {};
    for (const pair of rest) {
      const [name = "", ...value] = pair.split("=");
      (records[name] ??= []).push(value.join("="));
    }
    return dns.start({ port, records });
  },
};

function known(kind: string, kinds: string[]): string {
  if (!kinds.includes(kind)) throw new Error(`unknown kind ${kind}; one of: ${kinds.join(", ")}`);
  return kind;
}

const starter = starters[what];
if (!starter) throw new Error(`what to run? one of: ${Object.keys(starters).join(", ")}`);
const running = await starter();
console.log(`${running.url}${what === "dns" ? "" : `   client ${client.client_id}, secret ${client.client_secret}`}`);
for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => void running.stop().then(() => process.exit(0)));
