//! What the form of a new partner shows of a template: the choice of one, and what is taken over from it.

use chrono::Months;
use leptos::prelude::*;

use super::{
    super::queries::Start,
    applications::{scope_names, until_words},
};
use crate::{kernel::Day, ui::*, web::routes};

/// The choice of a template above the form of a new partner; nothing while there are none.
pub(crate) fn choice(start: &Start) -> Option<AnyView> {
    if start.offered.is_empty() {
        return None;
    }
    let options = std::iter::once(Choice::new("", "Nothing, fill in everything"))
        .chain(start.offered.iter().map(|(id, name)| Choice::new(id.to_string(), name.clone())))
        .collect::<Vec<_>>();
    let selected = start
        .chosen
        .as_ref()
        .map(|(template, _)| template.id.to_string())
        .unwrap_or_default();
    Some(
        view! {
            <FilterBar action=routes::NEW_PARTNER verb="Choose">
                <Select name="template" label="Start from" options=options selected=selected auto_submit=true />
            </FilterBar>
        }
        .into_any(),
    )
}

/// The day on which the first certification is due.
pub(crate) fn first_due(start: &Start, today: Day) -> Day {
    let months = start
        .chosen
        .as_ref()
        .map_or(12, |(template, _)| template.content.certification_months);
    today.checked_add_months(Months::new(months.into())).unwrap_or(today)
}

/// What a new partner takes over: its first contract and its applications, each of them to be changed or left out.
pub(crate) fn taken_fields(start: &Start, today: Day) -> Option<AnyView> {
    let (template, given) = start.chosen.as_ref()?;
    let (id, version) = (template.id.to_string(), template.version.to_string());
    let contract = template.content.contract.map(|terms| {
        let (end, first) = (terms.last_day(today).to_string(), today.to_string());
        let (notice, seats) = (terms.notice_days.to_string(), terms.seats.to_string());
        view! {
            <Fieldset legend="First contract, from today">
                <Field name="reference" label="Number or name" required=true maxlength="80" placeholder="C-1042" width=Width::Short />
                <DateField name="ends" label="Last day" required=true value=end min=first />
                <Field name="notice_days" label="Notice in days" kind="number" inputmode="numeric" min="0" required=true value=notice width=Width::Short />
                <Field name="seats" label="Seats" kind="number" inputmode="numeric" min="1" required=true value=seats width=Width::Short />
            </Fieldset>
        }
    });
    let applications = (!given.is_empty()).then(|| {
        let options = given
            .iter()
            .map(|given| {
                let hint = format!("{}; {}", scope_names(&given.scopes), until_words(given));
                Choice::new(given.application.id.to_string(), given.application.name.clone()).hint(hint)
            })
            .collect::<Vec<_>>();
        let all = given.iter().map(|given| given.application.id.to_string()).collect::<Vec<_>>();
        view! { <CheckboxGroup name="applications[]" legend="Applications it holds" options=options selected=all /> }
    });
    Some(
        view! {
            <Hidden name="template" value=id />
            <Hidden name="template_version" value=version />
            {contract}
            {applications}
        }
        .into_any(),
    )
}
