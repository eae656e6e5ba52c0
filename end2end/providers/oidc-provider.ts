// A certified OpenID provider (npm oidc-provider) with people and clients that a test names. Signing in is one form with
// one field, the person's login name; it needs no scripts.

import { randomBytes, randomUUID } from "node:crypto";
import type { IncomingMessage, ServerResponse } from "node:http";
import { exportJWK, generateKeyPair } from "jose";
import { Provider, type Adapter, type AdapterPayload, type ClientMetadata, type Configuration, type JWK, type KoaContextWithOIDC } from "oidc-provider";
import { close, escape, formPage, listen, type Running } from "./support";

export type SigningAlgorithm = "RS256" | "PS256" | "ES256" | "EdDSA";

/** Somebody who can sign in. Every further field is a claim of its own. */
export interface Person {
  /** What is typed at sign-in; default: the part of the e-mail address before the @, else `sub`. */
  login?: string;
  sub: string;
  email?: string;
  email_verified?: boolean;
  name?: string;
  given_name?: string;
  family_name?: string;
  groups?: string[];
  /** How the person has signed in (OpenID Connect Core §2). */
  acr?: string;
  amr?: string[];
  [claim: string]: unknown;
}

export interface Client {
  client_id: string;
  client_secret?: string;
  redirect_uris: string[];
  /** Default: client_secret_basic. */
  token_endpoint_auth_method?: "client_secret_basic" | "client_secret_post" | "private_key_jwt" | "none";
  /** For private_key_jwt: the client's public keys, or where they are. */
  jwks?: { keys: JWK[] };
  jwks_uri?: string;
  token_endpoint_auth_signing_alg?: string;
  backchannel_logout_uri?: string;
  backchannel_logout_session_required?: boolean;
  post_logout_redirect_uris?: string[];
  /** Default: the provider's `algorithm`. */
  id_token_signed_response_alg?: SigningAlgorithm;
}

export interface OidcProviderOptions {
  people: Person[];
  clients: Client[];
  /** How ID tokens are signed; default RS256. */
  algorithm?: SigningAlgorithm;
  /** Default: a free one. */
  port?: number;
  /** The host name in the issuer; it has to lead to 127.0.0.1 for everybody concerned. Default: 127.0.0.1. */
  host?: string;
  /** Whether the claims stand in the ID token already (the default) or only at the userinfo endpoint. */
  claimsInIdToken?: boolean;
  /** Which claims a scope asks for, beyond those of OpenID Connect. Default: every claim of the people, with `openid`. */
  scopes?: Record<string, string[]>;
}

export interface OidcProvider extends Running {
  /** The same as `url`. */
  issuer: string;
  port: number;
  /** What the provider could not do, for example deliver a logout token. */
  errors: string[];
  /** How many logout tokens have been delivered. */
  logoutsDelivered(): number;
  /** Takes effect at the person's next sign-in or token. */
  setPerson(person: Person): void;
  removePerson(sub: string): void;
  /** Registers a client, or changes one. */
  setClient(client: Client): void;
  /**
   * From now on another key signs; answers with its kid. The former one stays published unless it is `forgotten`.
   * Sessions at the provider go on.
   */
  rotate(options?: { forget?: boolean }): Promise<string>;
  /** The key ids that are published, those that sign first. */
  kids(): string[];
}

const standardClaims: Record<string, string[]> = {
  profile: ["name", "given_name", "family_name", "preferred_username"],
  email: ["email", "email_verified"],
};

/** Sessions, codes and tokens, in memory: the provider's own would not outlive a change of keys. */
class Storage {
  private readonly entries = new Map<string, { payload: AdapterPayload; until: number }>();

  of(kind: string): Adapter {
    const { entries } = this;
    const find = (fits: (payload: AdapterPayload, key: string) => boolean) => {
      for (const [key, { payload, until }] of entries) {
        if (key.startsWith(`${kind}:`) && until > Date.now() && fits(payload, key)) return payload;
      }
      return undefined;
    };
    return {
      async upsert(id, payload, expiresIn) {
        entries.set(`${kind}:${id}`, { payload: structuredClone(payload), until: expiresIn ? Date.now() + expiresIn * 1000 : Infinity });
      },
      find: async (id) => find((_payload, key) => key === `${kind}:${id}`),
      findByUid: async (uid) => find((payload) => payload.uid === uid),
      findByUserCode: async (code) => find((payload) => payload.userCode === code),
      async consume(id) {
        const entry = entries.get(`${kind}:${id}`);
        if (entry) entry.payload.consumed = Math.floor(Date.now() / 1000);
      },
      destroy: async (id) => void entries.delete(`${kind}:${id}`),
      async revokeByGrantId(grantId) {
        for (const [key, { payload }] of entries) if (key.startsWith(`${kind}:`) && payload.grantId === grantId) entries.delete(key);
      },
    };
  }
}

async function makeKeys(): Promise<JWK[]> {
  const kinds: [string, string][] = [
    ["RS256", "RSA"],
    ["ES256", "EC"],
    ["Ed25519", "OKP"],
  ];
  return Promise.all(
    kinds.map(async ([algorithm, name]) => {
      const { privateKey } = await generateKeyPair(algorithm, { extractable: true });
      // One RSA key serves RS256 and PS256, so no key names its algorithm.
      return { ...(await exportJWK(privateKey)), kid: `${name.toLowerCase()}-${randomBytes(6).toString("hex")}`, use: "sig" } as JWK;
    }),
  );
}

export function loginOf(person: Person): string {
  return person.login ?? person.email?.split("@")[0] ?? person.sub;
}

/** Starts it. */
export async function start(options: OidcProviderOptions): Promise<OidcProvider> {
  const algorithm = options.algorithm ?? "RS256";
  const people = new Map(options.people.map((person) => [person.sub, person]));
  const clients = new Map(options.clients.map((client) => [client.client_id, client]));
  const cookieKey = randomBytes(32).toString("hex");
  const errors: string[] = [];
  let delivered = 0;
  const storage = new Storage();
  let keys = await makeKeys();
  let provider: Provider;
  let callback: (request: IncomingMessage, response: ServerResponse) => unknown = () => undefined;

  const { server, port } = await listen((request, response) => {
    const signIn = request.url?.match(/^\/sign-in\/[^/?]+$/);
    if (!signIn) return void callback(request, response);
    answerSignIn(request, response).catch((error: unknown) => {
      errors.push(String(error));
      response.writeHead(400, { "content-type": "text/html; charset=utf-8" }).end(formPage("This sign-in has ended", "<p>Start again.</p>"));
    });
  }, options.port);
  const issuer = `http://${options.host ?? "127.0.0.1"}:${port}`;

  async function answerSignIn(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { prompt, params } = await provider.interactionDetails(request, response);
    let refused = "";
    if (request.method === "POST") {
      const values = new URLSearchParams(await text(request));
      if (values.has("cancel")) {
        return provider.interactionFinished(request, response, { error: "access_denied", error_description: "The person has cancelled." });
      }
      const typed = values.get("login") ?? "";
      const person = [...people.values()].find((one) => loginOf(one) === typed);
      if (person) {
        const login = { accountId: person.sub, acr: person.acr, amr: person.amr, remember: true };
        return provider.interactionFinished(request, response, { login }, { mergeWithLastSubmission: false });
      }
      refused = `<p role="alert">Nobody is called ${escape(typed)}.</p>`;
    }
    const hint = typeof params.login_hint === "string" ? params.login_hint : "";
    const form = `${refused}<form method="post"><label>Login name <input name="login" value="${escape(hint)}" autofocus></label>
<button type="submit">Sign in</button> <button type="submit" name="cancel" value="1">Cancel</button></form>`;
    response.writeHead(200, { "content-type": "text/html; charset=utf-8", "cache-control": "no-store", "x-prompt": prompt.name });
    response.end(formPage("Sign in at the test provider", form));
  }

  function scopes(): Record<string, string[]> {
    if (options.scopes) return { ...standardClaims, ...options.scopes };
    const known = new Set([...Object.values(standardClaims).flat(), "login", "sub", "acr", "amr"]);
    const others = new Set([...people.values()].flatMap((person) => Object.keys(person)).filter((claim) => !known.has(claim)));
    return { ...standardClaims, openid: [...others] };
  }

  /** A provider reads its keys and clients once: a change makes a new one, in the same place and with the same sessions. */
  function build(): void {
    const { openid = [], ...others } = scopes();
    const configuration: Configuration = {
      adapter: (kind) => storage.of(kind),
      clients: [...clients.values()].map((client): ClientMetadata => ({ id_token_signed_response_alg: algorithm, ...client }) as ClientMetadata),
      jwks: { keys },
      claims: { openid: ["sub", ...openid], ...others, acr: null, amr: null, auth_time: null, iss: null, sid: null },
      scopes: ["openid", "offline_access", ...Object.keys(others)],
      conformIdTokenClaims: !(options.claimsInIdToken ?? true),
      findAccount: (_context, sub) => {
        const person = people.get(sub);
        if (!person) return undefined;
        const { login: _login, acr: _acr, amr: _amr, ...claims } = person;
        return { accountId: sub, claims: () => ({ ...claims, preferred_username: loginOf(person) }) };
      },
      interactions: { url: (_context, interaction) => `/sign-in/${interaction.uid}` },
      // Nobody is asked for consent: an administrator has agreed for everybody.
      loadExistingGrant: async (context: KoaContextWithOIDC) => {
        const { client, session, params } = context.oidc;
        const grant = new context.oidc.provider.Grant({ clientId: client?.clientId, accountId: session?.accountId });
        grant.addOIDCScope(String(params?.scope ?? "openid"));
        await grant.save();
        return grant;
      },
      // Cookies do not know ports: two providers on one host must not take each other's.
      cookies: {
        keys: [cookieKey],
        names: { session: `op_session_${port}`, interaction: `op_interaction_${port}`, resume: `op_resume_${port}` },
      },
      enabledJWA: { idTokenSigningAlgValues: ["RS256", "PS256", "ES256", "EdDSA"] },
      pkce: { required: () => false },
      ttl: { Session: 3600, Interaction: 600, Grant: 3600, AccessToken: 600, IdToken: 600 },
      // The provider's dispatcher refuses loopback addresses, and here every relying party has one.
      fetch: (url, request) => globalThis.fetch(url, { ...request, dispatcher: undefined } as RequestInit),
      features: {
        devInteractions: { enabled: false },
        backchannelLogout: { enabled: true },
        claimsParameter: { enabled: true },
        rpInitiatedLogout: {
          enabled: true,
          logoutSource: (context, form) => {
            const fields = form.replace("</form>", '<button type="submit" name="logout" value="yes">Sign out</button></form>');
            context.body = formPage("Sign out of the test provider?", fields);
          },
          postLogoutSuccessSource: (context) => {
            context.body = formPage("You are signed out of the test provider", "");
          },
        },
      },
      renderError: (context, out) => {
        errors.push(`${out.error}: ${out.error_description ?? ""}`);
        context.type = "html";
        context.body = formPage("The test provider refuses", `<p>${escape(`${out.error}: ${out.error_description ?? ""}`)}</p>`);
      },
    };
    provider = new Provider(issuer, configuration);
    provider.on("server_error", (_context, error) => errors.push(error.stack ?? String(error)));
    provider.on("grant.error", (_context, error) => errors.push(`token: ${error.message} ${"error_detail" in error ? String(error.error_detail) : ""}`));
    provider.on("backchannel.error", (_context, error, client) => {
      errors.push(`back-channel logout of ${client.clientId}: ${error.message} ${String(error.cause ?? "")}`);
    });
    provider.on("backchannel.success", () => (delivered += 1));
    callback = provider.callback();
  }
  build();

  return {
    url: issuer,
    issuer,
    port,
    errors,
    logoutsDelivered: () => delivered,
    setPerson(person) {
      people.set(person.sub, person);
      build();
    },
    removePerson: (sub) => void people.delete(sub),
    setClient(client) {
      clients.set(client.client_id, client);
      build();
    },
    async rotate({ forget = false } = {}) {
      const fresh = await makeKeys();
      keys = forget ? fresh : [...fresh, ...keys];
      build();
      const type = { RS256: "RSA", PS256: "RSA", ES256: "EC", EdDSA: "OKP" }[algorithm];
      return String(fresh.find((key) => key.kty === type)?.kid);
    },
    kids: () => keys.map((key) => String(key.kid)),
    stop: () => close(server),
  };
}

async function text(request: IncomingMessage): Promise<string> {
  let body = "";
  for await (const chunk of request) body += String(chunk);
  return body;
}

/** An RSA key for a client that proves itself with private_key_jwt: the private half, and the set to register. */
export async function clientKey(kid = randomUUID()): Promise<{ privateKey: CryptoKey; kid: string; jwks: { keys: JWK[] } }> {
  const { privateKey, publicKey } = await generateKeyPair("RS256", { extractable: true });
  return { privateKey: privateKey as CryptoKey, kid, jwks: { keys: [{ ...(await exportJWK(publicKey)), kid, use: "sig" } as JWK] } };
}
