//! Decisions about access: the start of an application, and each scope of it.

use std::collections::{HashMap, HashSet};

use cedar_policy::{Context, Entities, Entity, EntityUid, PolicySet, Request, RestrictedExpression as Value};

use super::{
    AccessFacts, Action, Actor, Decision, LaunchFacts, Policies, ScopeFacts, Verdict,
    facts::LINKS,
    policies::{NOT_UNDERSTOOD, refused, uid},
};
use crate::kernel::Timestamp;

/// What was decided about the start of an application and each scope of it that is held.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AccessDecision {
    /// The start: allowed when it is and a scope is, a step-up when only a second factor stands before either.
    pub launch: Decision,
    /// Each scope, in the order held.
    pub scopes: Vec<Decision>,
}

impl Policies {
    /// Asks about the start of an application and each scope of it that is held, now.
    #[must_use]
    pub fn decide_access(&self, actor: &Actor, launch: &LaunchFacts, now: Timestamp) -> AccessDecision {
        match AccessFacts::of(actor, launch, self.asking, now) {
            Some(facts) => self.judge(&facts),
            None => AccessDecision {
                launch: refused("Nobody is signed in."),
                scopes: launch.scopes.iter().map(|_| refused("Nobody is signed in.")).collect(),
            },
        }
    }

    /// The same for facts from wherever.
    #[must_use]
    pub fn judge(&self, facts: &AccessFacts) -> AccessDecision {
        let all = |decision: Decision| AccessDecision {
            scopes: vec![decision.clone(); facts.scopes.len()],
            launch: decision,
        };
        let Some(set) = self
            .rules
            .set_for(&self.engine, facts.partner.organization.id, facts.application.id)
        else {
            return all(refused(
                "A policy in force cannot be read, so nothing is allowed. Tell the people who run the portal.",
            ));
        };
        let Some(entities) = self.access_entities(facts) else {
            return all(refused(NOT_UNDERSTOOD));
        };
        let held: Vec<&ScopeFacts> = facts.scopes.iter().collect();
        let scopes: Vec<Decision> = facts
            .scopes
            .iter()
            .map(|scope| {
                let resource = uid(&self.engine.types.scope, &scope.name);
                self.judge_one(&set, &entities, facts, Action::UseScope, &resource, &held)
            })
            .collect();
        let kept: Vec<&ScopeFacts> = facts
            .scopes
            .iter()
            .zip(&scopes)
            .filter(|(_, decision)| decision.verdict != Verdict::Deny)
            .map(|(scope, _)| scope)
            .collect();
        let resource = uid(&self.engine.types.application, &facts.application.slug);
        let mut launch = self.judge_one(&set, &entities, facts, Action::Launch, &resource, &kept);
        if kept.is_empty() {
            // Why nothing is left, not only that.
            launch.add_reasons(&scopes, Verdict::Deny);
        } else if launch.verdict == Verdict::Allow && scopes.iter().all(|decision| decision.verdict != Verdict::Allow) {
            launch = Decision {
                verdict: Verdict::StepUp,
                why: Vec::new(),
            };
            launch.add_reasons(&scopes, Verdict::StepUp);
        }
        AccessDecision { launch, scopes }
    }

    fn judge_one(
        &self,
        set: &PolicySet,
        entities: &Entities,
        facts: &AccessFacts,
        action: Action,
        resource: &EntityUid,
        scopes: &[&ScopeFacts],
    ) -> Decision {
        let ask = |facts: &AccessFacts| {
            let context = self.access_context(facts, scopes)?;
            let action = self.engine.action(action)?.clone();
            let request = Request::new(self.person_uid(facts.person), action, resource.clone(), context, None).ok()?;
            Some(self.evaluate(set, &request, entities))
        };
        let Some(mut raw) = ask(facts) else {
            return refused(NOT_UNDERSTOOD);
        };
        if raw.only_step_up && ask(&facts.refreshed()).is_some_and(|fresh| fresh.decision.verdict == Verdict::Allow) {
            raw.decision.verdict = Verdict::StepUp;
        }
        raw.decision
    }

    fn access_context(&self, facts: &AccessFacts, scopes: &[&ScopeFacts]) -> Option<Context> {
        let circumstance = &facts.circumstance;
        let text = |value: &str| Value::new_string(value.to_owned());
        let (hour, weekday) = facts.local();
        let acr = if circumstance.two_factors { "two-factors" } else { "one-factor" };
        let mut pairs: Vec<(String, Value)> = LINKS
            .iter()
            .map(|(_, name, flag)| {
                let holds = !circumstance.missing.iter().any(|missing| missing == name);
                ((*flag).to_owned(), Value::new_bool(holds))
            })
            .collect();
        let mut add = |name: &str, value: Value| pairs.push((name.to_owned(), value));
        add("scopes", Value::new_set(scopes.iter().map(|scope| text(&scope.name))));
        add(
            "partner",
            Value::new_entity_uid(uid(&self.engine.types.partner, &facts.partner.slug)),
        );
        add("role", text(&circumstance.role));
        add("now", Value::new_datetime(facts.now.format("%Y-%m-%dT%H:%M:%S%.3fZ").to_string()));
        add("epoch", Value::new_long(facts.now.timestamp()));
        add("hour", Value::new_long(hour));
        add("weekday", Value::new_long(weekday));
        add("device", text(circumstance.device.as_str()));
        add("acr", text(acr));
        add("fresh_second_factor", Value::new_bool(circumstance.fresh));
        if let Some(address) = facts.asking.address {
            add("address", Value::new_ip(address.to_string()));
        }
        if let Some(days) = circumstance.unused_days {
            add("unused_days", Value::new_long(days));
        }
        Context::from_pairs(pairs).ok()
    }

    fn access_entities(&self, facts: &AccessFacts) -> Option<Entities> {
        let text = |value: &str| Value::new_string(value.to_owned());
        let types = &self.engine.types;
        let organization = &facts.partner.organization;
        let mut person = HashMap::from([
            ("tenant_roles".to_owned(), Value::new_set([])),
            ("read_only".to_owned(), Value::new_bool(facts.circumstance.read_only)),
            (
                "organization".to_owned(),
                Value::new_entity_uid(self.organization_uid(organization.id)),
            ),
        ]);
        if !facts.circumstance.role.is_empty() {
            person.insert("role".to_owned(), text(&facts.circumstance.role));
        }
        let application = uid(&types.application, &facts.application.slug);
        let partner = [
            ("slug".to_owned(), text(&facts.partner.slug)),
            ("name".to_owned(), text(&facts.partner.name)),
            ("kind".to_owned(), text(&facts.partner.kind)),
        ];
        let tags = facts.partner.metadata.iter().map(|(name, value)| (name.clone(), text(value)));
        let about = HashMap::from([
            ("slug".to_owned(), text(&facts.application.slug)),
            ("category".to_owned(), text(&facts.application.category)),
        ]);
        let mut entities = vec![
            Entity::new(self.person_uid(facts.person), person, HashSet::new()).ok()?,
            self.organization_entity(organization)?,
            Entity::new_with_tags(uid(&types.partner, &facts.partner.slug), partner, [], tags).ok()?,
            Entity::new(application.clone(), about, HashSet::new()).ok()?,
        ];
        for scope in &facts.scopes {
            let attributes = HashMap::from([
                ("name".to_owned(), text(&scope.name)),
                ("access".to_owned(), text(scope.access.as_str())),
                ("high_value".to_owned(), Value::new_bool(scope.high_value)),
                ("application".to_owned(), Value::new_entity_uid(application.clone())),
            ]);
            entities.push(Entity::new(uid(&types.scope, &scope.name), attributes, HashSet::from([application.clone()])).ok()?);
        }
        Entities::from_entities(entities, None).ok()
    }
}
