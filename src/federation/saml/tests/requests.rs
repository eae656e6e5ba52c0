//! Authentication requests as the identity provider receives them.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::super::incoming::{Received, receive};
use super::super::names::{ASSERTION, FORMAT_PERSISTENT, POST_BINDING, PROTOCOL};
use super::super::outgoing::Direction;
use super::super::xml::Tree;
use super::super::{Binding, Connection, Endpoint, Incoming, Outgoing, SendError, SignInRequest, SpKeys, authn_request};
use super::support::{ACS, PORTAL, now, portal};

fn endpoint(binding: Binding, url: &str) -> Endpoint {
    Endpoint {
        binding,
        url: url.to_owned(),
        response_url: None,
    }
}

fn connection<'a>(sso: &'a Endpoint, keys: &'a SpKeys) -> Connection<'a> {
    Connection {
        entity_id: PORTAL,
        acs_url: ACS,
        sso,
        slo: None,
        keys,
        name_id_format: Some(FORMAT_PERSISTENT),
    }
}

fn sign_in(relay_state: Option<&str>) -> SignInRequest<'_> {
    SignInRequest {
        random: [0xab; 20],
        now: now(),
        force_authn: true,
        relay_state,
    }
}

fn receive_as_provider(incoming: Incoming<'_>) -> Received {
    receive(incoming, Direction::Request, "AuthnRequest", &[portal().certificate().clone()]).unwrap()
}

fn check(request: &Received, destination: &str) {
    let root = request.tree.root();
    assert_eq!(root.attribute("ID"), Some(format!("id-{}", "ab".repeat(20)).as_str()));
    assert_eq!(root.attribute("Destination"), Some(destination));
    assert_eq!(root.attribute("IssueInstant"), Some("2026-03-02T10:00:00Z"));
    assert_eq!(root.attribute("AssertionConsumerServiceURL"), Some(ACS));
    assert_eq!(root.attribute("ProtocolBinding"), Some(POST_BINDING));
    assert_eq!(root.attribute("ForceAuthn"), Some("true"));
    assert_eq!(
        root.only(ASSERTION, "Issuer").and_then(|issuer| issuer.text()).as_deref(),
        Some(PORTAL)
    );
    assert_eq!(
        root.only(PROTOCOL, "NameIDPolicy").and_then(|policy| policy.attribute("Format")),
        Some(FORMAT_PERSISTENT)
    );
    assert_eq!(request.relay_state.as_deref(), Some("a b&c=/ü"));
}

#[test]
fn a_redirect_carries_a_signed_request() {
    let keys = portal();
    let sso = endpoint(Binding::Redirect, "https://idp.example/sso?tenant=a&b=c#top");
    let issued = authn_request(&connection(&sso, &keys), sign_in(Some("a b&c=/ü"))).unwrap();
    let Outgoing::Redirect { url } = issued.outgoing else {
        panic!("expected a redirect")
    };
    assert!(url.starts_with("https://idp.example/sso?tenant=a&b=c&SAMLRequest="));
    assert_eq!(issued.id, format!("id-{}", "ab".repeat(20)));
    check(
        &receive_as_provider(Incoming::Redirect {
            query: url.split_once('?').unwrap().1,
        }),
        &sso.url,
    );
}

#[test]
fn a_form_carries_a_signed_request() {
    let keys = portal();
    let sso = endpoint(Binding::Post, "https://idp.example/sso");
    let issued = authn_request(&connection(&sso, &keys), sign_in(Some("a b&c=/ü"))).unwrap();
    let Outgoing::Post { action, fields } = issued.outgoing else {
        panic!("expected a form")
    };
    assert_eq!(action, sso.url);
    assert_eq!(
        fields.iter().map(|field| field.0).collect::<Vec<_>>(),
        ["SAMLRequest", "RelayState"]
    );
    check(
        &receive_as_provider(Incoming::Post {
            message: &fields[0].1,
            relay_state: Some(&fields[1].1),
        }),
        &sso.url,
    );
    // The schema wants the signature right after the issuer.
    let xml = String::from_utf8(STANDARD.decode(&fields[0].1).unwrap()).unwrap();
    let tree = Tree::parse(&xml).unwrap();
    assert_eq!(
        tree.root().elements().map(|e| e.local_name().to_owned()).collect::<Vec<_>>(),
        ["Issuer", "Signature", "NameIDPolicy"]
    );
}

#[test]
fn a_quiet_request_asks_for_nothing_special() {
    let keys = portal();
    let sso = endpoint(Binding::Redirect, "https://idp.example/sso");
    let quiet = SignInRequest {
        force_authn: false,
        relay_state: None,
        ..sign_in(None)
    };
    let issued = authn_request(
        &Connection {
            name_id_format: None,
            ..connection(&sso, &keys)
        },
        quiet,
    )
    .unwrap();
    let Outgoing::Redirect { url } = issued.outgoing else {
        panic!("expected a redirect")
    };
    assert!(!url.contains("RelayState"));
    let request = receive_as_provider(Incoming::Redirect {
        query: url.split_once('?').unwrap().1,
    });
    assert_eq!(request.tree.root().attribute("ForceAuthn"), None);
    assert_eq!(
        request.tree.root().only(PROTOCOL, "NameIDPolicy").unwrap().attribute("Format"),
        None
    );
}

#[test]
fn names_and_addresses_with_markup_arrive_unchanged() {
    let keys = portal();
    let sso = endpoint(Binding::Post, "https://idp.example/sso?a=1&b=\"2\"");
    let issued = authn_request(
        &Connection {
            entity_id: "a<b>&\"c\"",
            ..connection(&sso, &keys)
        },
        sign_in(None),
    )
    .unwrap();
    let Outgoing::Post { fields, .. } = issued.outgoing else {
        panic!("expected a form")
    };
    let request = receive_as_provider(Incoming::Post {
        message: &fields[0].1,
        relay_state: None,
    });
    assert_eq!(request.tree.root().attribute("Destination"), Some(sso.url.as_str()));
    assert_eq!(
        request
            .tree
            .root()
            .only(ASSERTION, "Issuer")
            .and_then(|issuer| issuer.text())
            .as_deref(),
        Some("a<b>&\"c\"")
    );
}

#[test]
fn what_cannot_be_sent_is_refused() {
    let keys = portal();
    let sso = endpoint(Binding::Redirect, "https://idp.example/sso");
    let long = "x".repeat(81);
    assert_eq!(
        authn_request(&connection(&sso, &keys), sign_in(Some(&long))).unwrap_err(),
        SendError::RelayState
    );
    assert!(authn_request(&connection(&sso, &keys), sign_in(Some(&long[1..]))).is_ok());
    let script = endpoint(Binding::Post, "javascript:alert(1)");
    assert_eq!(
        authn_request(&connection(&script, &keys), sign_in(None)).unwrap_err(),
        SendError::Address
    );
    let form = endpoint(Binding::Post, "https://idp.example/sso");
    let control = Connection {
        entity_id: "a\u{1}b",
        ..connection(&form, &keys)
    };
    assert_eq!(authn_request(&control, sign_in(None)).unwrap_err(), SendError::Unwritable);
}
