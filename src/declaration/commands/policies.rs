//! Policies of the operator.

use super::{
    super::{Mark, changes::Fields, error::Stop, model::PolicyEntry},
    step::{Step, needed},
};
use crate::{
    policies::{
        Policy, PolicyScope,
        commands::{PolicyDraft, PolicyError, activate_policy, retire_policy, rewrite_policy, write_policy},
    },
    store,
};

/// The reason in the history of a policy when the file gives none.
const REASON: &str = "Declared in a file.";

impl Step<'_> {
    /// A policy.
    pub async fn policy(&mut self, key: &str, entry: &PolicyEntry) -> Result<(), Stop> {
        let mut known = store::policies::open_by_name(&self.cx.tx, &entry.name).await?;
        let before = known.pop();
        if !known.is_empty() {
            return Err(Stop::at(
                format!("{key}.name"),
                format!("{:?} is the name of several policies; expected one that names one", entry.name),
            ));
        }
        match before {
            None if entry.retired => Ok(()),
            None => self.new_policy(key, entry).await,
            Some(policy) => self.known_policy(key, policy, entry).await,
        }
    }

    async fn new_policy(&mut self, key: &str, entry: &PolicyEntry) -> Result<(), Stop> {
        let draft = PolicyDraft {
            name: entry.name.clone(),
            partner: entry.partner.clone(),
            application: entry.application.clone(),
            text: text(&needed(key, "text", entry.text.clone(), "this policy")?),
            reason: reason(entry),
        };
        let policy = write_policy(self.cx, draft).await.map_err(|error| refused(key, error))?;
        if !entry.draft {
            activate_policy(self.cx, policy.id, policy.version, policy.latest, reason(entry))
                .await
                .map_err(|error| refused(key, error))?;
        }
        self.did(Mark::Create, "policy", &entry.name, Fields::default());
        Ok(())
    }

    async fn known_policy(&mut self, key: &str, policy: Policy, entry: &PolicyEntry) -> Result<(), Stop> {
        if entry.retired {
            retire_policy(self.cx, policy.id, policy.version, reason(entry))
                .await
                .map_err(|error| refused(key, error))?;
            self.did(Mark::End, "policy", &entry.name, Fields::default());
            return Ok(());
        }
        if self.scope_of(key, entry).await? != policy.scope {
            return Err(Stop::at(
                key,
                "counts for something else than before; expected the same partner and application, or another name",
            ));
        }
        let (mut policy, mut fields) = (policy, Fields::default());
        let latest = store::policies::version(&self.cx.tx, policy.id, policy.latest).await?;
        let mut said = latest.map(|version| version.text).unwrap_or_default();
        let wanted = entry.text.as_deref().map(text);
        if fields.set("text", &mut said, wanted, |_| "(a text)".to_owned()) {
            rewrite_policy(self.cx, policy.id, policy.version, said, reason(entry))
                .await
                .map_err(|error| refused(key, error))?;
            policy = store::policies::get(&self.cx.tx, policy.id).await?.unwrap_or(policy);
        }
        // Only what the file itself says: somebody's draft in the portal is theirs to put in force.
        if entry.text.is_some() && !entry.draft && policy.in_force != Some(policy.latest) {
            let shown = |number: Option<i32>| number.map_or_else(|| "none".to_owned(), |number| format!("version {number}"));
            fields.note("in force", shown(policy.in_force), shown(Some(policy.latest)));
            activate_policy(self.cx, policy.id, policy.version, policy.latest, reason(entry))
                .await
                .map_err(|error| refused(key, error))?;
        }
        if !fields.is_empty() {
            self.did(Mark::Change, "policy", &entry.name, fields);
        }
        Ok(())
    }

    async fn scope_of(&self, key: &str, entry: &PolicyEntry) -> Result<PolicyScope, Stop> {
        let organization = match &entry.partner {
            Some(slug) => Some(self.find_organization(&format!("{key}.partner"), slug).await?.id),
            None => None,
        };
        let application = match &entry.application {
            Some(slug) => Some(self.find_application(&format!("{key}.application"), slug).await?.0.id),
            None => None,
        };
        Ok(PolicyScope { organization, application })
    }
}

/// As the portal's own form keeps it, so that the same text is the same.
fn text(typed: &str) -> String {
    typed.replace("\r\n", "\n").trim_end().to_owned()
}

fn reason(entry: &PolicyEntry) -> String {
    entry.reason.clone().unwrap_or_else(|| REASON.to_owned())
}

fn refused(key: &str, error: PolicyError) -> Stop {
    let field = match error {
        PolicyError::Store(error) => return error.into(),
        PolicyError::Text(_) | PolicyError::TooLong => ".text",
        PolicyError::UnknownPartner => ".partner",
        PolicyError::UnknownApplication => ".application",
        PolicyError::TooMany | PolicyError::Policy(_) | PolicyError::Access(_) => "",
    };
    Stop::at(format!("{key}{field}"), format!("cannot be so: {error}"))
}
