// Tokens that are bound to a key (RFC 9449), with npm openid-client: it makes the proofs, and refuses an answer that is not bound.

import * as client from "openid-client";
import { Browserless } from "../harness/browserless";
import { expect, test } from "../harness/fixtures";
import { apps, type World } from "../harness/world";

test.skip(({ javaScriptEnabled }) => javaScriptEnabled === false, "no browser takes part");

const secret = "a secret of 0123456789 that is long enough";
const callback = "https://rp.example/callback";
const issuer = process.env.E2E_URL ?? "";

async function configured(world: World, more: object, authentication: client.ClientAuth): Promise<client.Configuration> {
  const client_id = `bound-${world.unique()}`;
  const entry = { client_id, name: "Bound", redirect_uris: [callback], ...more };
  await world.declare({ applications: [{ slug: apps.orders.slug, clients: [entry] }] });
  return client.discovery(new URL(issuer), client_id, {}, authentication, { execute: [client.allowInsecureRequests] });
}

for (const [kind, more, authentication] of [
  ["confidential", { secret, sender_constrained: true }, client.ClientSecretBasic(secret)],
  ["public", { authentication: "none" }, client.None()],
] as const) {
  test(`a ${kind} client's tokens are bound to its key from the first to the last`, async ({ request, world }) => {
    const partner = await world.partner({ members: { "Bo Lind": { apps: ["orders"] } } });
    const config = await configured(world, more, authentication);
    const DPoP = client.getDPoPHandle(config, await client.randomDPoPKeyPair());
    const verifier = client.randomPKCECodeVerifier();
    const state = client.randomState();
    const asked = {
      redirect_uri: callback,
      scope: "openid profile offline_access orders:read",
      code_challenge: await client.calculatePKCECodeChallenge(verifier),
      code_challenge_method: "S256",
      state,
    };
    const url = await client.buildAuthorizationUrlWithPAR(config, asked, { DPoP });
    const agent = new Browserless(request);
    await agent.open(url);
    let answer = await agent.signIn(partner.member("Bo Lind"));
    if (!(answer instanceof URL)) {
      // A program on somebody's own device is asked for each time.
      const value = /name="value"[^>]*value="([^"]*)"/.exec(await answer.text())?.[1] ?? "";
      answer = await agent.follow(await agent.post("/do/answer-consent", { value, answer: "yes" }));
    }
    if (!(answer instanceof URL)) throw new Error(`not back to the client: ${answer.url()} ${await answer.text()}`);
    const grant = { pkceCodeVerifier: verifier, expectedState: state };
    // The code is bound to the key of the pushed request: another one gets nothing for it.
    const other = client.getDPoPHandle(config, await client.randomDPoPKeyPair());
    await expect(client.authorizationCodeGrant(config, answer, grant, undefined, { DPoP: other })).rejects.toMatchObject({ error: "invalid_grant" });
    const tokens = await client.authorizationCodeGrant(config, answer, grant, undefined, { DPoP });
    expect(tokens.token_type).toBe("dpop");
    const sub = tokens.claims()?.sub ?? "";
    expect(await client.fetchUserInfo(config, tokens.access_token, sub, { DPoP })).toMatchObject({ name: "Bo Lind" });
    const stolen = await fetch(`${issuer}/oauth/userinfo`, { headers: { authorization: `Bearer ${tokens.access_token}` } });
    expect([stolen.status, stolen.headers.get("www-authenticate")?.startsWith("DPoP ")]).toEqual([401, true]);
    const refreshed = await client.refreshTokenGrant(config, tokens.refresh_token ?? "", undefined, { DPoP });
    expect([refreshed.token_type, refreshed.claims()?.sub]).toEqual(["dpop", sub]);
    if (kind === "public") {
      await expect(client.refreshTokenGrant(config, refreshed.refresh_token ?? "", undefined, { DPoP: other })).rejects.toMatchObject({ error: "invalid_grant" });
    } else {
      await expect(client.refreshTokenGrant(config, refreshed.refresh_token ?? "")).rejects.toMatchObject({ error: "invalid_dpop_proof" });
      expect(await client.tokenIntrospection(config, refreshed.access_token)).toMatchObject({ active: true, token_type: "DPoP", cnf: { jkt: expect.any(String) as unknown } });
    }
  });
}
