//! Single logout in both directions: the identity provider of these tests speaks through the same writer, with its own key.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use chrono::{DateTime, Duration, Utc};

use super::super::{
    Binding, CLOCK_SKEW, Connection, Endpoint, Incoming, LogoutExpectation, LogoutOutcome, LogoutRequest, LogoutSubject, NameId, Outgoing,
    Refusal, SendError, SpKeys, logout_request, logout_response, validate_logout_request, validate_logout_response,
};
use super::support::{IDP, PORTAL, Pen, REQUEST, Signing, at, attacker, idp, now, portal};

const SLO: &str = "https://portal.example/saml/slo";

fn ada() -> NameId {
    NameId {
        value: "ada & co".to_owned(),
        format: Some("x:y".to_owned()),
        name_qualifier: Some("hr".to_owned()),
        sp_name_qualifier: None,
    }
}

/// A request as the owner of `keys` writes it to the portal.
fn request(binding: Binding, keys: &SpKeys, issuer: &str, url: &str) -> Outgoing {
    let slo = Endpoint {
        binding,
        url: url.to_owned(),
        response_url: None,
    };
    let connection = Connection {
        entity_id: issuer,
        acs_url: "",
        sso: &slo,
        slo: Some(&slo),
        keys,
        name_id_format: None,
    };
    let sessions = ["s1".to_owned(), "s2".to_owned()];
    let subject = LogoutSubject {
        name_id: &ada(),
        session_indexes: &sessions,
    };
    logout_request(&connection, subject, Some("back"), [1; 20], now()).unwrap().outgoing
}

fn response(binding: Binding, in_response_to: &str, outcome: LogoutOutcome) -> Outgoing {
    let keys = idp();
    let slo = Endpoint {
        binding,
        url: "https://portal.example/other".to_owned(),
        response_url: Some(SLO.to_owned()),
    };
    let connection = Connection {
        entity_id: IDP,
        acs_url: "",
        sso: &slo,
        slo: Some(&slo),
        keys: &keys,
        name_id_format: None,
    };
    let request = LogoutRequest {
        id: in_response_to.to_owned(),
        name_id: ada(),
        session_indexes: Vec::new(),
        relay_state: Some("back".to_owned()),
    };
    logout_response(&connection, &request, outcome, [2; 20], now()).unwrap()
}

fn arriving<T>(
    outgoing: &Outgoing,
    now: DateTime<Utc>,
    validate: impl FnOnce(&LogoutExpectation<'_>, Incoming<'_>, DateTime<Utc>) -> Result<T, Refusal>,
) -> Result<T, Refusal> {
    let trusted = [idp().certificate().clone()];
    let keys = [portal()];
    let expectation = LogoutExpectation {
        idp_entity_id: IDP,
        trusted: &trusted,
        slo_url: SLO,
        clock_skew: CLOCK_SKEW,
        decryption_keys: &keys,
    };
    let incoming = match outgoing {
        Outgoing::Redirect { url } => Incoming::Redirect {
            query: url.split_once('?').unwrap().1,
        },
        Outgoing::Post { fields, .. } => Incoming::Post {
            message: &fields[0].1,
            relay_state: fields.get(1).map(|field| field.1.as_str()),
        },
    };
    validate(&expectation, incoming, now)
}

fn take_request(outgoing: &Outgoing) -> Result<LogoutRequest, Refusal> {
    arriving(outgoing, now(), validate_logout_request)
}

fn changed(outgoing: &Outgoing, change: impl FnOnce(&str) -> String) -> Outgoing {
    match outgoing {
        Outgoing::Redirect { url } => Outgoing::Redirect { url: change(url) },
        Outgoing::Post { action, fields } => {
            let xml = String::from_utf8(STANDARD.decode(&fields[0].1).unwrap()).unwrap();
            Outgoing::Post {
                action: action.clone(),
                fields: vec![(fields[0].0, STANDARD.encode(change(&xml)))],
            }
        }
    }
}

#[test]
fn a_logout_request_names_person_and_sessions_by_either_binding() {
    for binding in [Binding::Redirect, Binding::Post] {
        let arrived = take_request(&request(binding, &idp(), IDP, SLO)).unwrap();
        assert_eq!(arrived.name_id, ada());
        assert_eq!(arrived.session_indexes, ["s1", "s2"]);
        assert_eq!(arrived.relay_state.as_deref(), Some("back"));
    }
}

#[test]
fn a_foreign_key_issuer_or_address_is_refused() {
    for binding in [Binding::Redirect, Binding::Post] {
        assert_eq!(
            take_request(&request(binding, &attacker(), IDP, SLO)).unwrap_err().code(),
            "untrusted_signature"
        );
        assert_eq!(take_request(&request(binding, &idp(), PORTAL, SLO)).unwrap_err().code(), "issuer");
        assert_eq!(
            take_request(&request(binding, &idp(), IDP, "https://other.example/slo"))
                .unwrap_err()
                .code(),
            "destination"
        );
    }
}

#[test]
fn an_unsigned_request_is_refused() {
    let redirect = changed(&request(Binding::Redirect, &idp(), IDP, SLO), |url| {
        url.split("&SigAlg").next().unwrap().to_owned()
    });
    assert_eq!(take_request(&redirect).unwrap_err(), Refusal::Unsigned);
    let post = changed(&request(Binding::Post, &idp(), IDP, SLO), |xml| {
        format!(
            "{}{}",
            &xml[..xml.find("<ds:Signature").unwrap()],
            xml.split_once("</ds:Signature>").unwrap().1
        )
    });
    assert_eq!(take_request(&post).unwrap_err(), Refusal::Unsigned);
}

#[test]
fn a_changed_request_is_refused() {
    let good = request(Binding::Redirect, &idp(), IDP, SLO);
    let state = changed(&good, |url| url.replace("RelayState=back", "RelayState=evil"));
    assert_eq!(take_request(&state).unwrap_err(), Refusal::UntrustedSignature);
    let without_state = changed(&good, |url| url.replace("&RelayState=back", ""));
    assert_eq!(take_request(&without_state).unwrap_err(), Refusal::UntrustedSignature);
    let post = changed(&request(Binding::Post, &idp(), IDP, SLO), |xml| xml.replace(">s1<", ">s9<"));
    assert_eq!(take_request(&post).unwrap_err(), Refusal::ContentChanged);
}

#[test]
fn parameters_twice_or_contradictory_are_refused() {
    let good = request(Binding::Redirect, &idp(), IDP, SLO);
    for more in ["SAMLRequest=x", "RelayState=x", "SigAlg=x", "Signature=x", "SAMLResponse=x"] {
        let doubled = changed(&good, |url| format!("{url}&{more}"));
        assert_eq!(take_request(&doubled).unwrap_err(), Refusal::Parameters, "{more}");
    }
    assert_eq!(
        take_request(&changed(&good, |url| url.replace("SAMLRequest", "Other"))).unwrap_err(),
        Refusal::Parameters
    );
}

#[test]
fn the_order_of_parameters_does_not_matter() {
    let turned = changed(&request(Binding::Redirect, &idp(), IDP, SLO), |url| {
        let (address, query) = url.split_once('?').unwrap();
        let mut parameters: Vec<&str> = query.split('&').collect();
        parameters.reverse();
        format!("{address}?{}", parameters.join("&"))
    });
    assert!(take_request(&turned).is_ok());
}

#[test]
fn sha1_is_refused_in_an_address_too() {
    let weak = changed(&request(Binding::Redirect, &idp(), IDP, SLO), |url| {
        let (before, rest) = url.split_once("SigAlg=").unwrap();
        let signature = rest.split_once('&').unwrap().1;
        format!("{before}SigAlg=http%3A%2F%2Fwww.w3.org%2F2000%2F09%2Fxmldsig%23rsa-sha1&{signature}")
    });
    assert_eq!(
        take_request(&weak).unwrap_err(),
        Refusal::SignatureAlgorithm("http://www.w3.org/2000/09/xmldsig#rsa-sha1".to_owned())
    );
}

#[test]
fn an_old_or_early_request_is_refused() {
    let good = request(Binding::Redirect, &idp(), IDP, SLO);
    let on = |minutes| arriving(&good, now() + Duration::minutes(minutes), validate_logout_request).map(|request| request.id);
    assert!(on(6).is_ok());
    // Five minutes by its own end, two by the skew.
    assert_eq!(on(7).unwrap_err(), Refusal::Expired(now() + Duration::minutes(5)));
    assert!(on(-2).is_ok());
    assert_eq!(on(-3).unwrap_err(), Refusal::NotYetValid(now()));
}

#[test]
fn a_request_without_an_end_lasts_ten_minutes() {
    let xml = format!(
        "<samlp:LogoutRequest xmlns:samlp=\"urn:oasis:names:tc:SAML:2.0:protocol\" xmlns:saml=\"urn:oasis:names:tc:SAML:2.0:assertion\" \
         ID=\"l1\" Version=\"2.0\" IssueInstant=\"{}\" Destination=\"{SLO}\"><saml:Issuer>{IDP}</saml:Issuer><saml:NameID>ada</saml:NameID>\
         </samlp:LogoutRequest>",
        at(0)
    );
    let signed = Outgoing::Post {
        action: SLO.to_owned(),
        fields: vec![(
            "SAMLRequest",
            STANDARD.encode(Signing::with(|s| s.pen = Pen::Rsa(idp())).enveloped(&xml, "l1")),
        )],
    };
    assert!(
        arriving(&signed, now() + Duration::minutes(11), validate_logout_request)
            .unwrap()
            .session_indexes
            .is_empty()
    );
    let late = arriving(&signed, now() + Duration::minutes(12), validate_logout_request).unwrap_err();
    assert_eq!(late, Refusal::Expired(now() + Duration::minutes(10)));
}

#[test]
fn an_inflating_bomb_is_stopped() {
    use std::io::Write as _;
    let mut deflate = flate2::write::DeflateEncoder::new(Vec::new(), flate2::Compression::best());
    deflate.write_all(&vec![b' '; 64 * 1024 * 1024]).unwrap();
    let message: String = url::form_urlencoded::byte_serialize(STANDARD.encode(deflate.finish().unwrap()).as_bytes()).collect();
    let algorithm: String = url::form_urlencoded::byte_serialize(super::super::names::RSA_SHA256.as_bytes()).collect();
    let query = format!("SAMLRequest={message}&SigAlg={algorithm}");
    // Even signed by the identity provider itself.
    let signature: String = url::form_urlencoded::byte_serialize(idp().signature(query.as_bytes()).unwrap().as_bytes()).collect();
    let bomb = Outgoing::Redirect {
        url: format!("{SLO}?{query}&Signature={signature}"),
    };
    assert_eq!(take_request(&bomb).unwrap_err(), Refusal::TooLarge);
}

#[test]
fn an_answer_tells_how_far_the_logout_went() {
    for binding in [Binding::Redirect, Binding::Post] {
        let take = |outcome| {
            let outgoing = response(binding, REQUEST, outcome);
            arriving(&outgoing, now(), |expectation, incoming, now| {
                validate_logout_response(expectation, incoming, REQUEST, now)
            })
        };
        let complete = take(LogoutOutcome::Complete).unwrap();
        assert_eq!(
            (complete.in_response_to.as_str(), complete.partial, complete.relay_state.as_deref()),
            (REQUEST, false, Some("back"))
        );
        assert!(take(LogoutOutcome::Partial).unwrap().partial);
        assert_eq!(take(LogoutOutcome::Failed).unwrap_err().code(), "status");
    }
}

#[test]
fn an_answer_to_another_request_is_refused() {
    let outgoing = response(Binding::Post, "id-other", LogoutOutcome::Complete);
    let refusal = arriving(&outgoing, now(), |e, i, now| validate_logout_response(e, i, REQUEST, now)).unwrap_err();
    assert_eq!(refusal, Refusal::UnknownRequest);
}

#[test]
fn a_request_is_not_taken_for_an_answer() {
    let outgoing = request(Binding::Post, &idp(), IDP, SLO);
    let refusal = arriving(&outgoing, now(), |e, i, now| validate_logout_response(e, i, REQUEST, now)).unwrap_err();
    assert_eq!(refusal.code(), "unexpected_message");
}

#[test]
fn no_logout_address_no_logout() {
    let keys = portal();
    let sso = Endpoint {
        binding: Binding::Redirect,
        url: "https://idp.example/sso".to_owned(),
        response_url: None,
    };
    let connection = Connection {
        entity_id: PORTAL,
        acs_url: "",
        sso: &sso,
        slo: None,
        keys: &keys,
        name_id_format: None,
    };
    let subject = LogoutSubject {
        name_id: &ada(),
        session_indexes: &[],
    };
    assert_eq!(
        logout_request(&connection, subject, None, [1; 20], now()).unwrap_err(),
        SendError::NoLogout
    );
}
