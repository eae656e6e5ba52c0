// LemonLDAP::NG as Debian packages it: a SAML 2.0 identity provider and an OpenID provider that others have written.
// Each instance has its own folder, keys and people, and listens on a loopback port without TLS.

import { execFileSync, spawn, type ChildProcess } from "node:child_process";
import { createPrivateKey } from "node:crypto";
import { chownSync, createWriteStream, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { homedir, tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { makeKeyPair, type KeyPair, type Running } from "./support";

/** Somebody who can sign in; the password is the `uid`. Further fields can be exported by name. */
export interface LemonPerson {
  uid: string;
  cn: string;
  mail: string;
  groups?: string[];
  [attribute: string]: string | string[] | undefined;
}

/** A SAML service provider. */
export interface ServiceProvider {
  /** Its metadata, XML. */
  metadata: string;
  /** Person's field → name of the SAML attribute; default: mail, cn, uid, groups under their own names. */
  attributes?: Record<string, string>;
  /** Default: email. */
  nameIdFormat?: "email" | "persistent" | "transient" | "unspecified";
  /** Whether the whole response is signed; default: as the metadata says (`WantAssertionsSigned`). */
  signResponse?: boolean;
  /** Whether unsigned AuthnRequests and logout messages are refused; default: yes. */
  checkSignatures?: boolean;
  encrypt?: "none" | "assertion" | "nameid";
  signatureMethod?: "RSA_SHA1" | "RSA_SHA256" | "RSA_SHA384" | "RSA_SHA512";
}

/** An OpenID Connect relying party. */
export interface RelyingParty {
  client_id: string;
  /** Letters and digits only: this provider does not form-decode HTTP Basic credentials. */
  client_secret: string;
  redirect_uris: string[];
  post_logout_redirect_uris?: string[];
  /** Person's field → claim; default: email, name, preferred_username, groups. */
  claims?: Record<string, string>;
  algorithm?: "RS256" | "RS512" | "HS256";
  /** Whether the claims stand in the ID token already (the default) or only at the userinfo endpoint. */
  claimsInIdToken?: boolean;
}

export interface LemonOptions {
  /** Replaces the demo people dwho, rtyler and msmith. */
  people?: LemonPerson[];
  /** By a name of one's own. */
  serviceProviders?: Record<string, ServiceProvider>;
  relyingParties?: Record<string, RelyingParty>;
  /** Default: a free one. */
  port?: number;
  /** The host name in its addresses; it has to lead to 127.0.0.1 for everybody concerned. Default: 127.0.0.1. */
  host?: string;
  keys?: KeyPair;
  /** Any other key of LemonLDAP::NG's configuration. */
  configuration?: Record<string, unknown>;
}

export interface Lemon extends Running {
  port: number;
  /** SAML entity id, `URL/saml/metadata`. */
  entityId: string;
  /** OpenID issuer: `URL/`, with the slash. */
  issuer: string;
  keys: KeyPair;
  people: LemonPerson[];
  /** The identity provider's SAML metadata, XML. */
  metadata(): Promise<string>;
  /** Starts anew on the same port with these options changed; people stay signed in. */
  reconfigure(changes: Omit<LemonOptions, "port" | "host">): Promise<void>;
  /** What it has logged. */
  log(): string;
}

export const demoPeople: LemonPerson[] = [
  { uid: "dwho", cn: "Doctor Who", mail: "dwho@badwolf.org", groups: ["timelords", "users"] },
  { uid: "rtyler", cn: "Rose Tyler", mail: "rtyler@badwolf.org", groups: ["earthlings", "users"] },
  { uid: "msmith", cn: "Mickey Smith", mail: "msmith@badwolf.org", groups: ["earthlings", "users"] },
];

const cache = process.env.PROJECT_CACHE ?? join(process.env.XDG_CACHE_HOME ?? join(homedir(), ".cache"), "portico");

/** Where the packages are: installed, or unpacked by scripts/setup-lemonldap.sh. */
function installation(): { root: string; environment: NodeJS.ProcessEnv } {
  const unpacked = join(cache, "lemonldap");
  const root = ["/", unpacked].find((place) => existsSync(join(place, "usr/share/perl5/Lemonldap/NG/Portal/Main.pm")) && existsSync(join(place, "usr/bin/starman")));
  if (root === undefined) throw new Error("LemonLDAP::NG is not installed: run scripts/setup-lemonldap.sh");
  if (root === "/") return { root, environment: {} };
  const libraries = readdirSync(join(root, "usr/lib"), { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && entry.name.includes("-linux-"))
    .map((entry) => join(root, "usr/lib", entry.name));
  const modules = [join(root, "usr/share/perl5"), ...libraries.flatMap((folder) => [join(folder, "perl5"), ...versions(join(folder, "perl5"))])];
  return {
    root,
    environment: { PERL5LIB: modules.join(delimiter), LD_LIBRARY_PATH: [...libraries, join(root, "usr/lib")].join(delimiter) },
  };
}

function versions(folder: string): string[] {
  return existsSync(folder) ? readdirSync(folder).map((version) => join(folder, version)) : [];
}

/** Starts it and waits until it answers. */
export async function start(options: LemonOptions = {}): Promise<Lemon> {
  const { root, environment } = installation();
  const port = options.port ?? (await freePort());
  const url = `http://${options.host ?? "127.0.0.1"}:${port}`;
  let current: LemonOptions & { keys: KeyPair; people: LemonPerson[] } = {
    ...options,
    keys: options.keys ?? makeKeyPair(),
    people: options.people ?? demoPeople,
  };
  const folder = mkdtempSync(join(tmpdir(), "portico-lemonldap-"));
  const logFile = join(folder, "server.log");
  const log = () => (existsSync(logFile) ? readFileSync(logFile, "utf8") : "");
  // Started by root, the workers run as somebody who owns this folder and nothing else. Unpacked packages are in root's
  // own cache, where nobody else can read them.
  const account = process.getuid?.() === 0 && root === "/" ? unprivileged() : undefined;
  for (const part of ["", "conf", "sessions", "sessions/lock", "psessions", "psessions/lock", "notifications", "cache"]) {
    mkdirSync(join(folder, part), { recursive: true });
    if (account) chownSync(join(folder, part), account.uid, account.gid);
  }
  let child: ChildProcess | undefined;
  // A test that is cut short stops nothing, its process still ends.
  const abandon = () => {
    child?.kill("SIGTERM");
    rmSync(folder, { recursive: true, force: true });
  };
  process.once("exit", abandon);

  function write(name: string, text: string): void {
    writeFileSync(join(folder, name), text, { mode: 0o640 });
    if (account) chownSync(join(folder, name), account.uid, account.gid);
  }

  async function run(): Promise<void> {
    const packaged = JSON.parse(readFileSync(join(root, "var/lib/lemonldap-ng/conf/lmConf-1.json"), "utf8")) as Record<string, unknown>;
    write("conf/lmConf-1.json", JSON.stringify({ ...packaged, ...configuration(current, { url, port, folder }) }, null, 2));
    write("people.json", JSON.stringify(current.people));
    write("lemonldap-ng.ini", settings(folder, root));
    write("app.psgi", application(folder, root));
    const user = account ? ["--user", account.name, "--group", account.name] : [];
    const args = [join(root, "usr/bin/starman"), "--preload-app", "--workers", "2", "--listen", `127.0.0.1:${port}`, ...user, join(folder, "app.psgi")];
    const env = { ...process.env, ...environment, LLNG_DEFAULTCONFFILE: join(folder, "lemonldap-ng.ini") };
    child = spawn("perl", args, { cwd: folder, env, stdio: ["ignore", "pipe", "pipe"] });
    const output = createWriteStream(logFile, { flags: "a" });
    child.stdout?.pipe(output, { end: false });
    child.stderr?.pipe(output, { end: false });
    child.once("close", () => output.end());
    const limit = Date.now() + 30_000;
    for (;;) {
      if (child.exitCode !== null) throw new Error(`LemonLDAP::NG ended with status ${child.exitCode}:\n${log()}`);
      try {
        const response = await fetch(`http://127.0.0.1:${port}/saml/metadata`);
        if (response.ok) return;
        if (Date.now() > limit) throw new Error(`LemonLDAP::NG answers ${response.status}:\n${log()}`);
      } catch (error) {
        if (Date.now() > limit) throw error;
      }
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }

  async function end(): Promise<void> {
    const running = child;
    child = undefined;
    if (!running || running.exitCode !== null || running.signalCode !== null) return;
    const ended = new Promise((resolve) => running.once("exit", resolve));
    running.kill("SIGTERM");
    const timer = setTimeout(() => running.kill("SIGKILL"), 10_000);
    await ended;
    clearTimeout(timer);
  }

  async function stop(): Promise<void> {
    await end();
    process.off("exit", abandon);
    rmSync(folder, { recursive: true, force: true });
  }

  try {
    await run();
  } catch (error) {
    await stop();
    throw error;
  }

  return {
    url,
    port,
    entityId: `${url}/saml/metadata`,
    issuer: `${url}/`,
    get keys() {
      return current.keys;
    },
    get people() {
      return current.people;
    },
    async metadata() {
      return (await fetch(`http://127.0.0.1:${port}/saml/metadata/idp`)).text();
    },
    async reconfigure(changes) {
      current = { ...current, ...changes, keys: changes.keys ?? current.keys, people: changes.people ?? current.people };
      await end();
      await run();
    },
    log,
    stop,
  };
}

/** What differs from the packaged configuration. The keys are those of Lemonldap::NG::Manager::Attributes. */
function configuration(options: LemonOptions & { keys: KeyPair; people: LemonPerson[] }, place: { url: string; port: number; folder: string }): Record<string, unknown> {
  // Some of its modules read PKCS #1 only.
  const privateKey = createPrivateKey(options.keys.privateKey).export({ type: "pkcs1", format: "pem" }).toString();
  const { hostname } = new URL(place.url);
  const fields = [...new Set(options.people.flatMap((person) => Object.keys(person)))].filter((field) => field !== "groups");
  const sessions = (kind: string) => ({
    Directory: join(place.folder, kind),
    LockDirectory: join(place.folder, kind, "lock"),
    generateModule: "Lemonldap::NG::Common::Apache::Session::Generate::SHA256",
  });
  const each = <In, Out>(from: Record<string, In> | undefined, make: (value: In) => Out) =>
    Object.fromEntries(Object.entries(from ?? {}).map(([name, value]) => [name, make(value)]));
  return {
    portal: `${place.url}/`,
    domain: hostname,
    // Cookies do not know ports: two providers on one host must not take each other's.
    cookieName: `lemonldap${place.port}`,
    // With SAML its default is None, which browsers refuse without TLS.
    sameSite: "Lax",
    applicationList: {},
    locationRules: { [hostname]: { default: "accept" } },
    exportedHeaders: {},
    reloadUrls: {},
    demoExportedVars: Object.fromEntries(fields.map((field) => [field, field])),
    notification: 0,
    globalStorageOptions: sessions("sessions"),
    persistentStorageOptions: sessions("psessions"),
    localSessionStorageOptions: {
      cache_root: join(place.folder, "cache"),
      cache_depth: 3,
      default_expires_in: 600,
      directory_umask: "007",
      namespace: "lemonldap-ng-sessions",
    },

    issuerDBSAMLActivation: 1,
    samlServicePrivateKeySig: privateKey,
    samlServicePublicKeySig: options.keys.certificate,
    samlServiceUseCertificateInResponse: 1,
    samlServiceSignatureMethod: "RSA_SHA256",
    samlSPMetaDataXML: each(options.serviceProviders, ({ metadata }) => ({ samlSPMetaDataXML: metadata })),
    samlSPMetaDataExportedAttributes: each(options.serviceProviders, ({ attributes }) =>
      each(attributes ?? { mail: "mail", cn: "cn", uid: "uid", groups: "groups" }, (name) => `0;${name};urn:oasis:names:tc:SAML:2.0:attrname-format:basic;`),
    ),
    samlSPMetaDataOptions: each(options.serviceProviders, (provider) => ({
      samlSPMetaDataOptionsNameIDFormat: provider.nameIdFormat ?? "email",
      samlSPMetaDataOptionsSignSSOMessage: provider.signResponse === undefined ? -1 : Number(provider.signResponse),
      samlSPMetaDataOptionsSignSLOMessage: 1,
      samlSPMetaDataOptionsCheckSSOMessageSignature: Number(provider.checkSignatures ?? true),
      samlSPMetaDataOptionsCheckSLOMessageSignature: Number(provider.checkSignatures ?? true),
      samlSPMetaDataOptionsEncryptionMode: provider.encrypt ?? "none",
      samlSPMetaDataOptionsSignatureMethod: provider.signatureMethod ?? "",
      samlSPMetaDataOptionsEnableIDPInitiatedURL: 1,
    })),

    issuerDBOpenIDConnectActivation: 1,
    oidcServicePrivateKeySig: privateKey,
    oidcServicePublicKeySig: options.keys.certificate,
    oidcServiceKeyIdSig: `lemon-${place.port}`,
    oidcServiceIgnoreScopeForClaims: 1,
    oidcRPMetaDataOptions: each(options.relyingParties, (party) => ({
      oidcRPMetaDataOptionsClientID: party.client_id,
      oidcRPMetaDataOptionsClientSecret: party.client_secret,
      oidcRPMetaDataOptionsRedirectUris: party.redirect_uris.join(" "),
      oidcRPMetaDataOptionsPostLogoutRedirectUris: (party.post_logout_redirect_uris ?? []).join(" "),
      oidcRPMetaDataOptionsIDTokenSignAlg: party.algorithm ?? "RS256",
      oidcRPMetaDataOptionsIDTokenForceClaims: Number(party.claimsInIdToken ?? true),
      oidcRPMetaDataOptionsBypassConsent: 1,
      oidcRPMetaDataOptionsLogoutBypassConfirm: 1,
      oidcRPMetaDataOptionsUserIDAttr: "uid",
      oidcRPMetaDataOptionsAccessTokenExpiration: 600,
    })),
    oidcRPMetaDataExportedVars: each(options.relyingParties, ({ claims }) =>
      Object.fromEntries(
        Object.entries(claims ?? { mail: "email", cn: "name", uid: "preferred_username", groups: "groups" }).map(([field, claim]) => [
          claim,
          field === "groups" ? `${field};string;always` : field,
        ]),
      ),
    ),
    ...options.configuration,
  };
}

function settings(folder: string, root: string): string {
  return `[all]
logLevel = notice
checkTime = 1

[configuration]
type = File
dirName = ${join(folder, "conf")}
localStorage = Cache::FileCache
localStorageOptions = { 'namespace' => 'lemonldap-ng-config', 'default_expires_in' => 600, 'directory_umask' => '007', 'cache_root' => '${join(folder, "cache")}', 'cache_depth' => 3 }

[portal]
staticPrefix = /static
templateDir = ${join(root, "usr/share/lemonldap-ng/portal/templates")}
languages = en

[handler]
status = 0
`;
}

/** The portal with its style sheets and scripts, and our people in place of the demo's. */
function application(folder: string, root: string): string {
  return `use strict;
use warnings;
use JSON;
use Plack::Builder;
use Lemonldap::NG::Portal::Main;
use Lemonldap::NG::Portal::UserDB::Demo;

open my $file, '<', '${join(folder, "people.json")}' or die "people.json: $!";
my $people = decode_json( join '', <$file> );
close $file;
%Lemonldap::NG::Portal::UserDB::Demo::demoAccounts = ();
%Lemonldap::NG::Portal::UserDB::Demo::demoGroups   = ();
for my $person (@$people) {
    my %fields = %$person;
    push @{ $Lemonldap::NG::Portal::UserDB::Demo::demoGroups{$_} }, $fields{uid} for @{ delete $fields{groups} || [] };
    $_ = join '; ', @$_ for grep { ref } values %fields;
    $Lemonldap::NG::Portal::UserDB::Demo::demoAccounts{ $fields{uid} } = \\%fields;
}

builder {
    enable 'Static', path => qr{^/static/}, root => '${join(root, "usr/share/lemonldap-ng/portal/htdocs")}';
    enable 'Static', path => sub { s{^/javascript/}{} }, root => '${join(root, "usr/share/javascript")}';
    Lemonldap::NG::Portal::Main->run( {} );
};
`;
}

function unprivileged(): { name: string; uid: number; gid: number } {
  for (const name of ["www-data", "nobody"]) {
    try {
      const number = (flag: string) => Number(execFileSync("id", [flag, name], { stdio: ["ignore", "pipe", "ignore"] }).toString());
      const group = execFileSync("id", ["-gn", name], { stdio: ["ignore", "pipe", "ignore"] }).toString().trim();
      if (group === name) return { name, uid: number("-u"), gid: number("-g") };
    } catch {
      // no such account
    }
  }
  throw new Error("no account www-data to run LemonLDAP::NG as");
}

async function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const address = server.address();
      server.close(() => resolve(typeof address === "object" && address ? address.port : 0));
    });
  });
}
