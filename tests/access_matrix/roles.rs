//! Role × action against one partner, as the policies decide it; the table is kept in `roles.txt`.

use chrono::Duration;
use portico::{
    access::{Action, Actor, Resource, SettingUp, Sphere, Verdict},
    kernel::SetupLinkId,
    people::{MemberRole, TenantRole},
    store,
    testing::World,
};

/// Everyone who could ask, in the columns' order.
async fn askers(world: &World) -> (Vec<(&'static str, Actor)>, Resource) {
    let acme = world.organization("Acme").await;
    let other = world.organization("Other").await;
    let owner = world.employee("Olga Owner", TenantRole::Owner).await;
    let acme = world.own(&acme, &owner).await;
    let stranger = world.employee("Otto Owner", TenantRole::Owner).await;
    let operator = world.employee("Opal Operator", TenantRole::Operator).await;
    let auditor = world.employee("Aude Auditor", TenantRole::Auditor).await;

    let mut columns = vec![("nobody", Actor::Anonymous)];
    for (title, name, role) in [
        ("member", "Mia Member", MemberRole::Member),
        ("org auditor", "Abe Auditor", MemberRole::Auditor),
        ("user manager", "Uma Manager", MemberRole::UserManager),
        ("partner admin", "Pat Admin", MemberRole::PartnerAdmin),
    ] {
        let member = world.member(&acme, name, role).await;
        columns.push((title, world.acting(&member).await));
    }
    let mut leaver = world.member(&acme, "Lea Leaver", MemberRole::PartnerAdmin).await;
    leaver.read_only = true;
    let cx = world.system().await;
    store::members::update(&cx.tx, &leaver).await.expect("update");
    cx.commit().await.expect("commit");
    columns.push(("leaving admin", world.acting(&leaver).await));
    let foreign = world.member(&other, "Fay Foreign", MemberRole::PartnerAdmin).await;
    columns.push(("foreign admin", world.acting(&foreign).await));
    columns.push(("owner", world.actor(owner.id, None).await));
    columns.push(("other owner", world.actor(stranger.id, None).await));
    columns.push(("operator", world.actor(operator.id, None).await));
    columns.push(("tenant auditor", world.actor(auditor.id, None).await));
    let set_up = |organization| {
        Actor::SetUp(Box::new(SettingUp {
            link: "0190a0a0-0000-7000-8000-000000000000".parse::<SetupLinkId>().expect("an id"),
            organization,
            email: "it@acme.example".to_owned(),
        }))
    };
    columns.push(("set-up link", set_up(acme.id)));
    columns.push(("foreign link", set_up(other.id)));
    (columns, Resource::from(&acme))
}

fn table(world: &World, columns: &[(&'static str, Actor)], organization: &Resource) -> String {
    let mut lines = vec![format!(
        "{:<26}{}",
        "",
        columns
            .iter()
            .map(|(title, _)| format!("{title:<15}"))
            .collect::<String>()
            .trim_end()
    )];
    for action in Action::ALL {
        let resource = match action.sphere() {
            Sphere::Organization => organization.clone(),
            Sphere::Tenant => Resource::Tenant,
            Sphere::Launch | Sphere::Scope => continue,
        };
        let cells: String = columns
            .iter()
            .map(|(_, actor)| {
                match world
                    .portal
                    .policies
                    .without_rules()
                    .decide(actor, *action, &resource, world.now())
                    .verdict
                {
                    Verdict::Allow => format!("{:<15}", "yes"),
                    Verdict::StepUp => format!("{:<15}", "step-up"),
                    Verdict::Deny => format!("{:<15}", "-"),
                }
            })
            .collect();
        lines.push(format!("{:<26}{}", action.as_str(), cells.trim_end()).trim_end().to_owned());
    }
    lines.join("\n") + "\n"
}

#[tokio::test]
async fn the_table_of_roles_and_actions_is_as_written() {
    let world = World::sqlite().await;
    let (columns, organization) = askers(&world).await;
    let made = table(&world, &columns, &organization);
    let kept = include_str!("roles.txt");
    assert_eq!(made, kept, "the table changed; when that is meant, roles.txt should be:\n{made}");
}

#[tokio::test]
async fn a_required_step_up_is_asked_for_changes_alone_and_for_minutes_only() {
    let world = World::sqlite().await;
    let mut acme = world.organization("Acme").await;
    acme.require_step_up = true;
    let admin = world.member(&acme, "Pat Admin", MemberRole::PartnerAdmin).await;
    let resource = Resource::from(&acme);
    let verdict = |actor: &Actor, action| {
        world
            .portal
            .policies
            .without_rules()
            .decide(actor, action, &resource, world.now())
            .verdict
    };

    let stale = world.acting(&admin).await;
    assert_eq!(verdict(&stale, Action::SuspendMember), Verdict::StepUp);
    assert_eq!(verdict(&stale, Action::ViewTeam), Verdict::Allow);

    let fresh = world.actor_with_second_factor(admin.person, Some(admin.id)).await;
    assert_eq!(verdict(&fresh, Action::SuspendMember), Verdict::Allow);
    world.clock.advance(Duration::minutes(portico::access::STEP_UP_MINUTES));
    assert_eq!(verdict(&fresh, Action::SuspendMember), Verdict::StepUp);

    let member = world.member(&acme, "Mia Member", MemberRole::Member).await;
    let member = world.actor_with_second_factor(member.person, Some(member.id)).await;
    assert_eq!(
        verdict(&member, Action::SuspendMember),
        Verdict::Deny,
        "a second factor raises nobody"
    );
}
