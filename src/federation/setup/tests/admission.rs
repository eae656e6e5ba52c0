//! Who may come in, and as what.

use super::*;
use crate::{
    federation::{JoinPolicy, Joining, Mapping, Rules, mapping::GroupApplication},
    for_each_backend,
    kernel::ApplicationId,
};

async fn admit(world: &World, organization: &Organization, provider: &IdentityProvider, joining: Joining) -> Result<(), SetupError> {
    let admission = commands::Admission {
        joining,
        rules: Rules::parse("groups includes portal-users | You are not in the group.").unwrap(),
        trusts_second_factor: true,
    };
    run(world, Actor::System("test"), async |cx| {
        commands::change_admission(cx, organization, provider.id, provider.version, admission).await
    })
    .await
}

fn joining(applications: Vec<ApplicationId>) -> Joining {
    Joining {
        policy: JoinPolicy::Open,
        role: MemberRole::Auditor,
        applications,
        days: Some(90),
    }
}

for_each_backend!(newcomers_get_what_the_organization_holds_and_no_more, |world| {
    let acme = world.organization("Acme").await;
    let provider = tried(&world, &acme).await;
    let (orders, scopes) = world.application("orders").await;
    let (stock, _) = world.application("stock").await;
    world.entitle(&acme, &orders, &scopes).await;
    let beyond = admit(&world, &acme, &provider, joining(vec![orders.id, stock.id])).await;
    assert!(matches!(beyond, Err(SetupError::NotHeld)), "{beyond:?}");
    admit(&world, &acme, &provider, joining(vec![orders.id])).await.unwrap();
    let changed = now(&world, &provider).await.unwrap();
    assert_eq!(changed.joining, joining(vec![orders.id]));
    assert!(changed.trusts_second_factor && !changed.rules.text().is_empty());
    assert_eq!(changed.tried_at, provider.tried_at, "who may come in needs no new trial");
});

for_each_backend!(groups_give_what_the_organization_holds_and_no_more, |world| {
    let acme = world.organization("Acme").await;
    let provider = tried(&world, &acme).await;
    let (orders, scopes) = world.application("orders").await;
    world.application("stock").await;
    world.entitle(&acme, &orders, &scopes).await;
    let map = async |slug: &str| {
        let mapping = Mapping {
            group_applications: vec![GroupApplication {
                group: "engineers".to_owned(),
                application: slug.to_owned(),
            }],
            ..Mapping::of(Preset::Oidc)
        };
        run(&world, Actor::System("test"), async |cx| {
            commands::change_mapping(cx, &acme, provider.id, provider.version, mapping).await
        })
        .await
    };
    for slug in ["stock", "no-such-thing"] {
        let refused = map(slug).await;
        assert!(
            matches!(&refused, Err(SetupError::GroupNotHeld(named)) if named == slug),
            "{refused:?}"
        );
    }
    map("orders").await.unwrap();
});
