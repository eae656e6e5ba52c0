//! Policies of the operator.

use schemars::JsonSchema;
use serde::Deserialize;

/// A policy of the operator. Policies retired in the portal are not meant: their name is free again.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PolicyEntry {
    /// Name on pages; tells which policy is meant.
    pub name: String,
    /// Short name of the only partner it counts for; everybody's when left out. It never changes.
    pub partner: Option<String>,
    /// Short name of the only application it counts for; all of them when left out. It never changes.
    pub application: Option<String>,
    /// Its text, in Cedar. Needed for a new policy.
    pub text: Option<String>,
    /// Why it is written or changed, for whoever reads its history.
    pub reason: Option<String>,
    /// Whether it is only written: it decides nothing until somebody puts it in force in the portal.
    #[serde(default)]
    pub draft: bool,
    /// Ends it.
    #[serde(default)]
    pub retired: bool,
}
