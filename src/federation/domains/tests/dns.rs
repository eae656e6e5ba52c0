//! Looking for the record.

use chrono::{TimeZone as _, Utc};
use hickory_server::net::xfer::Protocol;
use rand::SeedableRng as _;

use super::{
    super::{Domain, dns::Found},
    NameServer,
    name_server::Mood,
};
use crate::kernel::{OrganizationId, Rng};

fn claimed(name: &str) -> Domain {
    let now = Utc.with_ymd_and_hms(2026, 6, 1, 12, 0, 0).single().expect("a moment");
    let mut rng = Rng::seed_from_u64(7);
    let organization = OrganizationId::new(now, &mut rng);
    Domain::claim(name, organization, now, &mut rng).expect("a domain")
}

async fn look(names: &NameServer, domain: &Domain) -> Found {
    super::super::dns::look(domain, Some(names.address)).await
}

#[tokio::test]
async fn the_record_counts_below_the_domain_and_at_the_domain() {
    let names = NameServer::start().await;
    let domain = claimed("acme.example");
    assert_eq!(look(&names, &domain).await, Found::No, "no such name");
    names.set("acme.example", &["v=spf1 -all", &domain.proof]);
    assert_eq!(look(&names, &domain).await, Found::Yes, "among other records of the domain itself");
    names.set("acme.example", &["v=spf1 -all"]);
    assert_eq!(look(&names, &domain).await, Found::No, "an answer is not remembered");
    names.set("_portico.acme.example", &[&domain.proof]);
    assert_eq!(look(&names, &domain).await, Found::Yes);
}

#[tokio::test]
async fn only_the_very_value_proves() {
    let names = NameServer::start().await;
    let domain = claimed("acme.example");
    let others = [
        domain.proof.to_uppercase(),
        format!("{}x", domain.proof),
        domain.proof[..domain.proof.len() - 1].to_owned(),
        claimed("other.example").proof.replace("portico-domain=", ""),
    ];
    for other in &others {
        names.set("_portico.acme.example", &[other]);
        assert_eq!(look(&names, &domain).await, Found::No, "{other}");
    }
    names.set("_portico.other.example", &[&domain.proof]);
    names.set("_portico.acme.example", &[]);
    assert_eq!(look(&names, &domain).await, Found::No, "the record of another name");
}

#[tokio::test]
async fn an_answer_too_long_for_a_datagram_is_fetched_over_tcp() {
    let names = NameServer::start().await;
    let domain = claimed("acme.example");
    let long = "k=".repeat(600);
    names.set("acme.example", &[&long, &long, &long, &domain.proof]);
    assert_eq!(look(&names, &domain).await, Found::Yes);
    assert!(names.asked().contains(&("acme.example".to_owned(), Protocol::Tcp)));
}

#[tokio::test]
async fn silence_and_failure_say_nothing_about_the_record() {
    let names = NameServer::start().await;
    let domain = claimed("acme.example");
    for mood in [Mood::Fails, Mood::Silent] {
        names.mood("_portico.acme.example", Some(mood));
        assert_eq!(look(&names, &domain).await, Found::NoAnswer, "{mood:?} at one of the two names");
        names.set("acme.example", &[&domain.proof]);
        assert_eq!(look(&names, &domain).await, Found::Yes, "{mood:?}, but the record is at the other");
        names.set("acme.example", &[]);
    }
}
