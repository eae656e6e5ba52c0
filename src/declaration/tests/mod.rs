//! Promises of `portico apply`.

mod applying;
mod demo;
mod drift;
mod policies;
mod reading;
mod refusing;
mod templates;

use super::{DeclarationError, Format, Report, commands::run, read_text};
use crate::testing::World;

/// A small portal: one partner with a contract, an application, an owner, an administrator and a member.
pub(super) const SMALL: &str = r##"
[tenant]
name = "Northwind Industries"
time_zone = "Europe/Berlin"
support_contact = "desk@northwind.example"

[[applications]]
slug = "orders"
name = "Order desk"
description = "Orders."
icon = "cart"
category = "Sales"
launch_url = "{public_url}/demo-app/orders"
owner = "olga@northwind.example"
scopes = [
  { name = "orders:read", description = "See orders.", access = "read" },
  { name = "orders:approve", description = "Approve orders.", access = "write", high_value = true },
]

[[organizations]]
slug = "acme-nordics"
name = "Acme Nordics"
parent = "acme"

[[organizations]]
slug = "acme"
name = "Acme"
kind = "Consultancy"
description = "Helps."
status = "active"
owner = "olga@northwind.example"
deputy = "dario@northwind.example"
accent = "#7a3ea1"
require_step_up = true
certified = "-10d"
certification_due = "+90d"
metadata = { region = "EMEA" }
contracts = [{ reference = "A-1", starts = "-30d", ends = "2027-03-31", seats = 3, notice_days = 60 }]
entitlements = [{ application = "orders", scopes = ["orders:read", "orders:approve"], starts = "-30d", ends = "+60d", seats = 2 }]

[[people]]
email = "olga@northwind.example"
name = "Olga Owner"
tenant_roles = ["owner", "operator"]

[[people]]
email = "dario@northwind.example"
name = "Dario Deputy"
tenant_roles = ["owner"]

[[people]]
email = "ada@acme.example"
name = "Ada Admin"
time_zone = "Asia/Tokyo"
password = "correct-Horse-7-battery"
totp_secret = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"
[[people.memberships]]
organization = "acme"
role = "partner_admin"
starts = "-20d"
assignments = [{ application = "orders", scopes = ["orders:read"], starts = "-20d", ends = "+9d" }]

[[people]]
email = "bo@acme.example"
name = "Bo Lind"
[[people.memberships]]
organization = "acme"
status = "suspended"
status_reason = "Away."
starts = "-20d"
ends = "+3d"
"##;

/// Applies a text.
pub(super) async fn apply(world: &World, text: &str) -> Result<Report, DeclarationError> {
    run(&world.portal, "portal.toml", &read_text("portal.toml", text, Format::Toml)?, false).await
}

/// Applies a text that must work.
pub(super) async fn applied(world: &World, text: &str) -> Report {
    apply(world, text).await.unwrap_or_else(|error| panic!("{error}"))
}

/// What a text that must be refused is answered.
pub(super) async fn refusal(world: &World, text: &str) -> String {
    apply(world, text).await.expect_err("this is refused").to_string()
}
