//! What invitations promise, on both databases.

mod acceptance;
mod lists;
mod pages;
mod sending;

use crate::{
    access::Actor,
    kernel::{EmailAddress, EntitlementId, Password, ScopeId},
    organizations::Organization,
    people::{
        Member, MemberRole,
        invitations::{
            Draft, DraftRow, Invitation,
            acceptance::{AcceptError, Accepted, Opened},
            commands::{self, InviteError, Sent},
            facts, plan,
        },
    },
    signin::passwords::{HashedPassword, PasswordError},
    store,
    testing::World,
};

pub(super) const PASSWORD: &str = "quiet-marble-otter-92";

/// A draft of addresses with nothing else said.
pub(super) fn draft(organization: &Organization, emails: &[&str]) -> Draft {
    let rows = emails
        .iter()
        .enumerate()
        .map(|(place, email)| DraftRow {
            line: place as u64 + 1,
            email: (*email).to_owned(),
            ..DraftRow::default()
        })
        .collect();
    Draft {
        organization: organization.id,
        from: "/team/invite".to_owned(),
        role: MemberRole::Member,
        grants: Vec::new(),
        until: None,
        rows,
    }
}

pub(super) fn with_grant(mut draft: Draft, entitlement: EntitlementId, scopes: &[ScopeId]) -> Draft {
    draft.grants.push((entitlement, scopes.to_vec()));
    draft
}

/// Looks at the report and sends it, leaving bad rows out.
pub(super) async fn send(world: &World, actor: Actor, draft: &Draft) -> Result<Sent, InviteError> {
    let mut cx = world.cx(actor).await;
    let organization = store::organizations::get(&cx.tx, draft.organization).await?.expect("exists");
    let facts = facts::load(&cx.tx, &cx.actor, &organization, &draft.addresses(), cx.tenant.time_zone, cx.now).await?;
    let seen = plan::review(draft, &facts).fingerprint();
    let sent = commands::send_invitations(&mut cx, draft.organization, draft, &seen, true).await?;
    cx.commit().await?;
    Ok(sent)
}

/// Token and code of the newest mail to an address.
pub(super) async fn mailed(world: &World, email: &str) -> (String, String) {
    use sea_orm::{ColumnTrait as _, EntityTrait as _, QueryFilter as _, QueryOrder as _};
    use store::{Db as _, entity::outbox as o};
    let reader = world.portal.store.reader();
    let query = o::Entity::find()
        .filter(o::Column::Recipient.eq(email.to_lowercase()))
        .order_by_desc(o::Column::CreatedAt)
        .order_by_desc(o::Column::Id);
    let mail = query
        .one(reader.connection())
        .await
        .expect("the database answers")
        .expect("a mail was written");
    let text = mail.body_text;
    let token = text
        .split("/invitation/")
        .nth(1)
        .expect("a link")
        .split(|c: char| c.is_whitespace())
        .next()
        .expect("a token")
        .to_owned();
    let code = text
        .split("invitation's page:")
        .nth(1)
        .expect("a code")
        .split_whitespace()
        .next()
        .expect("a code")
        .to_owned();
    (token, code)
}

/// How many mails were written.
pub(super) async fn mails(world: &World) -> u64 {
    use sea_orm::{EntityTrait as _, PaginatorTrait as _};
    use store::{Db as _, entity::outbox as o};
    o::Entity::find()
        .count(world.portal.store.reader().connection())
        .await
        .expect("the database answers")
}

/// The invitation that waits for an address.
pub(super) async fn waiting(world: &World, organization: &Organization, email: &str) -> Option<Invitation> {
    let email: EmailAddress = email.parse().expect("an address");
    store::invitations::pending_in(&world.portal.store.reader(), organization.id, &email)
        .await
        .expect("the database answers")
}

pub(super) async fn open(world: &World, token: &str) -> Result<Opened, AcceptError> {
    let mut cx = world.cx(Actor::Anonymous).await;
    let opened = super::acceptance::open_invitation(&mut cx, token).await?;
    cx.commit().await?;
    Ok(opened)
}

/// The password as a form brings it: checked and hashed before the transaction.
pub(super) async fn prepared(world: &World, opened: &Opened, password: &str) -> Result<HashedPassword, PasswordError> {
    let qx = world.qx(Actor::Anonymous).await;
    let mut rng = world.portal.entropy.rng();
    super::acceptance::prepare_password(&qx, opened, "Cleo Vance", &Password::new(password.to_owned()), &mut rng).await
}

/// Accepts as a new person.
pub(super) async fn accept(world: &World, opened: &Opened) -> Result<Accepted, AcceptError> {
    let password = prepared(world, opened, PASSWORD).await;
    let mut cx = world.cx(Actor::Anonymous).await;
    let accepted = super::acceptance::accept_invitation(&mut cx, opened, "Cleo Vance", password).await?;
    cx.commit().await?;
    Ok(accepted)
}

pub(super) async fn join(world: &World, actor: Actor, opened: &Opened) -> Result<Accepted, AcceptError> {
    let mut cx = world.cx(actor).await;
    let accepted = super::acceptance::join_organization(&mut cx, opened).await?;
    cx.commit().await?;
    Ok(accepted)
}

pub(super) async fn admin(world: &World, organization: &Organization) -> Member {
    world.member(organization, "Ana Ruiz", MemberRole::PartnerAdmin).await
}

/// Leaves this many seats in the contract.
pub(super) async fn seats(world: &World, organization: &Organization, seats: i32) {
    let cx = world.system().await;
    let mut contract = store::contracts::in_force(&cx.tx, organization.id, cx.now)
        .await
        .expect("contract")
        .expect("in force");
    contract.seats = seats;
    store::contracts::update(&cx.tx, &contract).await.expect("update");
    cx.commit().await.expect("commit");
}
