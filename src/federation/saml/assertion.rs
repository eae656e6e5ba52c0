//! The rules for an assertion that is known to be the identity provider's (core §2.3–2.7, profiles §4.1.4.2): for whom, how long,
//! in answer to what; and what it says about the person. Everything here is read from signed bytes.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};

use super::decrypt::decrypt;
use super::incoming::expect_issuer;
use super::keys::SpKeys;
use super::name_id::NameId;
use super::names::{ASSERTION, BEARER};
use super::refusal::Refusal;
use super::response::{Arrival, Check, Expectation};
use super::time;
use super::xml::Node;

/// Checks `assertion` and reads it. `response_to` is the request that the response around it claims to answer.
pub(super) fn accept(
    assertion: Node<'_>,
    response_to: Option<&str>,
    expectation: &Expectation<'_>,
    now: DateTime<Utc>,
    trace: &mut Vec<(Check, String)>,
) -> Result<Arrival, Refusal> {
    if !assertion.is(ASSERTION, "Assertion") || assertion.attribute("Version") != Some("2.0") {
        let found = assertion.local_name().to_owned();
        return Err(Refusal::UnexpectedMessage {
            expected: "Assertion",
            found,
        });
    }
    let assertion_id = assertion
        .attribute("ID")
        .filter(|id| !id.is_empty())
        .ok_or(Refusal::Structure("ID"))?
        .to_owned();
    expect_issuer(assertion, expectation.idp_entity_id)?;
    trace.push((Check::Issuer, expectation.idp_entity_id.to_owned()));

    let issued = instant(assertion, "IssueInstant")?.ok_or(Refusal::Structure("IssueInstant"))?;
    check_start(issued, expectation, now)?;
    let conditions_end = check_conditions(assertion, expectation, now)?;
    trace.push((
        Check::Conditions,
        format!("issued {}, for {}", time::write(issued), expectation.entity_id),
    ));

    let subject = assertion.only(ASSERTION, "Subject").ok_or(Refusal::NoSubject)?;
    let confirmed = confirm(subject, response_to, expectation, now)?;
    let not_on_or_after = conditions_end.map_or(confirmed.end, |end| end.min(confirmed.end));
    trace.push((Check::Confirmation, format!("until {}", time::write(not_on_or_after))));

    let person = NameId::find(subject, |encrypted| open_id(encrypted, expectation.decryption_keys))?;
    trace.push((Check::Subject, person.value.clone()));

    let statement = assertion.first(ASSERTION, "AuthnStatement").ok_or(Refusal::NoAuthentication)?;
    let authn_instant = instant(statement, "AuthnInstant")?.ok_or(Refusal::NoAuthentication)?;
    check_start(authn_instant, expectation, now)?;
    let session_not_on_or_after = instant(statement, "SessionNotOnOrAfter")?;
    if let Some(end) = session_not_on_or_after {
        check_end(end, expectation, now)?;
    }
    let context = statement
        .only(ASSERTION, "AuthnContext")
        .and_then(|context| context.only(ASSERTION, "AuthnContextClassRef"));
    trace.push((Check::Authentication, time::write(authn_instant)));

    let attributes = attributes(assertion);
    trace.push((Check::Attributes, attributes.keys().cloned().collect::<Vec<_>>().join(", ")));
    Ok(Arrival {
        issuer: expectation.idp_entity_id.to_owned(),
        subject: person,
        session_index: statement
            .attribute("SessionIndex")
            .filter(|index| !index.is_empty())
            .map(str::to_owned),
        authn_instant,
        authn_context_class: context.and_then(Node::trimmed).filter(|class| !class.is_empty()),
        session_not_on_or_after,
        attributes,
        assertion_id,
        not_on_or_after,
        in_response_to: confirmed.request,
        trace: Vec::new(),
    })
}

/// Opens an `EncryptedID`, which stands in signed bytes.
pub(super) fn open_id(encrypted: Node<'_>, keys: &[SpKeys]) -> Result<NameId, Refusal> {
    let tree = decrypt(encrypted, keys)?;
    // Plain text may carry comments; the text on all sides of them is taken.
    NameId::read(tree.root().only(ASSERTION, "NameID").ok_or(Refusal::NoSubject)?)
}

fn instant(node: Node<'_>, attribute: &'static str) -> Result<Option<DateTime<Utc>>, Refusal> {
    node.attribute(attribute)
        .map(|text| time::parse(text).ok_or(Refusal::UnreadableTime(attribute)))
        .transpose()
}

fn check_start(start: DateTime<Utc>, expectation: &Expectation<'_>, now: DateTime<Utc>) -> Result<(), Refusal> {
    if time::lies_ahead(start, now, expectation.clock_skew) {
        Err(Refusal::NotYetValid(start))
    } else {
        Ok(())
    }
}

fn check_end(end: DateTime<Utc>, expectation: &Expectation<'_>, now: DateTime<Utc>) -> Result<(), Refusal> {
    if time::has_passed(end, now, expectation.clock_skew) {
        Err(Refusal::Expired(end))
    } else {
        Ok(())
    }
}

/// The window in `node`; gives back its end.
fn check_window(node: Node<'_>, expectation: &Expectation<'_>, now: DateTime<Utc>) -> Result<Option<DateTime<Utc>>, Refusal> {
    if let Some(start) = instant(node, "NotBefore")? {
        check_start(start, expectation, now)?;
    }
    let end = instant(node, "NotOnOrAfter")?;
    if let Some(end) = end {
        check_end(end, expectation, now)?;
    }
    Ok(end)
}

/// Core §2.5.1: every condition holds, and this portal is in the audience of each restriction; there must be one.
fn check_conditions(assertion: Node<'_>, expectation: &Expectation<'_>, now: DateTime<Utc>) -> Result<Option<DateTime<Utc>>, Refusal> {
    let conditions = assertion
        .only(ASSERTION, "Conditions")
        .ok_or(Refusal::Audience { found: Vec::new() })?;
    let end = check_window(conditions, expectation, now)?;
    let mut restricted = false;
    for condition in conditions.elements() {
        if condition.is(ASSERTION, "AudienceRestriction") {
            let found: Vec<String> = condition.all(ASSERTION, "Audience").filter_map(Node::trimmed).collect();
            if !found.iter().any(|audience| audience == expectation.entity_id) {
                return Err(Refusal::Audience { found });
            }
            restricted = true;
        } else if !condition.is(ASSERTION, "OneTimeUse") && !condition.is(ASSERTION, "ProxyRestriction") {
            // One-time use is kept by the caller for every assertion; this portal issues no assertions from assertions.
            return Err(Refusal::UnknownCondition(condition.local_name().to_owned()));
        }
    }
    if restricted {
        Ok(end)
    } else {
        Err(Refusal::Audience { found: Vec::new() })
    }
}

struct Confirmed {
    end: DateTime<Utc>,
    request: Option<String>,
}

/// Finds a bearer confirmation that holds (profiles §4.1.4.2). When none does, the first one's fault is told.
fn confirm(subject: Node<'_>, response_to: Option<&str>, expectation: &Expectation<'_>, now: DateTime<Utc>) -> Result<Confirmed, Refusal> {
    let mut fault = Refusal::NotBearer;
    let mut confirmed: Option<Confirmed> = None;
    let bearers = subject
        .all(ASSERTION, "SubjectConfirmation")
        .filter(|node| node.attribute("Method").map(str::trim) == Some(BEARER));
    for bearer in bearers {
        match confirm_bearer(bearer, response_to, expectation, now) {
            Ok(found) => {
                // The latest end counts: until then the assertion could come again.
                if confirmed.as_ref().is_none_or(|known| known.end < found.end) {
                    confirmed = Some(found);
                }
            }
            Err(refusal) => {
                if fault == Refusal::NotBearer {
                    fault = refusal;
                }
            }
        }
    }
    confirmed.ok_or(fault)
}

fn confirm_bearer(
    bearer: Node<'_>,
    response_to: Option<&str>,
    expectation: &Expectation<'_>,
    now: DateTime<Utc>,
) -> Result<Confirmed, Refusal> {
    let data = bearer.only(ASSERTION, "SubjectConfirmationData").ok_or(Refusal::NotBearer)?;
    let recipient = data.attribute("Recipient");
    if recipient != Some(expectation.acs_url) {
        return Err(Refusal::Recipient {
            found: recipient.map(str::to_owned),
        });
    }
    let end = check_window(data, expectation, now)?.ok_or(Refusal::NoEnd)?;
    let request = data.attribute("InResponseTo");
    // The assertion is signed, the response perhaps not: both must tell the same.
    if request != response_to {
        return Err(Refusal::UnknownRequest);
    }
    match request {
        Some(id) if expectation.outstanding.contains(id) => {}
        Some(_) => return Err(Refusal::UnknownRequest),
        None if expectation.unsolicited_accepted => {}
        None => return Err(Refusal::Unsolicited),
    }
    Ok(Confirmed {
        end,
        request: request.map(str::to_owned),
    })
}

/// Values of all attribute statements (core §2.7.3). Encrypted attributes and values that are not plain text are left out.
fn attributes(assertion: Node<'_>) -> BTreeMap<String, Vec<String>> {
    let mut by_name: BTreeMap<String, Vec<String>> = BTreeMap::new();
    let mut by_friendly_name: BTreeMap<String, Vec<String>> = BTreeMap::new();
    let statements = assertion.all(ASSERTION, "AttributeStatement");
    for attribute in statements.flat_map(|statement| statement.all(ASSERTION, "Attribute")) {
        let values: Vec<String> = attribute.all(ASSERTION, "AttributeValue").filter_map(Node::text).collect();
        if let Some(friendly) = attribute.attribute("FriendlyName").filter(|name| !name.is_empty()) {
            by_friendly_name
                .entry(friendly.to_owned())
                .or_default()
                .extend(values.iter().cloned());
        }
        if let Some(name) = attribute.attribute("Name").filter(|name| !name.is_empty()) {
            by_name.entry(name.to_owned()).or_default().extend(values);
        }
    }
    for (friendly, values) in by_friendly_name {
        by_name.entry(friendly).or_insert(values);
    }
    by_name
}
