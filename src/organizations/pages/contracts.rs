//! `/partners/{org}/contracts`: what holds everything a partner has, and until when.

use chrono::Months;
use leptos::prelude::*;

use super::partner_header;
use crate::{
    kernel::day_of,
    organizations::{
        Contract,
        queries::{self, Contracts},
    },
    ui::*,
    web::{Content, PageError, page, routes},
};

pub(super) fn contracts() -> AnyView {
    page(|cx| async move {
        let found = queries::contracts(&cx.qx, &cx.param::<String>("org")?).await?;
        let header = partner_header(
            &found.organization,
            "contracts",
            "Nothing this partner holds outlives its contract.",
            None,
        );
        let title = format!("Contracts of {}", found.organization.name);
        let warn_days = i64::from(cx.qx.tenant.warning_days);
        let today = day_of(cx.qx.now, cx.qx.tenant.time_zone);
        let end = today.checked_add_months(Months::new(12)).unwrap_or(today);
        let add = found
            .may_manage
            .then(|| add_card(&found, today.to_string(), end.to_string(), cx.form("contract")));
        let list = list(&found, cx.qx.now, warn_days);
        Ok::<_, PageError>(Content::new(title, view! { <Stack gap=Gap::Large>{header}{list}{add}</Stack> }))
    })
}

fn list(found: &Contracts, now: crate::kernel::Timestamp, warn_days: i64) -> AnyView {
    if found.contracts.is_empty() {
        return view! {
            <EmptyState icon="file" title="No contract yet" text="Until there is one, nobody of this partner gets in, even when it is activated." />
        }
        .into_any();
    }
    let columns = vec![
        Column::new("Contract"),
        Column::new("Status"),
        Column::new("Starts"),
        Column::new("Ends"),
        Column::number("Notice (days)"),
        Column::number("Seats"),
        Column::action("Change"),
    ];
    let rows = found
        .contracts
        .iter()
        .map(|contract| row(found, contract, now, warn_days))
        .collect_view();
    view! { <Table caption="Contracts" columns=columns>{rows}</Table> }.into_any()
}

fn row(found: &Contracts, contract: &Contract, now: crate::kernel::Timestamp, warn_days: i64) -> AnyView {
    let ended = contract.ends_at <= now;
    let counts = found.counting == Some(contract.id);
    let state = if ended {
        view! { <Badge>"Ended"</Badge> }.into_any()
    } else if counts {
        view! { <Badge tone=Tone::Good>"In force"</Badge> }.into_any()
    } else if contract.starts_at > now {
        view! { <Badge tone=Tone::Info>"Not begun"</Badge> }.into_any()
    } else {
        view! { <Badge tone=Tone::Info>"In force, another ends later"</Badge> }.into_any()
    };
    let seats = if counts {
        format!("{} of {}", found.people, contract.seats)
    } else {
        contract.seats.to_string()
    };
    let href = routes::partner_contract(&found.organization.slug, contract.id);
    let named = format!(" {}", contract.reference);
    let change = (found.may_manage && !ended)
        .then(|| view! { <LinkButton href=href kind=Kind::Secondary size=Size::Small>"Change"<Aloud>{named}</Aloud></LinkButton> });
    let (starts_at, ends_at, reference, notice_days) = (
        contract.starts_at,
        contract.ends_at,
        contract.reference.clone(),
        contract.notice_days,
    );
    view! {
        <Row ended=ended>
            <HeadCell label="Contract">{reference}</HeadCell>
            <Cell label="Status">{state}</Cell>
            <Cell label="Starts"><DateTimeText at=starts_at date_only=true /></Cell>
            <Cell label="Ends"><TimeLeft start=starts_at end=ends_at warn_days=warn_days /></Cell>
            <NumberCell label="Notice (days)">{notice_days}</NumberCell>
            <NumberCell label="Seats">{seats}</NumberCell>
            <ActionCell>{change}</ActionCell>
        </Row>
    }
    .into_any()
}

fn add_card(found: &Contracts, today: String, end: String, form: FormState) -> AnyView {
    let slug = found.organization.slug.clone();
    view! {
        <FormCard title="Add a contract" purpose="Contracts may overlap: of those in force, the one that ends last counts." action="/do/add-contract" form=form
            id="contract">
            <Hidden name="organization" value=slug />
            <Field name="reference" label="Number or name" required=true maxlength="80" placeholder="C-1042" width=Width::Short />
            <DateField name="starts" label="First day" required=true value=today />
            <DateField name="ends" label="Last day" required=true value=end />
            <Field name="notice_days" label="Notice in days" kind="number" inputmode="numeric" min="0" required=true value="30" width=Width::Short />
            <Field name="seats" label="Seats" kind="number" inputmode="numeric" min="1" required=true value="25" width=Width::Short
                hint="How many people may be members at a time." />
            <FormActions><SubmitButton>"Add contract"</SubmitButton></FormActions>
        </FormCard>
    }
    .into_any()
}
