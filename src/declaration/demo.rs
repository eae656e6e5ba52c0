//! The demonstration: its tenant, a little history made by the same commands as the pages use, and what the console says about it.

use std::fmt::Write as _;

use serde_json::json;

use super::{DeclarationError, Format, commands::run, read_text};
use crate::{
    access::Actor,
    apps::commands::launch,
    cx::{Cx, Portal, RequestMeta},
    issuer::acting::commands::{GiveDelegation, give_delegation},
    kernel::EmailAddress,
    organizations::Tenant,
    people::{
        MemberRole,
        invitations::{Draft, DraftRow, commands::send_invitations, queries},
    },
    signin::identify,
    store::{self, StoreError, sessions::SignedInAs},
};

/// The file, as part of the binary.
pub const FILE: &str = include_str!("../../demo/tenant.toml");
/// Its name in messages.
pub const NAME: &str = "demo/tenant.toml";
/// The password of everyone in it.
pub const PASSWORD: &str = "correct-Horse-7-battery";
/// The secret of the one authenticator app in it.
pub const AUTHENTICATOR: &str = "NORTHWINDDEMOPORTICOCOBALT234567";

/// Who to sign in as: role, address, and what to try.
pub const PEOPLE: [(&str, &str, &str); 12] = [
    (
        "operator",
        "amara.okafor@northwind.example",
        "partners, applications, mails that wait, health",
    ),
    (
        "owner",
        "ingrid.solberg@northwind.example",
        "answers for Acme Consulting; deputy of Baltic Freight, whose certification is overdue",
    ),
    (
        "owner",
        "tomas.herrera@northwind.example",
        "certify Ferrum Metals, which is suspended because nobody did",
    ),
    ("auditor", "wei.zhang@northwind.example", "the whole trail, search and export"),
    (
        "partner admin",
        "maya.chen@acme.example",
        "Acme Consulting: invite, rotate, suspend, assign, stop a system that acts for her",
    ),
    ("user manager", "samuel.osei@acme.example", "the same people, but no administrators"),
    ("auditor at a partner", "claire.dubois@acme.example", "reads what Acme's people did"),
    ("member", "bo.lind@acme.example", "launch applications; two of them end soon"),
    (
        "member with two hats",
        "hana.sato@acme.example",
        "switch between Acme Consulting and Cobalt Nordics",
    ),
    (
        "partner admin",
        "gabriel.santos@cobalt.example",
        "Cobalt Resellers asks for a second factor (key below)",
    ),
    ("contractor", "dana@whitfield-inspection.example", "ninety days, one seat"),
    (
        "contract is over",
        "zoe.laurent@halcyon.example",
        "sees why nothing can be launched any more",
    ),
];

/// Who opened what, so that evidence and trail are not empty.
const LAUNCHES: [(&str, &str); 14] = [
    ("bo.lind@acme.example", "drawings"),
    ("bo.lind@acme.example", "analytics"),
    ("bo.lind@acme.example", "orders"),
    ("maya.chen@acme.example", "quality"),
    ("priya.raman@acme.example", "drawings"),
    ("jonas.weber@acme.example", "quality"),
    ("kristine.ozola@balticfreight.example", "tracking"),
    ("aino.virtanen@balticfreight.example", "warehouse"),
    ("marek.kowalczyk@balticfreight.example", "tracking"),
    ("nina.petrova@cobalt.example", "orders"),
    ("omar.haddad@cobalt.example", "catalogue"),
    ("freja.nielsen@cobalt.example", "pricing"),
    ("dana@whitfield-inspection.example", "quality"),
    ("zoe.laurent@halcyon.example", "catalogue"),
];

/// Who was there in the last weeks without opening an application, and how many hours ago. Without this everybody but those above
/// would look as if they had never come.
const VISITS: [(&str, i64); 18] = [
    ("claire.dubois@acme.example", 30),
    ("samuel.osei@acme.example", 5),
    ("hana.sato@acme.example", 52),
    ("yusuf.demir@acme.example", 41 * 24),
    ("gabriel.santos@cobalt.example", 9),
    ("nina.petrova@cobalt.example", 100),
    ("omar.haddad@cobalt.example", 140),
    ("freja.nielsen@cobalt.example", 61),
    ("aino.virtanen@balticfreight.example", 33),
    ("kristine.ozola@balticfreight.example", 26),
    ("piotr.nowak@balticfreight.example", 48),
    ("emil.johansson@cobalt.example", 19),
    ("grace.mwangi@evergreen.example", 70),
    ("luca.moretti@evergreen.example", 12),
    ("elena.marsh@kestrel.example", 3),
    ("viktor.dragan@ferrum.example", 62 * 24),
    ("ana.kovac@ferrum.example", 70 * 24),
    ("zoe.laurent@halcyon.example", 96 * 24),
];

/// Fills an empty database; leaves one that holds the demonstration alone.
///
/// # Errors
/// [`DeclarationError::NotDemo`] when the database holds something else.
pub async fn fill(portal: &Portal) -> Result<(), DeclarationError> {
    let db = portal.store.reader();
    if store::tenant::get(&db).await?.is_some() {
        let operator: EmailAddress = PEOPLE[0]
            .1
            .parse()
            .map_err(|_| DeclarationError::NotDemo("the demonstration is broken".to_owned()))?;
        if store::people::find_by_email(&db, &operator).await?.is_some() {
            return Ok(());
        }
        let text = "the database holds a portal that is not the demonstration, and `serve --demo` does not mix the two; \
                    unset PORTICO_DATABASE_URL, or start without --demo";
        return Err(DeclarationError::NotDemo(text.to_owned()));
    }
    let declaration = read_text(NAME, FILE, Format::Toml)?;
    run(portal, NAME, &declaration, false).await?;
    if let Err(error) = history(portal).await {
        tracing::warn!(%error, "the demonstration starts without history");
    }
    // So that the partner nobody certified is suspended when the first page is opened.
    crate::lifecycle::sweep(portal).await?;
    Ok(())
}

/// Applications that `make run` starts a process for each.
const DEMO_APPS: [&str; 2] = ["orders", "drawings"];

/// Declares a client for each application that `portico demo-app` answers for, so that its tile signs people in there. One that was
/// connected before and is no more opens the portal's own page again.
///
/// # Errors
/// [`DeclarationError`] names what is wrong with name, address or secret.
pub async fn connect(portal: &Portal, named: &[(String, url::Url)], secret: Option<&str>) -> Result<(), DeclarationError> {
    let mut applications = Vec::new();
    for (slug, url) in named {
        let at = |path: &str| url.join(path).map(String::from).unwrap_or_default();
        let client = json!({
            "client_id": client_of(slug), "name": "Demonstration", "secret": secret, "disabled": false,
            "redirect_uris": [at("callback")], "post_logout_redirect_uris": [at("")],
            "initiate_login_uri": at("login"), "backchannel_logout_uri": at("backchannel-logout"),
            "grant_types": ["authorization_code"],
        });
        applications.push(json!({ "slug": slug, "launch_url": at(""), "clients": [client] }));
    }
    let db = portal.store.reader();
    for slug in DEMO_APPS {
        let away = !named.iter().any(|(other, _)| other == slug);
        if away && store::issuer::clients::by_name(&db, &client_of(slug)).await?.is_some() {
            let client = json!({ "client_id": client_of(slug), "disabled": true });
            applications.push(json!({ "slug": slug, "launch_url": format!("{{public_url}}/demo-app/{slug}"), "clients": [client] }));
        }
    }
    if applications.is_empty() {
        return Ok(());
    }
    let name = "portico serve --demo-app";
    let declaration = read_text(name, &json!({ "applications": applications }).to_string(), Format::Json)?;
    run(portal, name, &declaration, false).await.map(drop)
}

fn client_of(slug: &str) -> String {
    format!("demo-{slug}")
}

async fn history(portal: &Portal) -> Result<(), StoreError> {
    let mut launches: Vec<(i64, (&str, &str))> = (1..).zip(LAUNCHES).collect();
    // The oldest first, so that the last one is what "last seen" says.
    launches.reverse();
    for (number, (email, application)) in launches {
        if let Some(mut cx) = as_person(portal, email).await? {
            // Some hours apart, so that "last seen" and the trail look like those of a portal in use.
            cx.now -= chrono::Duration::minutes(410 * number);
            match launch(&mut cx, application).await {
                Ok(_) => {
                    if let Some(member) = cx.actor.member().map(|member| member.id) {
                        store::members::touch(&cx.tx, member, cx.now).await?;
                    }
                    cx.commit().await?;
                }
                // One of them has no contract any more, on purpose.
                Err(error) => tracing::debug!(email, application, %error, "a launch of the demonstration was refused"),
            }
        }
    }
    visits(portal).await?;
    delegate(portal).await?;
    invite(portal).await
}

/// Somebody lets a system act for them, so that "Acting for me" has something to stop.
async fn delegate(portal: &Portal) -> Result<(), StoreError> {
    let Some(mut cx) = as_person(portal, "maya.chen@acme.example").await? else {
        return Ok(());
    };
    let robot = store::issuer::clients::by_name(&cx.tx, "forecast-robot").await?;
    let (Some(robot), Some(member)) = (robot, cx.actor.member().map(|member| member.id)) else {
        return Ok(());
    };
    let input = GiveDelegation {
        member,
        client: robot.id,
        application: "analytics".to_owned(),
        scopes: vec!["analytics:read".to_owned()],
        purpose: "Puts last week's figures into our own plan, every Monday at six".to_owned(),
        object: None,
        ends_at: cx.now + chrono::Duration::days(60),
        provider: None,
    };
    match give_delegation(&mut cx, input).await {
        Ok(_) => cx.commit().await,
        Err(error) => {
            tracing::warn!(%error, "the delegation of the demonstration was refused");
            Ok(())
        }
    }
}

async fn visits(portal: &Portal) -> Result<(), StoreError> {
    let Some(cx) = as_person(portal, PEOPLE[0].1).await? else {
        return Ok(());
    };
    for (email, hours) in VISITS {
        let Ok(email) = email.parse::<EmailAddress>() else { continue };
        let Some(person) = store::people::find_by_email(&cx.tx, &email).await? else {
            continue;
        };
        let at = cx.now - chrono::Duration::hours(hours);
        for member in store::members::of_person(&cx.tx, person.id).await? {
            if member.last_seen_at.is_none() {
                store::members::touch(&cx.tx, member.id, at).await?;
            }
        }
    }
    cx.commit().await
}

/// Two invitations of Acme's administrator that wait for an answer.
async fn invite(portal: &Portal) -> Result<(), StoreError> {
    let Some(cx) = as_person(portal, "maya.chen@acme.example").await? else {
        return Ok(());
    };
    let actor = cx.actor.clone();
    // The report is read outside of the transaction: SQLite has one writer.
    cx.tx.rollback().await?;
    let qx = portal.query(std::sync::Arc::new(actor), &RequestMeta::default()).await?;
    let Ok(place) = queries::place(&qx, None).await else {
        return Ok(());
    };
    let row = |line: u64, name: &str, email: &str, apps: &str| DraftRow {
        line,
        email: email.to_owned(),
        name: name.to_owned(),
        apps: apps.to_owned(),
        ..DraftRow::default()
    };
    let draft = Draft {
        organization: place.organization.id,
        from: String::new(),
        role: MemberRole::Member,
        grants: Vec::new(),
        until: None,
        rows: vec![
            row(1, "Leila Rahimi", "leila.rahimi@acme.example", "quality"),
            row(2, "Mateusz Zieliński", "mateusz.zielinski@acme.example", "drawings; training"),
        ],
    };
    let Ok(report) = queries::report(&qx, &place, &draft).await else {
        return Ok(());
    };
    let Some(mut cx) = as_person(portal, "maya.chen@acme.example").await? else {
        return Ok(());
    };
    match send_invitations(&mut cx, place.organization.id, &draft, &report.fingerprint(), false).await {
        Ok(_) => cx.commit().await,
        Err(error) => {
            tracing::warn!(%error, "the invitations of the demonstration were refused");
            Ok(())
        }
    }
}

/// A command of somebody in their first hat. The trail shows by the user agent that the set-up of the demonstration did it.
async fn as_person(portal: &Portal, email: &str) -> Result<Option<Cx>, StoreError> {
    let db = portal.store.reader();
    let Ok(email) = email.parse::<EmailAddress>() else {
        return Ok(None);
    };
    let Some(person) = store::people::find_by_email(&db, &email).await? else {
        return Ok(None);
    };
    let now = portal.clock.now();
    let member = store::members::of_person(&db, person.id).await?.first().map(|member| member.id);
    let who = SignedInAs {
        person: person.id,
        member,
        at: now,
        second_factor_at: Some(now),
        through: None,
    };
    let tenant = store::tenant::get(&db).await?.unwrap_or_else(Tenant::unnamed);
    let Some(found) = identify(&db, &who, Vec::new(), &tenant, now).await? else {
        return Ok(None);
    };
    let Actor::Person(_) = &found.actor else { return Ok(None) };
    let meta = RequestMeta {
        user_agent: Some("set-up of the demonstration".to_owned()),
        ..RequestMeta::default()
    };
    Ok(Some(portal.begin(found.actor, meta).await?))
}

/// What the console says once the demonstration is up. `mail_server` is where mails go; without one the operator reads them in the outbox.
#[must_use]
pub fn welcome(public_url: &str, mail_server: Option<&str>) -> String {
    let width = |column: fn(&(&'static str, &'static str, &'static str)) -> &'static str| {
        PEOPLE.iter().map(|row| column(row).len()).max().unwrap_or_default()
    };
    let (roles, addresses) = (width(|row| row.0), width(|row| row.1));
    let mut text = format!("\n  Portico is ready: {public_url}\n\n  Everybody's password: {PASSWORD}\n\n");
    for (role, address, try_this) in PEOPLE {
        let _ = writeln!(text, "  {role:roles$}  {address:addresses$}  {try_this}");
    }
    let _ = writeln!(text, "\n  Gabriel's key for an authenticator app: {AUTHENTICATOR}");
    let outbox = format!("{public_url}{}", crate::web::routes::ADMIN_OUTBOX);
    let _ = match mail_server {
        Some(host) => writeln!(
            text,
            "  Mails go out through {host}; the operator sees at {outbox} which wait and which could not be sent"
        ),
        None => writeln!(text, "  Mails are not sent here; the operator reads them at {outbox}"),
    };
    let _ = writeln!(
        text,
        "  Kestrel's people sign in at their own company: try theo.brandt@kestrel.example (`make run` starts their provider)."
    );
    let _ = writeln!(text, "  Stop with Ctrl-C. Start again from nothing by deleting data/demo.db.\n");
    text
}
