//! Promises about mail: nothing is lost, nothing is sent twice, nothing that lets someone in stays behind.

use chrono::Duration;
use tokio::{
    io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader},
    net::TcpListener,
};
use tokio_util::sync::CancellationToken;

use super::*;
use crate::{
    audit::EventKind,
    cx::Settings,
    for_each_backend,
    kernel::{EmailAddress, PageRequest},
    people::{MemberRole, TenantRole},
    store::outbox::{self, Attempt, OutboxFilter},
    testing::World,
};

fn letter() -> Letter {
    Letter::Invitation {
        organization: "Acme <script>".to_owned(),
        inviter: "Ana \"&\" Ruiz".to_owned(),
        link: "http://127.0.0.1:3000/invitation/secret".to_owned(),
        code: "ABCD-EFGH".to_owned(),
        expires_at: chrono::DateTime::from_timestamp(1_780_000_000, 0).expect("a moment"),
        applications: vec!["Orders".to_owned()],
    }
}

async fn queue_one(world: &World, to: &str) -> Message {
    let mut cx = world.system().await;
    queue(&mut cx, &to.parse::<EmailAddress>().expect("an address"), None, letter())
        .await
        .expect("queued");
    cx.commit().await.expect("commit");
    let filter = OutboxFilter {
        recipient: Some(to.to_lowercase()),
        ..OutboxFilter::default()
    };
    outbox::list(&world.portal.store.reader(), &filter, PageRequest::Newest, 1)
        .await
        .expect("list")
        .rows
        .remove(0)
}

async fn stored(world: &World, message: &Message) -> Message {
    outbox::get(&world.portal.store.reader(), message.id)
        .await
        .expect("get")
        .expect("exists")
}

#[test]
fn a_letter_escapes_what_people_typed_and_loads_nothing_from_elsewhere() {
    let tenant = crate::organizations::Tenant {
        time_zone: chrono_tz::Europe::Berlin,
        ..crate::organizations::Tenant::unnamed()
    };
    let rendered = render::render(&tenant, letter());
    assert!(!rendered.html.contains("<script>") && rendered.html.contains("&lt;script&gt;") && rendered.html.contains("&quot;&amp;&quot;"));
    assert!(!rendered.html.contains("<img") && !rendered.html.contains("src=") && !rendered.html.contains("url("));
    assert!(rendered.text.contains("http://127.0.0.1:3000/invitation/secret") && rendered.text.contains("ABCD-EFGH"));
    assert!(rendered.text.contains("Europe/Berlin") && rendered.text.contains("did not expect"));
    assert!(rendered.html.contains("Europe/Berlin") && rendered.html.contains("did not expect"));
}

#[test]
fn a_reminder_after_the_grace_does_not_announce_what_has_come() {
    let at = chrono::DateTime::from_timestamp(1_780_000_000, 0).expect("a moment");
    for (paused, says) in [(false, "is paused on"), (true, "has been paused since")] {
        let letter = Letter::CertificationDue {
            organization: "Acme".to_owned(),
            due_at: at,
            suspended_at: at,
            paused,
            link: "http://127.0.0.1:3000/partners/acme/certify".to_owned(),
        };
        let rendered = render::render(&crate::organizations::Tenant::unnamed(), letter);
        assert!(rendered.text.contains(says), "{}", rendered.text);
    }
}

#[test]
fn a_subject_line_is_one_line() {
    let letter = Letter::MembershipEnded {
        organization: "Acme\r\nBcc: everyone@example.com".to_owned(),
    };
    let rendered = render::render(&crate::organizations::Tenant::unnamed(), letter);
    assert!(!rendered.subject.contains(['\r', '\n']));
}

#[test]
fn waiting_grows_from_a_minute_to_six_hours() {
    let minutes: Vec<i64> = (1..=8).map(|attempt| back_off(attempt).num_minutes()).collect();
    assert_eq!(minutes, [1, 3, 9, 27, 81, 243, 360, 360]);
}

#[test]
fn only_links_into_the_portal_can_be_followed() {
    let text = "See http://127.0.0.1:3000/invitation/x and https://evil.example/a and http://127.0.0.1:3000//evil.example and http://127.0.0.1:3000/do/x";
    assert_eq!(queries::links_in(text, "http://127.0.0.1:3000"), ["/invitation/x"]);
}

for_each_backend!(a_letter_of_a_command_that_was_not_committed_is_never_sent, |world| {
    let mut cx = world.system().await;
    queue(&mut cx, &"bo@example.com".parse().expect("an address"), None, letter())
        .await
        .expect("queued");
    drop(cx);
    assert_eq!(outbox::counts(&world.portal.store.reader()).await.expect("counts").waiting, 0);
});

for_each_backend!(of_several_replicas_one_claims_a_message, |world| {
    queue_one(&world, "bo@example.com").await;
    let (now, lease) = (world.now(), world.now() + Duration::minutes(5));
    let store = &world.portal.store;
    let (one, two, three) = tokio::join!(
        outbox::claim(store, now, lease, 10),
        outbox::claim(store, now, lease, 10),
        outbox::claim(store, now, lease, 10),
    );
    let taken = one.expect("claim").len() + two.expect("claim").len() + three.expect("claim").len();
    assert_eq!(taken, 1);
});

for_each_backend!(a_message_whose_claimer_died_comes_due_again, |world| {
    queue_one(&world, "bo@example.com").await;
    let store = &world.portal.store;
    let first = outbox::claim(store, world.now(), world.now() + Duration::minutes(5), 10)
        .await
        .expect("claim")
        .remove(0);
    assert!(
        outbox::claim(store, world.now(), world.now() + Duration::minutes(5), 10)
            .await
            .expect("claim")
            .is_empty()
    );
    world.clock.advance(Duration::minutes(5));
    let second = outbox::claim(store, world.now(), world.now() + Duration::minutes(5), 10)
        .await
        .expect("claim")
        .remove(0);
    assert_eq!((first.attempts, second.attempts), (1, 2));
    // The one that was thought dead cannot overrule the second any more.
    assert!(
        !outbox::settle(store, &first, Attempt::GivenUp { error: "late".to_owned() })
            .await
            .expect("settle")
    );
    assert!(
        outbox::settle(store, &second, Attempt::Accepted { at: world.now() })
            .await
            .expect("settle")
    );
});

for_each_backend!(a_sent_message_keeps_no_link, |world| {
    let message = queue_one(&world, "bo@example.com").await;
    let store = &world.portal.store;
    let claimed = outbox::claim(store, world.now(), world.now() + Duration::minutes(5), 10)
        .await
        .expect("claim")
        .remove(0);
    outbox::settle(store, &claimed, Attempt::Accepted { at: world.now() })
        .await
        .expect("settle");
    let sent = stored(&world, &message).await;
    assert_eq!((sent.status, sent.text.as_str(), sent.html.as_str()), (MessageStatus::Sent, "", ""));
    assert!(
        outbox::claim(store, world.now() + Duration::days(9), world.now() + Duration::days(10), 10)
            .await
            .expect("claim")
            .is_empty()
    );
});

for_each_backend!(the_state_of_the_latest_message_to_an_address_is_told, |world| {
    queue_one(&world, "Bo@Example.com").await;
    let states = outbox::state_for(
        &world.portal.store.reader(),
        &["Bo@example.com".to_owned(), "nobody@example.com".to_owned()],
    )
    .await
    .expect("states");
    assert_eq!(states.len(), 1);
    assert_eq!(states["bo@example.com"].status, MessageStatus::Waiting);
});

/// A mail server for one process: answers every command with `answers(command)`; none hangs up.
async fn server(answers: fn(&str) -> Option<&'static str>) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let port = listener.local_addr().expect("an address").port();
    tokio::spawn(async move {
        while let Ok((socket, _)) = listener.accept().await {
            tokio::spawn(async move {
                let (read, mut write) = socket.into_split();
                let mut lines = BufReader::new(read).lines();
                let _ = write.write_all(b"220 test\r\n").await;
                let mut in_data = false;
                while let Ok(Some(line)) = lines.next_line().await {
                    if in_data && line != "." {
                        continue;
                    }
                    let command = if in_data {
                        "END".to_owned()
                    } else {
                        line.chars().take(4).collect::<String>().to_uppercase()
                    };
                    in_data = command == "DATA";
                    let Some(answer) = answers(&command) else { return };
                    let _ = write.write_all(answer.as_bytes()).await;
                    let _ = write.write_all(b"\r\n").await;
                }
            });
        }
    });
    port
}

fn accepts(command: &str) -> Option<&'static str> {
    Some(match command {
        "DATA" => "354 go on",
        "QUIT" => "221 bye",
        _ => "250 ok",
    })
}

fn refuses_recipients(command: &str) -> Option<&'static str> {
    if command == "RCPT" {
        Some("550 no mailbox bo@example.com here")
    } else {
        accepts(command)
    }
}

fn hangs_up(_command: &str) -> Option<&'static str> {
    None
}

fn courier(world: &World, port: u16) -> Courier {
    let smtp = SmtpSettings {
        host: "127.0.0.1".to_owned(),
        port,
        protection: Protection::None,
        credentials: None,
        from: "Partner portal <portal@example.com>".parse().expect("a mailbox"),
    };
    Courier::new(world.portal.store.clone(), world.clock.clone(), smtp).expect("a courier")
}

for_each_backend!(a_due_message_is_delivered_once, |world| {
    let message = queue_one(&world, "bo@example.com").await;
    let courier = courier(&world, server(accepts).await);
    let stop = CancellationToken::new();
    assert_eq!(courier.deliver_due(&stop).await.expect("delivery"), 1);
    assert_eq!(courier.deliver_due(&stop).await.expect("delivery"), 0);
    let sent = stored(&world, &message).await;
    assert_eq!(
        (sent.status, sent.attempts, sent.sent_at),
        (MessageStatus::Sent, 1, Some(world.now()))
    );
});

for_each_backend!(a_refused_message_is_given_up_after_eight_attempts_and_can_be_retried, |world| {
    let message = queue_one(&world, "bo@example.com").await;
    let refusing = courier(&world, server(refuses_recipients).await);
    let stop = CancellationToken::new();
    for attempt in 1..=MAX_ATTEMPTS {
        assert_eq!(refusing.deliver_due(&stop).await.expect("delivery"), 1, "attempt {attempt}");
        assert_eq!(
            refusing.deliver_due(&stop).await.expect("delivery"),
            0,
            "it waits after attempt {attempt}"
        );
        world.clock.advance(Duration::hours(6));
    }
    let dead = stored(&world, &message).await;
    assert_eq!((dead.status, dead.attempts), (MessageStatus::Dead, MAX_ATTEMPTS));
    let error = dead.last_error.expect("an error");
    assert!(error.contains("550") && !error.contains('@'), "{error}");
    assert!(!dead.text.is_empty(), "what was not delivered is kept");

    let operator = world.employee("Olga Berg", TenantRole::Operator).await;
    let mut browser = world.browser_as(operator.id, None).await;
    let id = message.id.to_string();
    assert!(browser.get("/admin/outbox?state=dead").await.text.contains("Retry"));
    assert_eq!(
        browser.post("/do/retry-message", &[("message", &id)]).await.location.as_deref(),
        Some(format!("/admin/outbox/{id}").as_str())
    );
    assert_eq!(
        browser.post("/do/retry-message", &[("message", &id)]).await.location.as_deref(),
        Some("/admin/outbox"),
        "a second click changes nothing"
    );
    assert_eq!(world.events(EventKind::OutboxRetried).await, 1);
    let accepting = courier(&world, server(accepts).await);
    assert_eq!(accepting.deliver_due(&stop).await.expect("delivery"), 1);
    assert_eq!(stored(&world, &message).await.status, MessageStatus::Sent);
});

for_each_backend!(a_server_that_is_down_or_hangs_up_loses_nothing, |world| {
    let message = queue_one(&world, "bo@example.com").await;
    let stop = CancellationToken::new();
    courier(&world, 1).deliver_due(&stop).await.expect("delivery");
    let waiting = stored(&world, &message).await;
    assert_eq!(
        (waiting.status, waiting.attempts, waiting.next_attempt_at),
        (MessageStatus::Waiting, 1, world.now() + Duration::minutes(1))
    );
    world.clock.advance(Duration::minutes(1));
    courier(&world, server(hangs_up).await).deliver_due(&stop).await.expect("delivery");
    let waiting = stored(&world, &message).await;
    assert_eq!(
        (waiting.status, waiting.attempts, waiting.next_attempt_at),
        (MessageStatus::Waiting, 2, world.now() + Duration::minutes(3))
    );
    assert!(!waiting.text.is_empty());
});

/// Subjects of the letters to an address, oldest first.
async fn subjects_to(world: &World, email: &str) -> Vec<String> {
    letters_to(world, email).await.into_iter().map(|(subject, _)| subject).collect()
}

/// Subjects and texts of the letters to an address, oldest first.
async fn letters_to(world: &World, email: &str) -> Vec<(String, String)> {
    use crate::store::{Db as _, entity::outbox};
    use sea_orm::{ColumnTrait as _, EntityTrait as _, QueryFilter as _, QueryOrder as _};
    let rows = outbox::Entity::find()
        .filter(outbox::Column::Recipient.eq(email))
        .order_by_asc(outbox::Column::Id)
        .all(world.portal.store.reader().connection())
        .await
        .unwrap();
    rows.into_iter().map(|row| (row.subject, row.body_text)).collect()
}

for_each_backend!(people_are_told_of_what_is_given_to_them, |world| {
    let acme = world.organization("Acme").await;
    let admin = world.member(&acme, "Pat Admin", MemberRole::PartnerAdmin).await;
    let bo = world.member(&acme, "Bo Lind", MemberRole::Member).await;
    let (orders, scopes) = world.application("orders").await;
    world.entitle(&acme, &orders, &scopes).await;
    let mut browser = world.browser_as(admin.person, Some(admin.id)).await;
    let (bo_id, admin_id, scope) = (bo.id.to_string(), admin.id.to_string(), scopes[0].id.to_string());
    let form = [
        ("application", "orders"),
        ("members[]", bo_id.as_str()),
        ("members[]", admin_id.as_str()),
        ("scopes[]", scope.as_str()),
    ];
    assert_eq!(
        browser.post("/do/assign-application", &form).await.location.as_deref(),
        Some("/team/apps/orders")
    );
    world.clock.advance(Duration::seconds(1));
    browser.post("/do/suspend-member", &[("member", &bo_id), ("version", "1")]).await;
    world.clock.advance(Duration::seconds(1));
    browser.post("/do/reinstate-member", &[("member", &bo_id), ("version", "2")]).await;
    assert_eq!(
        subjects_to(&world, "bo.lind@example.com").await,
        [
            "You can now use orders",
            "Your access for Acme is paused",
            "Your access for Acme is back"
        ]
    );
    assert!(subjects_to(&world, "pat.admin@example.com").await.is_empty(), "who does it knows");
});

for_each_backend!(owners_are_told_when_a_partner_changes_hands, |world| {
    let acme = world.organization("Acme").await;
    let first = world.employee("Olga First", TenantRole::Owner).await;
    let second = world.employee("Sam Second", TenantRole::Owner).await;
    let operator = world.employee("Opal Operator", TenantRole::Operator).await;
    let mut browser = world.browser_as(operator.id, None).await;
    for (version, owner, deputy) in [
        ("1", &first, String::new()),
        ("2", &second, first.id.to_string()),
        ("3", &second, String::new()),
    ] {
        let owner = owner.id.to_string();
        let form = [
            ("organization", "acme"),
            ("version", version),
            ("owner", &owner),
            ("deputy", &deputy),
        ];
        assert_eq!(
            browser.post("/do/assign-owner", &form).await.location.as_deref(),
            Some("/partners/acme"),
            "version {version} of {acme:?}"
        );
        world.clock.advance(Duration::seconds(1));
    }
    assert_eq!(
        subjects_to(&world, "olga.first@example.com").await,
        ["You answer for Acme", "You answer for Acme", "You no longer answer for Acme"]
    );
    assert_eq!(subjects_to(&world, "sam.second@example.com").await, ["You answer for Acme"]);
});

for_each_backend!(whoever_answers_for_a_partner_reads_whether_it_can_be_undone, |world| {
    let owner = world.employee("Olga First", TenantRole::Owner).await;
    world.own(&world.organization("Acme").await, &owner).await;
    let operator = world.employee("Opal Operator", TenantRole::Operator).await;
    let mut browser = world.browser_as(operator.id, None).await;
    for (address, version) in [("/do/suspend-partner", "2"), ("/do/offboard-partner", "3")] {
        let form = [("organization", "acme"), ("version", version), ("reason", "They moved")];
        assert_eq!(
            browser.post(address, &form).await.location.as_deref(),
            Some("/partners/acme"),
            "{address}"
        );
        world.clock.advance(Duration::seconds(1));
    }
    let letters = letters_to(&world, "olga.first@example.com").await;
    let expected = [
        ("Acme is suspended", "This can be undone"),
        ("The partnership with Acme is over", "This cannot be undone"),
    ];
    assert_eq!(letters.len(), expected.len(), "{letters:?}");
    for ((subject, text), (says, undone)) in letters.iter().zip(expected) {
        assert_eq!(subject, says);
        assert!(text.contains(undone) && text.contains("They moved"), "{text}");
    }
});

for_each_backend!(the_operators_list_says_what_becomes_of_mails, |world| {
    let operator = world.employee("Olga Berg", TenantRole::Operator).await;
    for (demo, smtp_configured, shown) in [
        (true, false, "Mails are not sent here."),
        (false, false, "Messages wait here until"),
        (true, true, ""),
        (false, true, ""),
    ] {
        let mut world = world.clone();
        world.portal.settings = std::sync::Arc::new(Settings {
            demo,
            smtp_configured,
            ..Settings::default()
        });
        let page = world.browser_as(operator.id, None).await.get("/admin/outbox").await.text;
        for words in ["Mails are not sent here.", "Messages wait here until"] {
            assert_eq!(
                page.contains(words),
                words == shown,
                "demo {demo}, mail server {smtp_configured}: {words}"
            );
        }
    }
});

for_each_backend!(a_message_is_readable_only_in_a_demonstration_without_a_mail_server, |world| {
    let message = queue_one(&world, "bo@example.com").await;
    let operator = world.employee("Olga Berg", TenantRole::Operator).await;
    let path = format!("/admin/outbox/{}", message.id);
    for (demo, smtp_configured, readable) in [
        (true, false, true),
        (true, true, false),
        (false, false, false),
        (false, true, false),
    ] {
        let mut world = world.clone();
        world.portal.settings = std::sync::Arc::new(Settings {
            demo,
            smtp_configured,
            ..Settings::default()
        });
        let page = world.browser_as(operator.id, None).await.get(&path).await;
        assert_eq!(page.status, 200);
        assert_eq!(
            page.text.contains("/invitation/secret"),
            readable,
            "demo {demo}, mail server {smtp_configured}"
        );
        assert_eq!(page.text.contains("href=\"/invitation/secret\""), readable);
        assert!(page.text.contains("bo@example.com"));
    }
});

for_each_backend!(messages_and_health_are_the_operators, |world| {
    let message = queue_one(&world, "bo@example.com").await;
    let operator = world.employee("Olga Berg", TenantRole::Operator).await;
    let owner = world.employee("Otto Kern", TenantRole::Owner).await;
    let acme = world.organization("Acme").await;
    let admin = world.member(&acme, "Ana Ruiz", MemberRole::PartnerAdmin).await;
    let paths = [
        "/admin/outbox".to_owned(),
        format!("/admin/outbox/{}", message.id),
        "/admin/health".to_owned(),
    ];
    for path in &paths {
        assert_eq!(world.browser_as(operator.id, None).await.get(path).await.status, 200, "{path}");
        assert_eq!(world.browser_as(owner.id, None).await.get(path).await.status, 403, "{path}");
        assert_eq!(
            world.browser_as(admin.person, Some(admin.id)).await.get(path).await.status,
            403,
            "{path}"
        );
        assert_eq!(world.browser().get(path).await.location.as_deref(), Some("/sign-in"), "{path}");
    }
    let id = message.id.to_string();
    let refused = world
        .browser_as(owner.id, None)
        .await
        .post("/do/retry-message", &[("message", &id)])
        .await;
    assert_eq!(refused.status, 403);
    assert_eq!(
        world
            .browser_as(operator.id, None)
            .await
            .get("/admin/outbox/00000000-0000-0000-0000-000000000000")
            .await
            .status,
        404
    );
});

for_each_backend!(the_operators_list_filters_and_pages_without_gaps, |world| {
    for number in 0..120 {
        queue_one(&world, &format!("p{}@example.com", number % 3)).await;
        if number % 2 == 0 {
            world.clock.advance(Duration::milliseconds(1));
        }
    }
    let db = world.portal.store.reader();
    let filter = OutboxFilter {
        recipient: Some("p1@example.com".to_owned()),
        status: Some(MessageStatus::Waiting),
    };
    let mut seen = Vec::new();
    let mut page = PageRequest::Newest;
    loop {
        let rows = outbox::list(&db, &filter, page, 7).await.expect("list");
        seen.extend(rows.rows.iter().map(|message| message.id));
        let Some(older) = rows.older else { break };
        page = PageRequest::Older(older);
    }
    let all = seen.len();
    seen.sort_unstable();
    seen.dedup();
    assert_eq!((all, seen.len()), (40, 40));
});
