// Partners, people and grants that one test has for itself, declared by `portico apply` while the portal runs.

import { randomUUID } from "node:crypto";
import { apply, type Place } from "./server";
import type { Person } from "./people";

/** A password that the rules accept. */
export const PASSWORD = "violet harbour teapot 92";

export type Role = "member" | "user_manager" | "partner_admin" | "auditor";

export interface Account extends Person {
  name: string;
}

/** What a test wants its partner to be. */
export interface PartnerWish {
  /** Members beside the partner admin, by name, with role and applications (by the keys of `apps`). */
  members?: Record<string, { role?: Role; apps?: App[]; ends?: string; totp?: string }>;
  seats?: number;
  contractEnds?: string;
  stepUp?: boolean;
  certificationDue?: string;
  adminTotp?: string;
  /** What the partner holds; both applications unless said otherwise. */
  holds?: Partial<Record<App, { ends?: string }>>;
}

export interface Partner {
  slug: string;
  name: string;
  contract: string;
  owner: Account;
  admin: Account;
  member(name: string): Account;
}

/** Applications that only end-to-end tests use. */
export const apps = {
  orders: { slug: "e2e-orders", name: "Order desk (test)", category: "Logistics" },
  tracking: { slug: "e2e-tracking", name: "Parcel tracking (test)", category: "Logistics" },
} as const;
export type App = keyof typeof apps;

const applications = [
  {
    slug: apps.orders.slug,
    name: apps.orders.name,
    description: "Places and changes orders.",
    icon: "truck",
    category: apps.orders.category,
    launch_url: `{public_url}/demo-app/${apps.orders.slug}`,
    scopes: [
      { name: "orders:read", description: "See orders.", access: "read" },
      { name: "orders:write", description: "Place and change orders.", access: "write" },
      { name: "orders:approve", description: "Approve large orders.", access: "write", high_value: true },
    ],
  },
  {
    slug: apps.tracking.slug,
    name: apps.tracking.name,
    description: "Shows where parcels are.",
    icon: "package",
    category: apps.tracking.category,
    launch_url: `{public_url}/demo-app/${apps.tracking.slug}`,
    scopes: [{ name: "parcels:read", description: "See parcels.", access: "read" }],
  },
];

/** An application that nobody else launches. */
export interface OwnApplication {
  slug: string;
  name: string;
  scope: string;
}

export class World {
  constructor(private readonly place: Place) {}

  /** Declares more, for what a wish cannot say. */
  async declare(what: object): Promise<void> {
    await apply(this.place, what);
  }

  /** Letters and digits that nobody else uses. */
  unique(): string {
    return randomUUID().slice(0, 8);
  }

  /** An address that nobody else uses. */
  address(name = "guest"): string {
    return `${name.toLowerCase().replace(/[^a-z]+/g, ".")}.${this.unique()}@guests.example`;
  }

  private account(name: string, id: string, domain: string): Account {
    return { name, email: `${name.toLowerCase().replace(/[^a-z]+/g, ".")}.${id}@${domain}.example`, password: PASSWORD };
  }

  /** An active partner under contract, with an owner in the company and a partner admin. */
  async partner(wish: PartnerWish = {}): Promise<Partner> {
    const id = this.unique();
    const slug = `harbour-${id}`;
    const owner = this.account("Olga Owner", id, "company");
    const admin = this.account("Ada Admin", id, "harbour");
    const members = wish.members ?? {};
    const member = (name: string) => this.account(name, id, "harbour");
    const holds = wish.holds ?? { orders: {}, tracking: {} };
    const partner: Partner = { slug, name: `Harbour ${id}`, contract: `C-${id}`, owner, admin, member };
    await apply(this.place, {
      applications,
      organizations: [
        {
          slug,
          name: partner.name,
          kind: "Logistics",
          status: "active",
          owner: owner.email,
          require_step_up: wish.stepUp ?? false,
          certified: "-30d",
          certification_due: wish.certificationDue ?? "+60d",
          contracts: [{ reference: partner.contract, starts: "-30d", ends: wish.contractEnds ?? "+300d", seats: wish.seats ?? 25 }],
          entitlements: Object.entries(holds).map(([app, held]) => ({
            application: apps[app as App].slug,
            starts: "-20d",
            ...(held.ends ? { ends: held.ends } : {}),
          })),
        },
      ],
      people: [
        { ...owner, tenant_roles: ["owner"] },
        {
          ...admin,
          ...(wish.adminTotp ? { totp_secret: wish.adminTotp } : {}),
          memberships: [{ organization: slug, role: "partner_admin", starts: "-20d", assignments: [] }],
        },
        ...Object.entries(members).map(([name, of]) => ({
          ...member(name),
          ...(of.totp ? { totp_secret: of.totp } : {}),
          memberships: [
            {
              organization: slug,
              role: of.role ?? "member",
              starts: "-20d",
              ...(of.ends ? { ends: of.ends } : {}),
              assignments: (of.apps ?? []).map((app) => ({ application: apps[app].slug, starts: "-20d" })),
            },
          ],
        })),
      ],
    });
    return partner;
  }

  /** Makes somebody a member of a further partner. */
  async join(account: Account, partner: Partner, role: Role = "member", held: App[] = []): Promise<void> {
    const assignments = held.map((app) => ({ application: apps[app].slug, starts: "-20d" }));
    const memberships = [{ organization: partner.slug, role, starts: "-20d", assignments }];
    await apply(this.place, { people: [{ email: account.email, memberships }] });
  }

  /** An application of the test's own, held by these people of the partner. */
  async application(partner: Partner, holders: Account[] = []): Promise<OwnApplication> {
    const slug = `own-${this.unique()}`;
    const app = { slug, name: `Own ${slug}`, scope: `${slug}:read` };
    await apply(this.place, {
      applications: [
        {
          slug,
          name: app.name,
          description: "Belongs to one test.",
          icon: "book",
          category: "Tests",
          launch_url: `{public_url}/demo-app/${slug}`,
          scopes: [{ name: app.scope, description: "Read it.", access: "read" }],
        },
      ],
      organizations: [{ slug: partner.slug, entitlements: [{ application: slug, starts: "-20d" }] }],
      people: holders.map(({ email }) => ({ email, memberships: [{ organization: partner.slug, assignments: [{ application: slug, starts: "-20d" }] }] })),
    });
    return app;
  }

  /** Somebody of the company. */
  async employee(name: string, roles: ("owner" | "operator" | "auditor")[]): Promise<Account> {
    const account = this.account(name, this.unique(), "company");
    await apply(this.place, { people: [{ ...account, tenant_roles: roles }] });
    return account;
  }
}
