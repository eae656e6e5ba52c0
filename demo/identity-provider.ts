// The identity provider of one partner in the demonstration: Kestrel Aerospace signs its own people in. Started by `make run`.
//
//   npx tsx demo/identity-provider.ts [port] [address of the portal]

import { start } from "../end2end/providers/oidc-provider";

const [port = "3010", portal = "http://127.0.0.1:3000"] = process.argv.slice(2);
const person = (name: string, more: Record<string, unknown>) => {
  const [given_name = "", family_name = ""] = name.split(" ");
  const email = `${given_name}.${family_name}@kestrel.example`.toLowerCase();
  return { sub: email.split("@")[0] ?? email, email, email_verified: true, given_name, family_name, contract_status: "active", ...more };
};

const provider = await start({
  port: Number(port),
  people: [
    person("Elena Marsh", { groups: ["portal-admins"], department: "Programme office" }),
    person("Theo Brandt", { groups: ["engineers"], department: "Landing gear" }),
    person("Sofia Lund", { groups: ["engineers"], department: "Test rigs", contract_status: "ended" }),
  ],
  clients: [
    {
      client_id: "northwind-portal",
      client_secret: "kestrel-demonstration-secret",
      redirect_uris: [`${portal}/federation/oidc/callback`],
    },
  ],
});
console.log(`Kestrel's identity provider: ${provider.url} (sign in as elena.marsh, theo.brandt or sofia.lund)`);
for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => void provider.stop().then(() => process.exit(0)));
