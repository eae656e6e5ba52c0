//! Past decisions, newest first.

use leptos::prelude::*;

use crate::{
    certification::{CertificationDecision, queries::PastDecision},
    ui::*,
};

/// The decisions as a timeline; nothing when there are none.
pub(crate) fn history_view(history: &[PastDecision]) -> Option<AnyView> {
    if history.is_empty() {
        return None;
    }
    let items = history.iter().map(item).collect_view();
    Some(view! { <Timeline>{items}</Timeline> }.into_any())
}

fn item(past: &PastDecision) -> AnyView {
    let certification = &past.certification;
    let (icon, tone) = match certification.decision {
        CertificationDecision::Certified => ("badge", Tone::Good),
        CertificationDecision::Declined => ("ban", Tone::Bad),
        CertificationDecision::Lapsed => ("clock-alert", Tone::Warn),
    };
    let title = match &past.decided_by {
        Some(name) => format!("{} by {name}", certification.decision.title()),
        None => certification.decision.title().to_owned(),
    };
    let evidence = &certification.evidence;
    let known = format!(
        "Known then: {} people, {} applications{}.",
        evidence.people_count,
        evidence.applications.len(),
        evidence.contract.as_ref().map_or_else(
            || ", no contract in force".to_owned(),
            |contract| format!(", contract {}", contract.reference)
        ),
    );
    let reason = certification.reason.clone();
    view! {
        <TimelineItem icon=icon title=title at=certification.decided_at tone=tone>
            <Paragraph>{reason}</Paragraph>
            <Muted>{known}</Muted>
        </TimelineItem>
    }
    .into_any()
}
