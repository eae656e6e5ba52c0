// The peer of the measurement: npm oidc-provider, a certified OpenID provider, with everything in memory and the same algorithm. It makes
// codes and refresh tokens beforehand and writes them to files, then says on which port it is.
//
//   tsx benches/tokens/oidc-provider.ts FOLDER COUNT

import { randomBytes } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { exportJWK, generateKeyPair } from "jose";
import { Provider, type Adapter, type AdapterPayload, type Configuration, type JWK } from "oidc-provider";

const [folder = ".", count = "1000"] = process.argv.slice(2);
const client = JSON.parse(readFileSync(join(folder, "client.json"), "utf8")) as Record<"client_id" | "secret" | "redirect_uri" | "challenge", string>;
const audience = "https://orders.example.com/";

// The provider's own adapter keeps a thousand things; this keeps everything, found by key.
const entries = new Map<string, AdapterPayload>();
const memory = (kind: string): Adapter => ({
  upsert: async (id, payload) => void entries.set(`${kind}:${id}`, payload),
  find: async (id) => entries.get(`${kind}:${id}`),
  findByUid: async () => undefined,
  findByUserCode: async () => undefined,
  async consume(id) {
    const entry = entries.get(`${kind}:${id}`);
    if (entry) entry.consumed = Math.floor(Date.now() / 1000);
  },
  destroy: async (id) => void entries.delete(`${kind}:${id}`),
  revokeByGrantId: async () => undefined,
});

const { privateKey } = await generateKeyPair("ES256", { extractable: true });
const key = { ...(await exportJWK(privateKey)), kid: "k1", use: "sig", alg: "ES256" } as JWK;
const scopes = "orders:read";
const configuration: Configuration = {
  adapter: memory,
  clients: [
    {
      client_id: client.client_id,
      client_secret: client.secret,
      redirect_uris: [client.redirect_uri],
      grant_types: ["authorization_code", "refresh_token", "client_credentials"],
      id_token_signed_response_alg: "ES256",
      token_endpoint_auth_method: "client_secret_basic",
    },
  ],
  jwks: { keys: [key] },
  scopes: ["openid", "offline_access"],
  findAccount: (_context, sub) => ({ accountId: sub, claims: () => ({ sub, email: `${sub}@example.com`, name: sub }) }),
  cookies: { keys: [randomBytes(32).toString("hex")] },
  enabledJWA: { idTokenSigningAlgValues: ["ES256"] },
  pkce: { required: () => true },
  rotateRefreshToken: true,
  ttl: { AuthorizationCode: 36_000, RefreshToken: 36_000, Grant: 36_000, AccessToken: 600, IdToken: 600, ClientCredentials: 600 },
  features: {
    devInteractions: { enabled: false },
    clientCredentials: { enabled: true },
    resourceIndicators: {
      enabled: true,
      defaultResource: () => audience,
      useGrantedResource: () => true,
      getResourceServerInfo: () => ({ scope: scopes, audience, accessTokenFormat: "jwt", accessTokenTTL: 600, jwt: { sign: { alg: "ES256" } } }),
    },
  },
};

let handle: ReturnType<Provider["callback"]> | undefined;
const server = createServer((request, response) => void handle?.(request, response));
await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
const port = (server.address() as AddressInfo).port;
const provider = new Provider(`http://127.0.0.1:${port}`, configuration);
const owner = await provider.Client.find(client.client_id);
if (!owner) throw new Error("the client is registered");
const codes: string[] = [];
const refresh: string[] = [];
for (let number = 0; number < Number(count); number += 1) {
  const accountId = `member-${number % 100}`;
  const grant = new provider.Grant({ accountId, clientId: client.client_id });
  grant.addOIDCScope("openid offline_access");
  grant.addResourceScope(audience, scopes);
  const grantId = await grant.save();
  const common = { accountId, client: owner, grantId, scope: `openid offline_access ${scopes}`, authTime: Math.floor(Date.now() / 1000), resource: audience };
  const code = { ...common, codeChallenge: client.challenge, codeChallengeMethod: "S256", redirectUri: client.redirect_uri };
  codes.push(await new provider.AuthorizationCode(code as never).save());
  refresh.push(await new provider.RefreshToken({ ...common, gty: "authorization_code" } as never).save());
}
writeFileSync(join(folder, "codes.txt"), `${codes.join("\n")}\n`);
writeFileSync(join(folder, "refresh.txt"), `${refresh.join("\n")}\n`);
handle = provider.callback();
console.log(JSON.stringify({ port }));
