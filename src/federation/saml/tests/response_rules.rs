//! What a correctly signed response must say to let someone in.

use chrono::Duration;

use super::super::names::FORMAT_PERSISTENT;
use super::super::{Check, Expectation, Refusal, examine_response};
use super::support::{ACS, Draft, IDP, PORTAL, REQUEST, Waiting, at, draft, now, refused, take};

#[test]
fn a_good_response_tells_who_arrived() {
    let arrival = take(&Draft::default().signed()).unwrap();
    assert_eq!(arrival.issuer, IDP);
    assert_eq!(arrival.subject.value, "ada");
    assert_eq!(arrival.subject.format.as_deref(), Some(FORMAT_PERSISTENT));
    assert_eq!(arrival.subject.name_qualifier.as_deref(), Some("hr"));
    assert_eq!(arrival.session_index.as_deref(), Some("s1"));
    assert_eq!(arrival.authn_instant, now() - Duration::minutes(1));
    assert_eq!(
        arrival.authn_context_class.as_deref(),
        Some("urn:oasis:names:tc:SAML:2.0:ac:classes:TimeSyncToken")
    );
    assert_eq!(arrival.session_not_on_or_after, Some(now() + Duration::hours(8)));
    assert_eq!(arrival.attributes["mail"], ["ada@partner.example"]);
    assert_eq!(arrival.attributes["urn:oid:0.9.2342.19200300.100.1.3"], ["ada@partner.example"]);
    assert_eq!(arrival.assertion_id, "a1");
    assert_eq!(arrival.not_on_or_after, now() + Duration::minutes(5));
    assert_eq!(arrival.in_response_to.as_deref(), Some(REQUEST));
    assert_eq!(arrival.trace.first().map(|step| step.0), Some(Check::Message));
    assert_eq!(arrival.trace.last().map(|step| step.0), Some(Check::Attributes));
}

#[test]
fn an_attribute_name_is_not_overwritten_by_another_ones_friendly_name() {
    let attributes = "<saml:Attribute Name=\"role\"><saml:AttributeValue>reader</saml:AttributeValue></saml:Attribute>\
                      <saml:Attribute Name=\"hobby\" FriendlyName=\"role\"><saml:AttributeValue>admin</saml:AttributeValue></saml:Attribute>";
    let arrival = take(&draft(|d| d.attributes = attributes.to_owned()).signed()).unwrap();
    assert_eq!(arrival.attributes["role"], ["reader"]);
}

#[test]
fn another_audience_is_refused() {
    let other = "<saml:AudienceRestriction><saml:Audience>https://other.example</saml:Audience></saml:AudienceRestriction>";
    let refusal = take(&draft(|d| d.audience = other.to_owned()).signed()).unwrap_err();
    assert_eq!(
        refusal,
        Refusal::Audience {
            found: vec!["https://other.example".to_owned()]
        }
    );
}

#[test]
fn every_audience_restriction_must_name_this_portal() {
    let both = format!(
        "{}{}",
        Draft::default().audience,
        "<saml:AudienceRestriction><saml:Audience>x:y</saml:Audience></saml:AudienceRestriction>"
    );
    assert_eq!(refused(&draft(|d| d.audience = both).signed()), "audience");
}

#[test]
fn an_assertion_for_nobody_in_particular_is_refused() {
    assert_eq!(refused(&draft(|d| d.audience = String::new()).signed()), "audience");
}

#[test]
fn a_longer_audience_that_begins_alike_is_refused() {
    let longer = format!("<saml:AudienceRestriction><saml:Audience>{PORTAL}.evil.example</saml:Audience></saml:AudienceRestriction>");
    assert_eq!(refused(&draft(|d| d.audience = longer).signed()), "audience");
}

#[test]
fn a_condition_nobody_knows_is_refused() {
    let unknown = format!("{}<saml:Condition/>", Draft::default().audience);
    assert_eq!(refused(&draft(|d| d.audience = unknown).signed()), "unknown_condition");
}

#[test]
fn another_recipient_is_refused() {
    assert_eq!(
        refused(&draft(|d| d.recipient = "https://other.example/acs".to_owned()).signed()),
        "recipient"
    );
}

#[test]
fn another_destination_is_refused() {
    assert_eq!(
        refused(&draft(|d| d.destination = Some("https://other.example/acs".to_owned())).signed()),
        "destination"
    );
}

#[test]
fn another_issuer_of_the_response_is_refused() {
    assert_eq!(
        refused(&draft(|d| d.response_issuer = "https://other.example".to_owned()).signed()),
        "issuer"
    );
}

#[test]
fn another_issuer_of_the_assertion_is_refused() {
    let refusal = take(&draft(|d| d.issuer = "https://other.example".to_owned()).signed()).unwrap_err();
    assert_eq!(
        refusal,
        Refusal::Issuer {
            found: Some("https://other.example".to_owned())
        }
    );
}

#[test]
fn an_unsolicited_response_is_refused_unless_allowed() {
    let unsolicited = draft(|d| (d.response_to, d.confirmation_to) = (None, None)).signed();
    assert_eq!(refused(&unsolicited), "unsolicited");
    let arrival = Waiting {
        unsolicited_accepted: true,
        ..Waiting::default()
    }
    .take(&unsolicited)
    .unwrap();
    assert_eq!(arrival.in_response_to, None);
}

#[test]
fn an_answer_to_a_foreign_request_is_refused() {
    let foreign = draft(|d| (d.response_to, d.confirmation_to) = (Some("id-other".to_owned()), Some("id-other".to_owned()))).signed();
    assert_eq!(refused(&foreign), "unknown_request");
    let waiting = Waiting {
        unsolicited_accepted: true,
        ..Waiting::default()
    };
    assert_eq!(waiting.take(&foreign).unwrap_err().code(), "unknown_request");
}

#[test]
fn a_stolen_assertion_in_a_fresh_envelope_is_refused() {
    // The envelope is unsigned and claims an open request; the signed assertion answers another.
    let stolen = draft(|d| d.confirmation_to = Some("id-other".to_owned())).signed();
    assert_eq!(refused(&stolen), "unknown_request");
    assert_eq!(refused(&draft(|d| d.confirmation_to = None).signed()), "unknown_request");
    assert_eq!(refused(&draft(|d| d.response_to = None).signed()), "unknown_request");
}

#[test]
fn an_expired_confirmation_is_refused() {
    assert_eq!(refused(&draft(|d| d.confirmation_end = Some(at(-10))).signed()), "expired");
}

#[test]
fn expired_conditions_are_refused() {
    let over = format!("NotBefore=\"{}\" NotOnOrAfter=\"{}\"", at(-20), at(-10));
    assert_eq!(refused(&draft(|d| d.conditions = over).signed()), "expired");
}

#[test]
fn conditions_that_have_not_begun_are_refused() {
    let ahead = format!("NotBefore=\"{}\" NotOnOrAfter=\"{}\"", at(10), at(20));
    assert_eq!(refused(&draft(|d| d.conditions = ahead).signed()), "not_yet_valid");
}

#[test]
fn an_assertion_issued_in_the_future_is_refused() {
    assert_eq!(refused(&draft(|d| d.issued = at(3)).signed()), "not_yet_valid");
}

#[test]
fn clocks_may_differ_by_the_skew_and_no_second_more() {
    let good = Draft::default().signed();
    let on = |now| Waiting { now, ..Waiting::default() }.take(&good);
    let end = now() + Duration::minutes(7);
    assert!(on(end - Duration::seconds(1)).is_ok());
    assert_eq!(on(end).unwrap_err(), Refusal::Expired(now() + Duration::minutes(5)));
    // Issued at 10:00: a clock that is two minutes behind still takes it.
    let begin = now() - Duration::minutes(2);
    assert!(on(begin).is_ok());
    assert_eq!(on(begin - Duration::seconds(1)).unwrap_err(), Refusal::NotYetValid(now()));
}

#[test]
fn an_ended_session_is_refused() {
    let authn = format!("AuthnInstant=\"{}\" SessionNotOnOrAfter=\"{}\"", at(-60), at(-5));
    assert_eq!(refused(&draft(|d| d.authn = authn).signed()), "expired");
}

#[test]
fn an_assertion_without_an_end_is_refused() {
    assert_eq!(refused(&draft(|d| d.confirmation_end = None).signed()), "no_end");
}

#[test]
fn a_time_that_is_none_is_refused() {
    assert_eq!(
        refused(&draft(|d| d.confirmation_end = Some("tomorrow".to_owned())).signed()),
        "unreadable_time"
    );
}

#[test]
fn another_confirmation_than_bearer_is_refused() {
    let holder = "urn:oasis:names:tc:SAML:2.0:cm:holder-of-key".to_owned();
    assert_eq!(refused(&draft(|d| d.method = holder).signed()), "not_bearer");
}

#[test]
fn a_status_other_than_success_is_told() {
    let status = "<samlp:Status><samlp:StatusCode Value=\"urn:oasis:names:tc:SAML:2.0:status:Responder\">\
                  <samlp:StatusCode Value=\"urn:oasis:names:tc:SAML:2.0:status:AuthnFailed\"/></samlp:StatusCode>\
                  <samlp:StatusMessage>Wrong password</samlp:StatusMessage></samlp:Status>";
    let failed = draft(|d| d.status = status.to_owned());
    let expected = Refusal::Status {
        code: "urn:oasis:names:tc:SAML:2.0:status:AuthnFailed".to_owned(),
        detail: Some("Wrong password".to_owned()),
    };
    assert_eq!(take(&failed.around("")).unwrap_err(), expected);
    // Even with a good assertion beside it.
    assert_eq!(take(&failed.signed()).unwrap_err(), expected);
}

#[test]
fn success_without_an_assertion_is_refused() {
    assert_eq!(refused(&Draft::default().around("")), "no_assertion");
}

#[test]
fn an_assertion_about_nobody_is_refused() {
    assert_eq!(refused(&draft(|d| d.name_id = String::new()).signed()), "no_subject");
    assert_eq!(
        refused(&draft(|d| d.name_id = "<saml:NameID> </saml:NameID>".to_owned()).signed()),
        "no_subject"
    );
}

#[test]
fn an_assertion_without_a_sign_in_is_refused() {
    let without = Draft::default().assertion();
    let (start, end) = (
        without.find("<saml:AuthnStatement").unwrap(),
        without.find("<saml:AttributeStatement").unwrap(),
    );
    let without = super::support::Signing::default().enveloped(&format!("{}{}", &without[..start], &without[end..]), "a1");
    assert_eq!(refused(&Draft::default().around(&without)), "no_authentication");
}

#[test]
fn another_message_than_a_response_is_refused() {
    let request = Draft::default().signed().replace("samlp:Response", "samlp:LogoutResponse");
    assert_eq!(refused(&request), "unexpected_message");
    let old = Draft::default().signed().replacen("Version=\"2.0\"", "Version=\"1.1\"", 1);
    assert_eq!(refused(&old), "unexpected_message");
}

#[test]
fn the_examination_of_a_refused_response_shows_how_far_it_came() {
    use base64::Engine as _;
    let waiting = Waiting::default();
    let expectation = Expectation {
        idp_entity_id: IDP,
        trusted: &waiting.trusted,
        entity_id: PORTAL,
        acs_url: ACS,
        outstanding: &waiting.outstanding,
        unsolicited_accepted: false,
        clock_skew: super::super::CLOCK_SKEW,
        decryption_keys: &[],
        signed_response_suffices: false,
    };
    let late = draft(|d| d.confirmation_end = Some(at(-10))).signed();
    let examination = examine_response(&expectation, &base64::engine::general_purpose::STANDARD.encode(late), now());
    let steps: Vec<Check> = examination.trace.iter().map(|step| step.0).collect();
    assert_eq!(
        steps,
        [
            Check::Message,
            Check::Envelope,
            Check::AssertionSignature,
            Check::Issuer,
            Check::Conditions
        ]
    );
    assert_eq!(examination.result.unwrap_err().code(), "expired");
}
