// The SAML provider with bad manners, read by samlify's service provider.

import { expect, test } from "@playwright/test";
import { IdentityProvider, misdeeds, ServiceProvider, start, type Misdeed, type SamlProvider } from "../samlify";
import { makeKeyPair, readForm, Visitor } from "../support";

const origin = "http://127.0.0.1:1";
const keys = makeKeyPair("portal");
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
  assertionConsumerService: [{ isDefault: true, Binding: `${bindings}:HTTP-POST`, Location: `${origin}/saml/acs` }],
  singleLogoutService: [{ Binding: `${bindings}:HTTP-Redirect`, Location: `${origin}/saml/slo` }],
});
const ada = { nameId: "ada@acme.example", attributes: { mail: "ada@acme.example", groups: ["engineers", "admins"] } };

let provider: SamlProvider;

test.beforeEach(async () => {
  provider = await start({ person: ada, spMetadata: portal.getMetadata() });
});

test.afterEach(async () => {
  await provider.stop();
});

const read = (response: string) => portal.parseLoginResponse(IdentityProvider({ metadata: provider.metadata() }), "post", { body: { SAMLResponse: response } });

test("somebody signs in and out, started by the portal and by the provider", async () => {
  const identityProvider = IdentityProvider({ metadata: provider.metadata(), wantLogoutRequestSigned: true, wantLogoutResponseSigned: true });
  const request = portal.createLoginRequest(identityProvider, "redirect", { relayState: "where" }) as { id: string; context: string };
  const visitor = new Visitor([origin]);
  const form = readForm(await visitor.get(request.context));
  expect(form).toMatchObject({ action: `${origin}/saml/acs`, fields: { RelayState: "where" } });
  const { extract } = await read(form.fields.SAMLResponse ?? "");
  expect(extract).toMatchObject({ nameID: ada.nameId, issuer: provider.entityId, response: { inResponseTo: request.id }, attributes: ada.attributes });
  expect(provider.requests).toEqual([{ id: request.id, relayState: "where", forceAuthn: false }]);

  const { sessionIndex } = extract.sessionIndex as { sessionIndex: string };
  const logout = portal.createLogoutRequest(identityProvider, "redirect", { logoutNameID: ada.nameId, sessionIndex }) as { context: string };
  expect((await visitor.get(logout.context)).url).toMatch(`${origin}/saml/slo?SAMLResponse=`);
  expect(provider.logouts).toMatchObject([{ kind: "request", nameId: ada.nameId }]);

  const address = new URL(provider.logoutAddress(sessionIndex));
  const query = Object.fromEntries(address.searchParams);
  const octetString = address.search.slice(1).replace(/&Signature=.*$/, "");
  const asked = await portal.parseLogoutRequest(identityProvider, "redirect", { query, octetString });
  expect(asked.extract).toMatchObject({ nameID: ada.nameId });
  const answer = portal.createLogoutResponse(identityProvider, { ...asked }, "redirect", {}) as { context: string };
  expect((await visitor.get(answer.context)).body).toContain("You are signed out");
  expect(provider.errors).toEqual([]);
});

test("an unsigned request is refused", async () => {
  const address = new URL((portal.createLoginRequest(IdentityProvider({ metadata: provider.metadata() }), "redirect") as { context: string }).context);
  address.searchParams.set("Signature", Buffer.alloc(256).toString("base64"));
  expect((await new Visitor([origin]).get(address.href)).status).toBe(400);
  expect(provider.requests).toEqual([]);
});

for (const kind of ["good", "both-signed", "unsolicited"] as const) {
  test(`${kind}: a service provider reads it`, async () => {
    expect((await read(provider.make(kind, "_request").response)).extract).toMatchObject({ nameID: ada.nameId });
  });
}

/** What samlify itself does not look at (it leaves that to its caller), or reads safely: here the text is the proof. */
const visible: Partial<Record<Misdeed, RegExp | string>> = {
  "wrong-audience": "<saml:Audience>https://elsewhere.example/saml/metadata</saml:Audience>",
  "no-audience": /<saml:Conditions NotBefore="[^"]+" NotOnOrAfter="[^"]+"(\/>|><\/saml:Conditions>)/,
  "wrong-recipient": 'Recipient="https://elsewhere.example/saml/acs"',
  "wrong-destination": 'Destination="https://elsewhere.example/saml/acs"',
  "wrong-in-response-to": /InResponseTo="_[0-9a-f]{32}"/,
  "expired-confirmation": /<saml:SubjectConfirmationData[^>]*NotOnOrAfter="/,
  "sha1-signature": 'SignatureMethod Algorithm="http://www.w3.org/2000/09/xmldsig#rsa-sha1"',
  "no-name-id": /<saml:Subject><saml:SubjectConfirmation/,
  "second-assertion": /<\/saml:Assertion><saml:Assertion[\s\S]*victim@acme\.example/,
  doctype: '<!DOCTYPE r [<!ENTITY who "victim@acme.example">]>',
  "wrapped-4": /victim@acme\.example[\s\S]*<saml:Assertion[\s\S]*ada@acme\.example/,
  "wrapped-7": /<samlp:Extensions><saml:Assertion[\s\S]*victim@acme\.example/,
};

/** The forged part is there and the signature is good: samlify reads what is signed, a careless reader what is forged. */
const intact: Misdeed[] = ["reference-elsewhere", "second-assertion", "wrapped-1", "wrapped-2", "wrapped-3", "wrapped-5", "wrapped-6", "wrapped-8"];

for (const [kind, meaning] of Object.entries(misdeeds) as [Misdeed, string][]) {
  test(`${kind}: ${meaning}`, async () => {
    const made = provider.make(kind, "_request");
    expect(Buffer.from(made.response, "base64").toString()).toBe(made.xml);
    const seen = await read(made.response).then(
      ({ extract }) => String(extract.nameID),
      (error: unknown) => `refused: ${String(error)}`,
    );
    if (intact.includes(kind)) {
      expect(made.xml).toContain("victim@acme.example");
      expect(seen).toBe(ada.nameId);
    } else if (visible[kind] !== undefined) expect(made.xml).toMatch(visible[kind]);
    else expect(seen).toMatch(/^refused/);
    expect(seen).not.toContain("victim@");
  });
}
