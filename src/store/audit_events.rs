//! Rows of the audit trail: inserted by `audit::record`, read by the trail pages and exports. Nothing updates or deletes them.

use sea_orm::{
    ActiveValue::Set,
    ColumnTrait as _, Condition, EntityTrait as _, QueryFilter as _, QuerySelect as _, QueryTrait as _, Select,
    sea_query::{Expr, LikeExpr},
};
use uuid::Uuid;

use super::{
    Db, StoreError, Tx, entity,
    paging::{keyset, paged},
};
use crate::kernel::{ApplicationId, AuditEventId, Cursor, MemberId, OrganizationId, Page, PageRequest, PersonId, Timestamp};
use entity::audit_event::{Column as C, Entity, Model};

/// A row of the trail, as written and as read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuditRow {
    /// Identifier; also its permalink.
    pub id: AuditEventId,
    /// When.
    pub at: Timestamp,
    /// What, e.g. `member.suspended`.
    pub action: String,
    /// `success`, `failure`, `allowed` or `denied`.
    pub outcome: String,
    /// `person`, `system` or `anonymous`.
    pub actor_kind: String,
    /// Who.
    pub actor: Option<PersonId>,
    /// In which hat.
    pub actor_member: Option<MemberId>,
    /// Who, in words, as of then.
    pub actor_label: String,
    /// Whose trail it belongs to.
    pub organization: Option<OrganizationId>,
    /// Its name as of then.
    pub organization_label: Option<String>,
    /// Kind of thing acted on, e.g. `member`.
    pub subject_kind: Option<String>,
    /// The thing acted on.
    pub subject: Option<uuid::Uuid>,
    /// The thing in words, as of then.
    pub subject_label: Option<String>,
    /// The application concerned.
    pub application: Option<ApplicationId>,
    /// Its name as of then.
    pub application_label: Option<String>,
    /// Why, in the words of the actor or of the policy.
    pub reason: Option<String>,
    /// JSON object with the particulars.
    pub details: String,
    /// Address of the peer.
    pub address: Option<String>,
    /// `User-Agent`, shortened.
    pub user_agent: Option<String>,
    /// Request it happened in; the log has the same.
    pub request_id: Option<String>,
}

/// Appends an event.
pub async fn insert(tx: &Tx, row: AuditRow) -> Result<(), StoreError> {
    insert_all(tx, vec![row]).await
}

/// As many events as one statement takes: both databases bound its parameters, SQLite at 32,766.
const AT_ONCE: usize = 1_000;

/// Appends events.
pub async fn insert_all(tx: &Tx, rows: Vec<AuditRow>) -> Result<(), StoreError> {
    let mut rows = rows.into_iter().map(stored).peekable();
    while rows.peek().is_some() {
        Entity::insert_many(rows.by_ref().take(AT_ONCE))
            .exec_without_returning(super::Db::connection(tx))
            .await?;
    }
    Ok(())
}

fn stored(row: AuditRow) -> entity::audit_event::ActiveModel {
    entity::audit_event::ActiveModel {
        id: Set(row.id.0),
        at: Set(row.at),
        action: Set(row.action),
        outcome: Set(row.outcome),
        actor_kind: Set(row.actor_kind),
        actor_id: Set(row.actor.map(|id| id.0)),
        actor_member_id: Set(row.actor_member.map(|id| id.0)),
        actor_search: Set(row.actor_label.to_lowercase()),
        actor_label: Set(row.actor_label),
        organization_id: Set(row.organization.map(|id| id.0)),
        organization_label: Set(row.organization_label),
        subject_kind: Set(row.subject_kind),
        subject_id: Set(row.subject),
        subject_search: Set(row.subject_label.as_ref().map(|label| label.to_lowercase())),
        subject_label: Set(row.subject_label),
        application_id: Set(row.application.map(|id| id.0)),
        application_label: Set(row.application_label),
        reason: Set(row.reason),
        details: Set(row.details),
        address: Set(row.address),
        user_agent: Set(row.user_agent),
        request_id: Set(row.request_id),
    }
}

fn event(row: Model) -> AuditRow {
    AuditRow {
        id: row.id.into(),
        at: row.at,
        action: row.action,
        outcome: row.outcome,
        actor_kind: row.actor_kind,
        actor: row.actor_id.map(Into::into),
        actor_member: row.actor_member_id.map(Into::into),
        actor_label: row.actor_label,
        organization: row.organization_id.map(Into::into),
        organization_label: row.organization_label,
        subject_kind: row.subject_kind,
        subject: row.subject_id,
        subject_label: row.subject_label,
        application: row.application_id.map(Into::into),
        application_label: row.application_label,
        reason: row.reason,
        details: row.details,
        address: row.address,
        user_agent: row.user_agent,
        request_id: row.request_id,
    }
}

/// Whose events may be read at all. Every reading function takes one, so that isolation is part of the SQL.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TrailScope {
    /// Every event.
    Everything,
    /// The events of the partners this employee answers for, as owner or deputy.
    PartnersOf(PersonId),
    /// One organization's events.
    Organization(OrganizationId),
    /// What one person did, and failed attempts in their name; in a partner's hat without what they did in other organizations.
    Own {
        /// Who.
        person: PersonId,
        /// The organization of the hat; none is the tenant's.
        organization: Option<OrganizationId>,
    },
}

impl TrailScope {
    fn condition(self) -> Condition {
        match self {
            Self::Everything => Condition::all(),
            Self::Organization(id) => Condition::all().add(C::OrganizationId.eq(id.0)),
            Self::PartnersOf(person) => {
                use entity::organization::{Column as O, Entity as Organizations};
                let partners = Organizations::find()
                    .select_only()
                    .column(O::Id)
                    .filter(Condition::any().add(O::OwnerId.eq(person.0)).add(O::DeputyId.eq(person.0)))
                    .into_query();
                Condition::all().add(C::OrganizationId.in_subquery(partners))
            }
            Self::Own { person, organization } => {
                let here = match organization {
                    Some(id) => C::OrganizationId.eq(id.0),
                    None => C::ActorMemberId.is_null(),
                };
                let acted = Condition::all()
                    .add(C::ActorId.eq(person.0))
                    .add(Condition::any().add(C::OrganizationId.is_null()).add(here));
                let attempted = Condition::all().add(C::SubjectId.eq(person.0)).add(C::ActorKind.eq("anonymous"));
                Condition::any().add(acted).add(attempted)
            }
        }
    }
}

/// What a list or an export is narrowed to, within its scope.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TrailFilter {
    /// From this instant on.
    pub from: Option<Timestamp>,
    /// Before this instant.
    pub until: Option<Timestamp>,
    /// Done by this person.
    pub actor: Option<PersonId>,
    /// Done by someone whose name contains this.
    pub actor_text: Option<String>,
    /// One of these actions; empty means any.
    pub actions: Vec<&'static str>,
    /// About this thing.
    pub subject: Option<Uuid>,
    /// About a thing whose name contains this.
    pub subject_text: Option<String>,
    /// Concerning this application.
    pub application: Option<ApplicationId>,
    /// Ended so.
    pub outcome: Option<&'static str>,
    /// Belonging to one of these organizations.
    pub organizations: Option<Vec<OrganizationId>>,
}

fn contains(column: C, text: &str) -> Expr {
    let escaped = text.to_lowercase().replace('\\', "\\\\").replace('%', "\\%").replace('_', "\\_");
    column.like(LikeExpr::new(format!("%{escaped}%")).escape('\\'))
}

fn filtered(scope: TrailScope, filter: &TrailFilter) -> Select<Entity> {
    let mut condition = Condition::all()
        .add(scope.condition())
        .add_option(filter.from.map(|at| C::At.gte(at)))
        .add_option(filter.until.map(|at| C::At.lt(at)))
        .add_option(filter.actor.map(|id| C::ActorId.eq(id.0)))
        .add_option(filter.actor_text.as_deref().map(|text| contains(C::ActorSearch, text)))
        .add_option(filter.subject.map(|id| C::SubjectId.eq(id)))
        .add_option(filter.subject_text.as_deref().map(|text| contains(C::SubjectSearch, text)))
        .add_option(filter.application.map(|id| C::ApplicationId.eq(id.0)))
        .add_option(filter.outcome.map(|outcome| C::Outcome.eq(outcome)));
    condition = match filter.actions.as_slice() {
        [] => condition,
        [only] => condition.add(C::Action.eq(*only)),
        several => condition.add(C::Action.is_in(several.iter().copied())),
    };
    condition = match filter.organizations.as_deref() {
        None => condition,
        // A single value is an equality, which an index answers in order.
        Some([only]) => condition.add(C::OrganizationId.eq(only.0)),
        Some(several) => condition.add(C::OrganizationId.is_in(several.iter().map(|id| id.0))),
    };
    Entity::find().filter(condition)
}

/// One page of events, newest first.
pub async fn list(
    db: &impl Db,
    scope: TrailScope,
    filter: &TrailFilter,
    page: PageRequest,
    size: usize,
) -> Result<Page<AuditRow>, StoreError> {
    let query = keyset(filtered(scope, filter), C::At, C::Id, &page, size);
    let rows = query.all(db.connection()).await?.into_iter().map(event).collect();
    Ok(paged(rows, page, size, |row: &AuditRow| Cursor { at: row.at, id: row.id.0 }))
}

/// One event, if it lies within the scope.
pub async fn get(db: &impl Db, scope: TrailScope, id: AuditEventId) -> Result<Option<AuditRow>, StoreError> {
    Ok(Entity::find_by_id(id.0)
        .filter(scope.condition())
        .one(db.connection())
        .await?
        .map(event))
}

#[cfg(test)]
mod tests;
