//! A version held against what was decided lately, and one decision tried by hand.

use chrono::Duration;

use super::*;
use crate::{
    access::{Device, Verdict},
    audit::EventKind,
    for_each_backend,
    policies::{
        replay::{Limits, replay, replay_within},
        trial::{Answer, Question, answer},
    },
};

for_each_backend!(a_replay_finds_exactly_who_would_notice, |world| {
    let setting = Setting::new(&world).await;
    // Long ago: not looked at.
    opens(&world, &setting.bo, "orders").await;
    world.clock.advance(Duration::days(31));
    for _ in 0..3 {
        opens(&world, &setting.bo, "orders").await;
    }
    opens(&world, &setting.eve, "orders").await;
    opens(&world, &setting.eve, "quality").await;
    let events = world.events(EventKind::Launched).await;
    let actor = || world.actor(setting.operator.id, None);
    let write = async |text: &str, partner: Option<&str>, application: Option<&str>| {
        run(&world, actor().await, async |cx| {
            commands::write_policy(cx, draft(text, partner, application)).await
        })
        .await
        .unwrap()
    };
    let differences = async |policy: &Policy| {
        let replayed = replay(&world.qx(actor().await).await, policy.id).await.unwrap();
        assert!(!replayed.capped && replayed.skipped == 0);
        let rows = replayed.differences.into_iter();
        let rows = rows.map(|it| (it.member, it.application, it.scope, it.before, it.after, it.count));
        (replayed.decisions, rows.collect::<Vec<_>>())
    };
    let row = |member: &str, application: &str, scope: Option<&str>, before, after, count| {
        (
            member.to_owned(),
            application.to_owned(),
            scope.map(str::to_owned),
            before,
            after,
            count,
        )
    };
    let (allow, step_up, deny) = (Verdict::Allow, Verdict::StepUp, Verdict::Deny);

    let for_acme = write(NO_WRITING, Some("acme"), None).await;
    let (decisions, rows) = differences(&for_acme).await;
    assert_eq!(decisions, 3, "what it does not count for is not looked at");
    let expected = [
        row("Bo Lind", "orders", Some("orders:admin"), step_up, deny, 3),
        row("Bo Lind", "orders", Some("orders:write"), allow, deny, 3),
    ];
    assert_eq!(rows, expected);

    let closed = NO_WRITING
        .replace("UseScope", "Launch")
        .replace("when { resource.access == \"write\" }", "");
    let for_orders = write(&closed.replace("no-writing", "closed"), None, Some("orders")).await;
    let (decisions, rows) = differences(&for_orders).await;
    assert_eq!(decisions, 4);
    let expected = [
        row("Bo Lind", "orders", None, allow, deny, 3),
        row("Eve Stone", "orders", None, allow, deny, 1),
    ];
    assert_eq!(rows, expected);

    // In force it refuses; a milder version would allow anew.
    let policy = stored(&world, for_acme.id).await;
    run(&world, actor().await, async |cx| {
        commands::activate_policy(cx, policy.id, policy.version, 1, "Now".to_owned()).await?;
        let at_night = NO_WRITING.replace("resource.access == \"write\"", "resource.access == \"write\" && context.hour < 6");
        commands::rewrite_policy(cx, policy.id, policy.version + 1, at_night, "Milder".to_owned()).await
    })
    .await
    .unwrap();
    let (_, rows) = differences(&policy).await;
    let expected = [
        row("Bo Lind", "orders", Some("orders:admin"), deny, step_up, 3),
        row("Bo Lind", "orders", Some("orders:write"), deny, allow, 3),
    ];
    assert_eq!(rows, expected);
    assert_eq!(world.events(EventKind::Launched).await, events, "nothing is recorded by it");
});

for_each_backend!(a_decision_is_tried_without_a_trace, |world| {
    let setting = Setting::new(&world).await;
    let actor = || world.actor(setting.operator.id, None);
    let policy = run(&world, actor().await, async |cx| {
        let text = NO_WRITING.replace("resource.access == \"write\"", "resource.access == \"write\" && context.hour == 3");
        commands::write_policy(cx, draft(&text, Some("acme"), None)).await
    })
    .await
    .unwrap();
    let question = Question {
        partner: "acme".to_owned(),
        application: "orders".to_owned(),
        member: setting.bo.id,
        at: world.now(),
        address: None,
        device: Device::Browser,
        fresh: false,
        with: None,
    };
    let ask = async |question: Question| {
        let qx = world.qx(actor().await).await;
        match answer(&qx, &question).await.unwrap() {
            Answer::Judged(judged) => judged
                .scopes_that(Verdict::Allow)
                .map(|it| it.scope.name.clone())
                .collect::<Vec<_>>(),
            Answer::Nobody(reason) => vec![reason],
        }
    };
    let (night, all) = (world.now() + Duration::hours(15), ["orders:read", "orders:write"]);
    assert_eq!(ask(question.clone()).await, all);
    assert_eq!(
        ask(Question {
            fresh: true,
            ..question.clone()
        })
        .await
        .len(),
        3
    );
    assert_eq!(
        ask(Question {
            at: night,
            ..question.clone()
        })
        .await,
        all,
        "a draft decides nothing"
    );
    let with = Question {
        with: Some(policy.id),
        ..question.clone()
    };
    assert_eq!(ask(with.clone()).await, all);
    assert_eq!(ask(Question { at: night, ..with }).await, ["orders:read"]);
    let after = Question {
        at: world.now() + Duration::days(400),
        ..question.clone()
    };
    assert_eq!(ask(after).await, ["Acme has no contract in force."]);
    let foreign = Question {
        member: setting.eve.id,
        ..question
    };
    let qx = world.qx(actor().await).await;
    assert!(answer(&qx, &foreign).await.is_err(), "another partner's member is not found");
    assert_eq!(world.events(EventKind::Launched).await, 0);
});

for_each_backend!(a_replay_says_what_it_left_out, |world| {
    let setting = Setting::new(&world).await;
    for _ in 0..3 {
        opens(&world, &setting.bo, "orders").await;
    }
    // As events were before they kept how a decision was asked for, and as clients leave them.
    let mut cx = world.system().await;
    let old = crate::audit::Event::new(EventKind::Launched)
        .organization(setting.acme.id, "Acme")
        .subject(crate::audit::Subject::new("member", setting.bo.id, "Bo Lind"))
        .application(crate::kernel::ApplicationId(uuid::Uuid::nil()), "orders");
    crate::audit::record(&mut cx, old).await.unwrap();
    crate::audit::record(&mut cx, crate::audit::Event::new(EventKind::TokenIssued))
        .await
        .unwrap();
    cx.commit().await.unwrap();
    let policy = run(&world, world.actor(setting.operator.id, None).await, async |cx| {
        commands::write_policy(cx, draft(NO_WRITING, None, None)).await
    })
    .await
    .unwrap();
    let qx = world.qx(world.actor(setting.operator.id, None).await).await;
    let whole = replay(&qx, policy.id).await.unwrap();
    assert_eq!((whole.decisions, whole.skipped, whole.capped), (3, 1, false));
    let few = Limits {
        decisions: 2,
        rows: 100,
        batch: 2,
    };
    let part = replay_within(&qx, policy.id, few).await.unwrap();
    assert!(part.capped && part.decisions < 3, "{part:?}");
    let rows = Limits {
        decisions: 100,
        rows: 2,
        batch: 2,
    };
    assert!(replay_within(&qx, policy.id, rows).await.unwrap().capped);
});
