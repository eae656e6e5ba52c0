//! The form to invite: one person, several addresses, or a CSV file; with what is the same for all of them.

use leptos::prelude::*;

use super::place_of;
use crate::{
    kernel::{day_of, last_day},
    people::invitations::{
        Facts, Holding,
        http::SAMPLE,
        queries::{self, Place, Seats},
    },
    ui::*,
    web::{Content, PageCx, PageError, page, routes},
};

pub(super) fn own() -> AnyView {
    page(|cx| async move { build(&cx, false).await })
}

pub(super) fn partners() -> AnyView {
    page(|cx| async move { build(&cx, true).await })
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum By {
    One,
    Addresses,
    File,
}

async fn build(cx: &PageCx, partners: bool) -> Result<Content, PageError> {
    let place = place_of(cx, partners).await?;
    let (facts, seats) = queries::invite_form(&cx.qx, &place).await?;
    let by = match cx.query("by").as_deref() {
        Some("addresses") => By::Addresses,
        Some("file") => By::File,
        _ => By::One,
    };
    let purpose = format!(
        "Each person gets a mail with a link and a code that work for {} days. Nothing is sent before you have seen what will happen.",
        cx.qx.settings.invitation_days
    );
    let title = if partners {
        format!("Invite people to {}", place.organization.name)
    } else {
        "Invite people".to_owned()
    };
    let crumbs = crumbs(&place);
    let body = match &facts.contract {
        None => no_contract(),
        Some(_) => {
            let form = cx.form("invite");
            view! {
                {seat_notice(seats)}
                {tabs(&place, by)}
                {form_view(&place, by, &facts, form)}
            }
            .into_any()
        }
    };
    Ok(Content::new(
        title.clone(),
        view! { <Stack><PageHeader title=title purpose=purpose crumbs=crumbs />{body}</Stack> },
    ))
}

fn crumbs(place: &Place) -> Vec<Crumb> {
    let mut crumbs = Vec::new();
    if place.as_partner {
        crumbs.push(Crumb::new(routes::PARTNERS, "Partners"));
        crumbs.push(Crumb::new(
            routes::partner(&place.organization.slug),
            place.organization.name.clone(),
        ));
    }
    crumbs.push(Crumb::new(place.invitations(), "Invitations"));
    crumbs
}

fn no_contract() -> AnyView {
    view! {
        <EmptyState icon="file" title="There is no contract in force"
            text="People can be invited while a contract is in force, because it says how many seats there are and when they end." />
    }
    .into_any()
}

/// Seats, and why waiting invitations count.
pub(super) fn seat_notice(seats: Seats) -> AnyView {
    let text = format!(
        "{} of {} seats are free. {} taken by members, {} held for invitations that wait, so that nobody is invited in vain. \
         Withdrawing an invitation, or letting it expire, frees its seat.",
        seats.left(),
        seats.all,
        seats.taken,
        seats.reserved
    );
    let tone = if seats.left() == 0 { Tone::Warn } else { Tone::Info };
    view! { <Notice tone=tone>{text}</Notice> }.into_any()
}

fn tabs(place: &Place, by: By) -> AnyView {
    let address = place.invite();
    let items = vec![
        Tab::new(address.clone(), "One person").active(by == By::One),
        Tab::new(format!("{address}?by=addresses"), "Several addresses").active(by == By::Addresses),
        Tab::new(format!("{address}?by=file"), "CSV file").active(by == By::File),
    ];
    view! { <Tabs label="How to invite" items=items /> }.into_any()
}

fn form_view(place: &Place, by: By, facts: &Facts, form: FormState) -> AnyView {
    let (action, multipart, word) = match by {
        By::One => ("/do/preview-invitations", false, "one"),
        By::Addresses => ("/do/preview-invitations", false, "addresses"),
        By::File => ("/do/upload-invitations", true, "file"),
    };
    let (partner, team) = (place.field(), place.team());
    // Fields are made inside of the form: that is where they find what was typed and what is wrong with it.
    let facts = facts.clone();
    let cancel = place.invitations();
    view! {
        <Form action=action form=form id="invite" multipart=multipart>
            <Hidden name="partner" value=partner />
            <Hidden name="team" value=team />
            <Hidden name="by" value=word />
            {who(by, &facts)}
            {common(by, &facts)}
            <FormActions>
                <SubmitButton>"Check before sending"</SubmitButton>
                <LinkButton href=cancel kind=Kind::Ghost>"Cancel"</LinkButton>
            </FormActions>
        </Form>
    }
    .into_any()
}

fn who(by: By, facts: &Facts) -> AnyView {
    match by {
        By::One => view! {
            <Field name="email" label="E-mail" kind="email" required=true autocomplete="off" maxlength="254"
                hint="The invitation goes here, and this is what the person signs in with." />
            <Field name="name" label="Name" maxlength="200" autocomplete="off" hint="They can correct it when they accept." />
        }
        .into_any(),
        By::Addresses => view! {
            <TextArea name="addresses" label="Addresses" rows=8 required=true
                hint="One per line, or separated by commas or semicolons; at most 500. Bo Lind <bo@example.com> gives the name too." />
        }
        .into_any(),
        By::File => view! {
            <FileField name="file" label="CSV file" accept=".csv,text/csv" required=true hint="UTF-8, at most 500 rows and 256 kB." />
            {file_help(facts)}
        }
        .into_any(),
    }
}

fn file_help(facts: &Facts) -> AnyView {
    let names = facts
        .holdings
        .iter()
        .filter(|holding| holding.in_force)
        .map(names_of)
        .collect_view();
    view! {
        <Disclosure summary="What the file must look like">
            <Stack>
                <p>
                    "The first line names the columns, in any order. Only email must be there; where another one is empty, what you choose \
                     below holds. A column that is not listed here is refused, not ignored."
                </p>
                <DefinitionList>
                    <Definition term="email">"The address of the person."</Definition>
                    <Definition term="name">"Their name."</Definition>
                    <Definition term="role">"member, auditor, user_manager or partner_admin; never above your own."</Definition>
                    <Definition term="apps">
                        "Applications or single permissions, separated by semicolons or spaces. An application alone gives its permissions \
                         except those of high value, which must be named. none gives no application."
                    </Definition>
                    <Definition term="until">"The last day, as 2027-03-31; at the latest the last day of the contract."</Definition>
                </DefinitionList>
                <CodeBlock label="Sample file">{SAMPLE}</CodeBlock>
                <p><LinkButton href=routes::INVITE_SAMPLE kind=Kind::Secondary size=Size::Small icon="download" download=true>"Download the sample"</LinkButton></p>
                <p><Strong>"Names you can use in apps"</Strong></p>
                <DefinitionList>{names}</DefinitionList>
            </Stack>
        </Disclosure>
    }
    .into_any()
}

fn names_of(holding: &Holding) -> AnyView {
    let (slug, name) = (holding.application.slug.clone(), holding.application.name.clone());
    let scopes = holding
        .scopes
        .iter()
        .map(|scope| scope.name.as_str())
        .collect::<Vec<_>>()
        .join(", ");
    view! { <Definition term=name><Code>{slug}</Code>" with "{scopes}</Definition> }.into_any()
}

fn common(by: By, facts: &Facts) -> AnyView {
    let roles = facts
        .roles
        .iter()
        .map(|role| Choice::new(role.as_str(), role.title()))
        .collect::<Vec<_>>();
    let legend = match by {
        By::One => "What they get",
        By::Addresses => "What all of them get",
        By::File => "What rows get that do not say it themselves",
    };
    let apps = facts
        .holdings
        .iter()
        .filter(|holding| holding.in_force)
        .map(app_choice)
        .collect_view();
    let none = facts.holdings.iter().all(|holding| !holding.in_force).then(|| {
        view! { <p><Muted>"Your organization holds no application now. People can be invited all the same and get applications later."</Muted></p> }
    });
    let today = day_of(facts.now, facts.zone).to_string();
    let end = facts
        .contract
        .as_ref()
        .map(|contract| last_day(contract.ends_at, facts.zone).to_string())
        .unwrap_or_default();
    let hint = match &facts.contract {
        Some(contract) => format!(
            "Leave empty for as long as the contract, which ends on {}.",
            last_day(contract.ends_at, facts.zone).format("%-d %b %Y")
        ),
        None => "Leave empty for as long as the contract.".to_owned(),
    };
    view! {
        <Fieldset legend=legend>
            <Select name="role" label="Role" options=roles selected="member" hint="Roles above your own cannot be given." />
            {apps}
            {none}
            <DateField name="until" label="Last day" min=today max=end hint=hint />
        </Fieldset>
    }
    .into_any()
}

fn app_choice(holding: &Holding) -> AnyView {
    let options = holding
        .scopes
        .iter()
        .map(|scope| {
            // Words first: the name is for those who know the application's tokens.
            let (label, name) = match scope.description.is_empty() {
                true => (scope.name.clone(), None),
                false => (scope.description.clone(), Some(scope.name.as_str())),
            };
            let choice = Choice::new(scope.id.to_string(), label);
            match (name, scope.high_value) {
                (None, false) => choice,
                (None, true) => choice.hint("high value"),
                (Some(name), false) => choice.hint(name),
                (Some(name), true) => choice.hint(format!("{name} (high value)")),
            }
        })
        .collect::<Vec<_>>();
    let name = format!("scopes[{}][]", holding.application.slug);
    let hint = holding.seats_left.map(|left| match left {
        1 => "1 seat free for this application.".to_owned(),
        left => format!("{left} seats free for this application."),
    });
    let legend = holding.application.name.clone();
    view! { <CheckboxGroup name=name legend=legend options=options hint=hint /> }.into_any()
}
