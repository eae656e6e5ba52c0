//! What the application refuses before it asks anybody; the rest is shown in the browser, with a portal.

use rstest::rstest;

use super::*;
use crate::{cx::Entropy, kernel::Clock, outbound::Outbound};

fn party() -> Party {
    let options = Options {
        listen: "127.0.0.1:3011".parse().unwrap(),
        url: None,
        issuer: "http://127.0.0.1:3000".to_owned(),
        client_id: "demo-orders".to_owned(),
        client_secret: "s".repeat(32),
        scopes: Vec::new(),
        name: "Orders".to_owned(),
    };
    Party::new(options, Clock::System, Entropy::System, Outbound::new(true).unwrap())
}

#[tokio::test]
async fn another_portal_cannot_begin_a_sign_in_here() {
    let refused = party().begin(Some("https://evil.example"), None, None).await;
    assert!(matches!(refused, Err(PartyError::OtherIssuer)), "{refused:?}");
}

#[rstest]
#[case(None, "/")]
#[case(Some("http://127.0.0.1:3011/orders/7?a=b"), "/orders/7?a=b")]
#[case(Some("/orders"), "/orders")]
#[case(Some("https://evil.example/"), "/")]
#[case(Some("//evil.example/"), "/")]
#[case(Some("http://127.0.0.1:3011//evil.example/"), "/")]
#[case(Some("/.//evil.example/"), "/")]
#[case(Some("http://127.0.0.1:3012/"), "/")]
#[case(Some("javascript:alert(1)"), "/")]
fn whoever_begins_a_sign_in_chooses_pages_of_ours_alone(#[case] target: Option<&str>, #[case] page: &str) {
    assert_eq!(party().own_page(target), page);
}
