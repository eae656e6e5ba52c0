// A SAML identity provider (npm samlify) that can answer rightly and in every wrong way we know: with its pages in a
// browser (sign-on, single logout), or as a SAMLResponse that a test posts to the portal itself.

import { randomBytes } from "node:crypto";
import type { IncomingMessage, ServerResponse } from "node:http";
import { createRequire } from "node:module";
import { bare, close, escape, formPage, listen, makeKeyPair, type KeyPair, type Running } from "./support";

// A CommonJS package whose re-exports an import statement does not see.
const samlify = createRequire(import.meta.url)("samlify") as typeof import("samlify");
export const { IdentityProvider, ServiceProvider } = samlify;

// samlify wants an XML schema validator. What arrives here comes from the portal under test and is looked at by the tests.
samlify.setSchemaValidator({ validate: async () => "not validated against a schema" });

const bindings = "urn:oasis:names:tc:SAML:2.0:bindings";
const rsaSha256 = "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256";
const rsaSha1 = "http://www.w3.org/2000/09/xmldsig#rsa-sha1";
const assertionPath = "/*[local-name(.)='Response']/*[local-name(.)='Assertion']";

/** What is wrong with a response; everything but `good` must be refused. */
export const misdeeds = {
  "wrong-audience": "made for another service provider",
  "no-audience": "made for nobody in particular",
  "wrong-recipient": "the confirmation names another address",
  "wrong-destination": "the response names another address",
  "wrong-issuer": "from somebody else by name",
  "wrong-in-response-to": "answers a request that nobody has made",
  expired: "its conditions have ended",
  "expired-confirmation": "the subject's confirmation has ended",
  "not-yet-valid": "its conditions begin in an hour",
  unsigned: "no signature",
  "other-key": "signed with another key, whose certificate it brings along",
  "other-key-same-certificate": "signed with another key, bringing along the right certificate",
  "sha1-signature": "signed with RSA-SHA1",
  tampered: "another name after signing",
  "signature-removed-value": "an empty signature value",
  "reference-elsewhere": "a good signature, but of another element that has been put in",
  failed: "the status says that sign-in failed",
  "no-name-id": "no name",
  "second-assertion": "a second, unsigned assertion follows",
  doctype: "a document type with an entity",
  "wrapped-1": "the signed response sits in the signature of a forged one",
  "wrapped-2": "the signed response stands beside the signature of a forged one",
  "wrapped-3": "a forged assertion stands before the signed one",
  "wrapped-4": "a forged assertion contains the signed one",
  "wrapped-5": "a forged assertion carries the signature, the signed one follows",
  "wrapped-6": "a forged assertion carries the signature, and that the signed one",
  "wrapped-7": "a forged assertion in the extensions, under the same id",
  "wrapped-8": "a forged assertion carries the signature with the signed one as its object",
} as const;

export type Misdeed = keyof typeof misdeeds;

/** Right, but unusual: has to be accepted, or refused for a reason of policy. */
export type Kind = "good" | "signed-response" | "both-signed" | "comment-in-name" | "unsolicited" | Misdeed;

export interface SamlPerson {
  /** The NameID; an e-mail address with the default format. */
  nameId: string;
  nameIdFormat?: string;
  /** Attribute name → values. */
  attributes?: Record<string, string | string[]>;
}

export interface SamlOptions {
  /** The portal's metadata, XML. Can also be given later with `setServiceProvider`, as it often depends on ours. */
  spMetadata?: string;
  /** Who signs in. */
  person: SamlPerson;
  /** Whom an attacker would like to be, in the forged parts; default: the same with `victim@` in front of the domain. */
  victim?: SamlPerson;
  keys?: KeyPair;
  /** Default: a free one. */
  port?: number;
  /** Whether AuthnRequests and LogoutRequests have to be signed; default: yes. */
  wantSignedRequests?: boolean;
}

export interface MadeResponse {
  /** Base64, for the field SAMLResponse. */
  response: string;
  xml: string;
  assertionId: string;
  sessionIndex: string;
}

export interface SamlProvider extends Running {
  entityId: string;
  keys: KeyPair;
  metadata(): string;
  setServiceProvider(metadata: string): void;
  setPerson(person: SamlPerson): void;
  /** How sign-on requests in the browser are answered from now on. The page has one button, "Continue". */
  respond(kind: Kind): void;
  /** Makes a response by hand. Without `inResponseTo` it is unsolicited. */
  make(kind: Kind, inResponseTo?: string, person?: SamlPerson): MadeResponse;
  /** Where responses go to. */
  acs(): string;
  /** What the last sign-on in the browser was answered with, for posting it once more. */
  last(): (MadeResponse & { relayState: string | undefined }) | undefined;
  /** The AuthnRequests that have arrived with a good signature. */
  requests: { id: string; relayState: string | undefined; forceAuthn: boolean }[];
  /** The portal's logout requests, and its answers to ours. */
  logouts: { kind: "request" | "response"; nameId?: string; sessionIndex?: string; inResponseTo?: string }[];
  /** An address that asks the portal to end a session, signed (HTTP-Redirect). */
  logoutAddress(sessionIndex: string, person?: SamlPerson): string;
  errors: string[];
}

const id = () => `_${randomBytes(16).toString("hex")}`;
const minutes = (count: number) => new Date(Date.now() + count * 60_000).toISOString();

/** Starts it. */
export async function start(options: SamlOptions): Promise<SamlProvider> {
  const keys = options.keys ?? makeKeyPair("samlify");
  const stranger = makeKeyPair("stranger");
  let person = options.person;
  const victim = (): SamlPerson => options.victim ?? { ...person, nameId: person.nameId.replace(/^[^@]*/, "victim") };
  let next: Kind = "good";
  let last: (MadeResponse & { relayState: string | undefined }) | undefined;
  const requests: SamlProvider["requests"] = [];
  const logouts: SamlProvider["logouts"] = [];
  const errors: string[] = [];

  const { server, port } = await listen((request, response) => {
    handle(request, response).catch((error: unknown) => {
      errors.push(error instanceof Error ? (error.stack ?? error.message) : String(error));
      response.writeHead(400, { "content-type": "text/html; charset=utf-8" });
      response.end(formPage("The test provider refuses", `<p>${escape(String(error))}</p>`));
    });
  }, options.port);
  const url = `http://127.0.0.1:${port}`;
  const entityId = `${url}/metadata`;
  const both = (path: string) => ["HTTP-Redirect", "HTTP-POST"].map((binding) => ({ Binding: `${bindings}:${binding}`, Location: `${url}${path}` }));
  const provider = IdentityProvider({
    entityID: entityId,
    signingCert: keys.certificate,
    privateKey: keys.privateKey,
    requestSignatureAlgorithm: rsaSha256,
    wantAuthnRequestsSigned: options.wantSignedRequests ?? true,
    wantLogoutRequestSigned: options.wantSignedRequests ?? true,
    wantLogoutResponseSigned: true,
    nameIDFormat: ["urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress"],
    singleSignOnService: both("/sso"),
    singleLogoutService: both("/slo"),
  });
  // Metadata does not say whether logout messages are signed; ours always are.
  const partner = (metadata: string) => ServiceProvider({ metadata, wantLogoutRequestSigned: true, wantLogoutResponseSigned: true });
  let portal = options.spMetadata ? partner(options.spMetadata) : undefined;

  function serviceProvider() {
    if (!portal) throw new Error("no service provider: give its metadata to start or setServiceProvider");
    return portal;
  }

  function acs(): string {
    const place = serviceProvider().entityMeta.getAssertionConsumerService("post");
    return Array.isArray(place) ? String(place[0]) : String(place);
  }

  function sign(xml: string, what: "assertion" | "response", pair = { privateKey: keys.privateKey, certificate: keys.certificate }, algorithm = rsaSha256) {
    const parent = what === "assertion" ? assertionPath : "/*[local-name(.)='Response']";
    return samlify.SamlLib.constructSAMLSignature({
      rawSamlMessage: xml,
      ...(what === "assertion" ? { referenceTagXPath: assertionPath } : { isMessageSigned: true }),
      privateKey: pair.privateKey,
      signingCert: bare(pair.certificate),
      signatureAlgorithm: algorithm,
      isBase64Output: false,
      signatureConfig: { prefix: "ds", location: { reference: `${parent}/*[local-name(.)='Issuer']`, action: "after" } },
    });
  }

  /** One assertion, not signed. */
  function assertion(kind: Kind, who: SamlPerson, inResponseTo: string | undefined, assertionId: string, sessionIndex: string): string {
    const audience = kind === "wrong-audience" ? "https://elsewhere.example/saml/metadata" : serviceProvider().entityMeta.getEntityID();
    const from = kind === "not-yet-valid" ? minutes(60) : minutes(-1);
    const until = kind === "expired" ? minutes(-30) : kind === "not-yet-valid" ? minutes(65) : minutes(5);
    const confirmedUntil = kind === "expired" || kind === "expired-confirmation" ? minutes(-30) : minutes(5);
    const recipient = kind === "wrong-recipient" ? "https://elsewhere.example/saml/acs" : acs();
    const answers = inResponseTo === undefined ? "" : ` InResponseTo="${escape(inResponseTo)}"`;
    const format = who.nameIdFormat ?? "urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress";
    // Canonicalization drops comments, so the signature does not cover them: a naive reader takes only what stands before.
    const name = kind === "comment-in-name" ? escape(who.nameId).replace("@", "<!---->@") : escape(who.nameId);
    const nameId = kind === "no-name-id" ? "" : `<saml:NameID Format="${escape(format)}">${name}</saml:NameID>`;
    const attributes = Object.entries(who.attributes ?? {}).map(([attribute, values]) => {
      const elements = [values].flat().map((value) => `<saml:AttributeValue xsi:type="xs:string">${escape(value)}</saml:AttributeValue>`);
      return `<saml:Attribute Name="${escape(attribute)}" NameFormat="urn:oasis:names:tc:SAML:2.0:attrname-format:basic">${elements.join("")}</saml:Attribute>`;
    });
    return `<saml:Assertion xmlns:saml="urn:oasis:names:tc:SAML:2.0:assertion" xmlns:xs="http://www.w3.org/2001/XMLSchema" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" ID="${assertionId}" Version="2.0" IssueInstant="${minutes(0)}">\
<saml:Issuer>${escape(kind === "wrong-issuer" ? "https://somebody-else.example/metadata" : entityId)}</saml:Issuer>\
<saml:Subject>${nameId}<saml:SubjectConfirmation Method="urn:oasis:names:tc:SAML:2.0:cm:bearer"><saml:SubjectConfirmationData${answers} NotOnOrAfter="${confirmedUntil}" Recipient="${escape(recipient)}"/></saml:SubjectConfirmation></saml:Subject>\
<saml:Conditions NotBefore="${from}" NotOnOrAfter="${until}">${kind === "no-audience" ? "" : `<saml:AudienceRestriction><saml:Audience>${escape(audience)}</saml:Audience></saml:AudienceRestriction>`}</saml:Conditions>\
<saml:AuthnStatement AuthnInstant="${minutes(0)}" SessionIndex="${sessionIndex}" SessionNotOnOrAfter="${minutes(60)}"><saml:AuthnContext><saml:AuthnContextClassRef>urn:oasis:names:tc:SAML:2.0:ac:classes:PasswordProtectedTransport</saml:AuthnContextClassRef></saml:AuthnContext></saml:AuthnStatement>\
${attributes.length > 0 ? `<saml:AttributeStatement>${attributes.join("")}</saml:AttributeStatement>` : ""}</saml:Assertion>`;
  }

  function envelope(kind: Kind, inResponseTo: string | undefined, content: string, responseId = id()): string {
    const destination = kind === "wrong-destination" ? "https://elsewhere.example/saml/acs" : acs();
    const answers = inResponseTo === undefined ? "" : ` InResponseTo="${escape(inResponseTo)}"`;
    const status = kind === "failed" ? "Responder" : "Success";
    const issuer = kind === "wrong-issuer" ? "https://somebody-else.example/metadata" : entityId;
    return `<samlp:Response xmlns:samlp="urn:oasis:names:tc:SAML:2.0:protocol" xmlns:saml="urn:oasis:names:tc:SAML:2.0:assertion" ID="${responseId}" Version="2.0" IssueInstant="${minutes(0)}" Destination="${escape(destination)}"${answers}>\
<saml:Issuer>${escape(issuer)}</saml:Issuer><samlp:Status><samlp:StatusCode Value="urn:oasis:names:tc:SAML:2.0:status:${status}"/></samlp:Status>${content}</samlp:Response>`;
  }

  function make(kind: Kind, request?: string, who = person): MadeResponse {
    const assertionId = id();
    const sessionIndex = id();
    const inResponseTo = kind === "unsolicited" ? undefined : kind === "wrong-in-response-to" ? id() : request;
    const plain = envelope(kind, inResponseTo, assertion(kind, who, inResponseTo, assertionId, sessionIndex));
    const forged = (forgedId = id()) => assertion("good", victim(), inResponseTo, forgedId, sessionIndex);
    const xml = misbehave(kind, plain, { inResponseTo, assertionId, forged });
    return { response: Buffer.from(xml).toString("base64"), xml, assertionId, sessionIndex };
  }

  /** Signs, and then does what `kind` says. The numbers of the wrappings are those of SAML Raider's XSW1 to XSW8. */
  function misbehave(kind: Kind, plain: string, parts: { inResponseTo: string | undefined; assertionId: string; forged: (id?: string) => string }): string {
    const signed = () => sign(plain, "assertion");
    const insert = (into: string, before: string, what: string) => must(into, into.replace(before, () => what + before));
    const signatureOf = (xml: string) => xml.match(/<ds:Signature\b[\s\S]*?<\/ds:Signature>/)?.[0] ?? fail("no signature");
    const assertionOf = (xml: string) => xml.match(/<saml:Assertion\b[\s\S]*<\/saml:Assertion>/)?.[0] ?? fail("no assertion");
    /** The forged assertion with something after its issuer, where a signature belongs. */
    const forgedWith = (what: string, forgedId?: string) => parts.forged(forgedId).replace("</saml:Issuer>", () => `</saml:Issuer>${what}`);
    switch (kind) {
      case "unsigned":
        return plain;
      case "signed-response":
        return sign(plain, "response");
      case "both-signed":
        return sign(signed(), "response");
      case "other-key":
        return sign(plain, "assertion", stranger);
      case "other-key-same-certificate":
        return sign(plain, "assertion", { privateKey: stranger.privateKey, certificate: keys.certificate });
      case "sha1-signature":
        return sign(plain, "assertion", keys, rsaSha1);
      case "tampered": {
        const xml = signed();
        return must(xml, xml.replaceAll(escape(person.nameId), escape(victim().nameId)));
      }
      case "signature-removed-value": {
        const xml = signed();
        return must(xml, xml.replace(/<ds:SignatureValue>[^<]*</, "<ds:SignatureValue><"));
      }
      case "reference-elsewhere": {
        // The signed assertion's signature, taken into a forged assertion; the signed one stays reachable by its id.
        const xml = signed();
        const signature = signatureOf(xml);
        const original = assertionOf(xml).replace(signature, "");
        return xml.replace(assertionOf(xml), () => forgedWith(signature)).replace("<samlp:Status>", () => `<samlp:Extensions>${original}</samlp:Extensions><samlp:Status>`);
      }
      case "second-assertion":
        return insert(signed(), "</samlp:Response>", parts.forged());
      case "doctype":
        return `<!DOCTYPE r [<!ENTITY who "${escape(victim().nameId)}">]>${signed()}`;
      case "wrapped-1":
      case "wrapped-2": {
        const xml = sign(plain, "response");
        const signature = signatureOf(xml);
        const original = xml.replace(signature, "");
        const forgery = envelope("good", parts.inResponseTo, parts.forged());
        const carried =
          kind === "wrapped-1" ? signature.replace("</ds:Signature>", () => `<ds:Object>${original}</ds:Object></ds:Signature>`) : `${original}${signature}`;
        return forgery.replace("</saml:Issuer>", () => `</saml:Issuer>${carried}`);
      }
      case "wrapped-3":
        return insert(signed(), "<saml:Assertion", parts.forged());
      case "wrapped-4": {
        const xml = signed();
        return xml.replace(assertionOf(xml), (original) => parts.forged().replace("</saml:Assertion>", () => `${original}</saml:Assertion>`));
      }
      case "wrapped-5":
      case "wrapped-6":
      case "wrapped-8": {
        const xml = signed();
        const signature = signatureOf(xml);
        const original = assertionOf(xml).replace(signature, "");
        if (kind === "wrapped-5") return xml.replace(assertionOf(xml), () => `${forgedWith(signature)}${original}`);
        const object = kind === "wrapped-6" ? original : `<ds:Object>${original}</ds:Object>`;
        return xml.replace(assertionOf(xml), () => forgedWith(signature.replace("</ds:Signature>", () => `${object}</ds:Signature>`)));
      }
      case "wrapped-7": {
        const xml = signed();
        return xml.replace("<samlp:Status>", () => `<samlp:Extensions>${parts.forged(parts.assertionId)}</samlp:Extensions><samlp:Status>`);
      }
      default:
        return signed();
    }
  }

  async function handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const address = new URL(request.url ?? "/", url);
    const html = (title: string, body: string) => void response.writeHead(200, { "content-type": "text/html; charset=utf-8", "cache-control": "no-store" }).end(formPage(title, body));
    if (address.pathname === "/metadata") {
      return void response.writeHead(200, { "content-type": "application/samlmetadata+xml" }).end(provider.getMetadata());
    }
    if (address.pathname === "/signed-out") return html("You are signed out of the test provider", "");
    let text = "";
    for await (const chunk of request) text += String(chunk);
    const posted = request.method === "POST";
    const fields = Object.fromEntries(posted ? new URLSearchParams(text) : address.searchParams);
    const message = posted ? { body: fields } : { query: fields, octetString: address.search.slice(1).replace(/&Signature=.*$/, "") };
    const binding = posted ? "post" : "redirect";
    const relayState = fields.RelayState;

    if (address.pathname === "/sso") {
      const { extract } = await provider.parseLoginRequest(serviceProvider(), binding, message);
      const asked = extract.request as { id: string; forceAuthn?: string };
      requests.push({ id: asked.id, relayState, forceAuthn: asked.forceAuthn === "true" });
      last = { ...make(next, asked.id), relayState };
      const relay = relayState === undefined ? "" : `<input type="hidden" name="RelayState" value="${escape(relayState)}">`;
      const form = `<form method="post" action="${escape(acs())}"><input type="hidden" name="SAMLResponse" value="${last.response}">${relay}`;
      return html("Signed in at the test provider", `${form}<button type="submit">Continue</button></form>`);
    }
    if (address.pathname === "/slo" && fields.SAMLRequest) {
      const parsed = await provider.parseLogoutRequest(serviceProvider(), binding, message);
      const { nameID, sessionIndex } = parsed.extract as { nameID: string; sessionIndex?: string };
      logouts.push({ kind: "request", nameId: nameID, sessionIndex });
      const answer = provider.createLogoutResponse(serviceProvider(), { ...parsed }, "redirect", { relayState });
      return void response.writeHead(303, { location: answer.context }).end();
    }
    if (address.pathname === "/slo" && fields.SAMLResponse) {
      const { extract } = await provider.parseLogoutResponse(serviceProvider(), binding, message);
      logouts.push({ kind: "response", inResponseTo: (extract.response as { inResponseTo?: string }).inResponseTo });
      return void response.writeHead(303, { location: `${url}/signed-out` }).end();
    }
    response.writeHead(404).end();
  }

  return {
    url,
    entityId,
    keys,
    metadata: () => provider.getMetadata(),
    setServiceProvider: (metadata) => void (portal = partner(metadata)),
    setPerson: (changed) => void (person = changed),
    respond: (kind) => void (next = kind),
    make,
    acs,
    last: () => last,
    requests,
    logouts,
    logoutAddress(sessionIndex, who = person) {
      const user = { logoutNameID: who.nameId, sessionIndex };
      return provider.createLogoutRequest(serviceProvider(), "redirect", user).context;
    },
    errors,
    stop: () => close(server),
  };
}

function fail(message: string): never {
  throw new Error(message);
}

/** A replacement that changes nothing would let a test prove nothing. */
function must(before: string, after: string): string {
  if (before === after) throw new Error("nothing was replaced");
  return after;
}
