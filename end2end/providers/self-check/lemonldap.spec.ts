// LemonLDAP::NG, used by an independent relying party (npm openid-client) and service provider (npm samlify).

import { expect, test } from "@playwright/test";
import * as openid from "openid-client";
import { demoPeople, start, type Lemon } from "../lemonldap";
import { IdentityProvider, ServiceProvider } from "../samlify";
import { makeKeyPair, readForm, Visitor } from "../support";

const origin = "http://127.0.0.1:1";
const keys = makeKeyPair("portal");
const people = [...demoPeople, { uid: "ada", cn: "Ada Byron", mail: "ada@acme.example", groups: ["engineers"], contractStatus: "active" }];
const bindings = "urn:oasis:names:tc:SAML:2.0:bindings";
const portal = ServiceProvider({
  entityID: `${origin}/saml/metadata`,
  authnRequestsSigned: true,
  wantAssertionsSigned: true,
  wantLogoutRequestSigned: true,
  wantLogoutResponseSigned: true,
  signingCert: keys.certificate,
  privateKey: keys.privateKey,
  requestSignatureAlgorithm: "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256",
  nameIDFormat: ["urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress"],
  assertionConsumerService: [{ isDefault: true, Binding: `${bindings}:HTTP-POST`, Location: `${origin}/saml/acs` }],
  singleLogoutService: [{ Binding: `${bindings}:HTTP-Redirect`, Location: `${origin}/saml/slo` }],
});

let lemon: Lemon;

test.beforeAll(async () => {
  lemon = await start({
    people,
    serviceProviders: { portal: { metadata: portal.getMetadata(), attributes: { mail: "mail", cn: "cn", uid: "uid", groups: "groups", contractStatus: "contract_status" } } },
    relyingParties: { portal: { client_id: "portal", client_secret: "0123456789abcdef", redirect_uris: [`${origin}/callback`], post_logout_redirect_uris: [`${origin}/bye`] } },
  });
});

test.afterAll(async () => {
  await lemon.stop();
});

test("somebody signs in by OpenID Connect and out again", async () => {
  const config = await openid.discovery(new URL(lemon.issuer), "portal", "0123456789abcdef", undefined, { execute: [openid.allowInsecureRequests] });
  openid.enableNonRepudiationChecks(config);
  const verifier = openid.randomPKCECodeVerifier();
  const [nonce, state] = [openid.randomNonce(), openid.randomState()];
  const url = openid.buildAuthorizationUrl(config, {
    redirect_uri: `${origin}/callback`,
    scope: "openid email profile",
    code_challenge: await openid.calculatePKCECodeChallenge(verifier),
    code_challenge_method: "S256",
    nonce,
    state,
  });
  const visitor = new Visitor([origin]);
  const refused = await visitor.submit(await visitor.get(url.href), { user: "ada", password: "wrong" });
  const page = await visitor.submit(refused, { user: "ada", password: "ada" });
  const tokens = await openid.authorizationCodeGrant(config, new URL(page.url), { pkceCodeVerifier: verifier, expectedNonce: nonce, expectedState: state, idTokenExpected: true });
  const claims = { sub: "ada", email: "ada@acme.example", name: "Ada Byron", groups: ["engineers"] };
  expect(tokens.claims()).toMatchObject(claims);
  expect(await openid.fetchUserInfo(config, tokens.access_token, "ada")).toMatchObject(claims);
  const out = openid.buildEndSessionUrl(config, { id_token_hint: tokens.id_token ?? "", post_logout_redirect_uri: `${origin}/bye` });
  expect((await visitor.get(out.href)).url).toMatch(`${origin}/bye`);
});

test("somebody signs in by SAML and out again", async () => {
  const provider = IdentityProvider({ metadata: await lemon.metadata(), wantLogoutRequestSigned: true });
  const visitor = new Visitor([origin]);
  const request = portal.createLoginRequest(provider, "redirect") as { id: string; context: string };
  const page = await visitor.submit(await visitor.get(request.context), { user: "ada", password: "ada" });
  const form = readForm(page);
  expect(form.action).toBe(`${origin}/saml/acs`);
  const { extract } = await portal.parseLoginResponse(provider, "post", { body: form.fields });
  expect(extract).toMatchObject({
    issuer: lemon.entityId,
    audience: `${origin}/saml/metadata`,
    nameID: "ada@acme.example",
    response: { inResponseTo: request.id },
    attributes: { mail: "ada@acme.example", cn: "Ada Byron", uid: "ada", groups: "engineers", contract_status: "active" },
  });

  const { sessionIndex } = extract.sessionIndex as { sessionIndex: string };
  const logout = portal.createLogoutRequest(provider, "redirect", { logoutNameID: String(extract.nameID), sessionIndex }) as { id: string; context: string };
  const back = new URL((await visitor.get(logout.context)).url);
  expect(back.origin + back.pathname).toBe(`${origin}/saml/slo`);
  const query = Object.fromEntries(back.searchParams);
  const octetString = back.search.slice(1).replace(/&Signature=.*$/, "");
  const answer = await portal.parseLogoutResponse(provider, "redirect", { query, octetString });
  expect(answer.extract.response).toMatchObject({ inResponseTo: logout.id });
  // The session at the provider has ended: it asks again.
  const again = await visitor.get((portal.createLoginRequest(provider, "redirect") as { context: string }).context);
  expect(readForm(again).fields).toHaveProperty("user");
});

test("a request that is not signed is refused", async () => {
  const unsigned = ServiceProvider({
    entityID: `${origin}/saml/metadata`,
    authnRequestsSigned: false,
    assertionConsumerService: [{ Binding: `${bindings}:HTTP-POST`, Location: `${origin}/saml/acs` }],
  });
  // samlify refuses to make it as long as the provider's metadata wants signatures.
  const lax = IdentityProvider({ metadata: (await lemon.metadata()).replace('WantAuthnRequestsSigned="true"', 'WantAuthnRequestsSigned="false"') });
  const visitor = new Visitor([origin]);
  const page = await visitor.get((unsigned.createLoginRequest(lax, "redirect") as { context: string }).context);
  const refusal = await visitor.submit(page, { user: "rtyler", password: "rtyler" });
  expect(refusal.body).not.toContain("SAMLResponse");
  // It writes its log when it likes.
  await expect.poll(() => lemon.log()).toContain("Could not verify signature of incoming SSO request from portal");
});

test("it starts anew with another service provider and keeps its sessions", async () => {
  const visitor = new Visitor([origin]);
  const provider = IdentityProvider({ metadata: await lemon.metadata() });
  const signInAddress = () => (portal.createLoginRequest(provider, "redirect") as { context: string }).context;
  await visitor.submit(await visitor.get(signInAddress()), { user: "dwho", password: "dwho" });
  await lemon.reconfigure({ serviceProviders: { portal: { metadata: portal.getMetadata(), nameIdFormat: "persistent", signResponse: true, attributes: { mail: "email" } } } });
  const form = readForm(await visitor.get(signInAddress()));
  const xml = Buffer.from(form.fields.SAMLResponse ?? "", "base64").toString();
  expect(xml).toContain("dwho@badwolf.org");
  expect(xml).toContain('Name="email"');
});
