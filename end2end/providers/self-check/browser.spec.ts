// The providers' own pages in a browser, with and without scripts, also under a host name.

import { chromium, expect, test } from "@playwright/test";
import { launchOptions } from "../../harness/browser";
import * as lemonldap from "../lemonldap";
import * as oidc from "../oidc-provider";
import * as saml from "../samlify";
import { close, listen, makeKeyPair } from "../support";

for (const javaScriptEnabled of [true, false]) {
  test(`somebody signs in ${javaScriptEnabled ? "with" : "without"} scripts`, async () => {
    const answers: { path: string; body: string }[] = [];
    const portal = await listen((request, response) => {
      let body = "";
      request.on("data", (chunk) => (body += String(chunk)));
      request.on("end", () => {
        if (request.url !== "/favicon.ico") answers.push({ path: request.url ?? "", body });
        response.end("back at the portal");
      });
    });
    const origin = `http://portal.test.example:${portal.port}`;
    const keys = makeKeyPair();
    const bindings = "urn:oasis:names:tc:SAML:2.0:bindings";
    const sp = saml.ServiceProvider({
      entityID: `${origin}/metadata`,
      authnRequestsSigned: true,
      wantAssertionsSigned: true,
      signingCert: keys.certificate,
      privateKey: keys.privateKey,
      requestSignatureAlgorithm: "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256",
      assertionConsumerService: [{ isDefault: true, Binding: `${bindings}:HTTP-POST`, Location: `${origin}/acs` }],
    });
    const client = { client_id: "portal", client_secret: "0123456789abcdef", redirect_uris: [`${origin}/callback`] };
    const lemon = await lemonldap.start({ host: "auth.lemon.example", serviceProviders: { portal: { metadata: sp.getMetadata() } }, relyingParties: { portal: client } });
    const certified = await oidc.start({ host: "id.acme.example", people: [{ sub: "1", email: "ada@acme.example" }], clients: [client] });
    const browser = await chromium.launch({ ...launchOptions, args: [...launchOptions.args, "--host-resolver-rules=MAP *.example 127.0.0.1"] });
    try {
      const page = await browser.newPage({ javaScriptEnabled });
      const query = new URLSearchParams({ client_id: "portal", response_type: "code", scope: "openid", state: "s", nonce: "n", redirect_uri: `${origin}/callback` });

      await page.goto(`${certified.url}/auth?${query}`);
      await page.getByLabel("Login name").fill("ada");
      await page.getByRole("button", { name: "Sign in" }).click();
      await expect(page.getByText("back at the portal")).toBeVisible();
      expect(answers.at(-1)?.path).toMatch(/^\/callback\?code=.*&state=s/);

      const request = sp.createLoginRequest(saml.IdentityProvider({ metadata: await lemon.metadata() }), "redirect", { relayState: "there" }) as { context: string };
      await page.goto(request.context);
      await page.locator("input[name=user]").fill("dwho");
      await page.locator("input[name=password]").first().fill("dwho");
      await page.locator("form.login button[type=submit]").first().click();
      if (!javaScriptEnabled) await page.locator("#form input[type=submit]").click();
      await expect(page.getByText("back at the portal")).toBeVisible();
      expect(answers.at(-1)?.path).toBe("/acs");
      expect(answers.at(-1)?.body).toContain("RelayState=there");

      await page.goto(`${lemon.url}/oauth2/authorize?${query}`);
      await expect(page.getByText("back at the portal")).toBeVisible();
      expect(answers.at(-1)?.path).toMatch(/^\/callback\?.*code=/);
    } finally {
      await browser.close();
      await Promise.all([lemon.stop(), certified.stop(), close(portal.server)]);
    }
  });
}
