//! The form to let a system act: for oneself, or for somebody of the team.

use leptos::prelude::*;

use super::super::queries::{self, Chosen, Possible};
use crate::{
    kernel::{MemberId, last_day},
    ui::*,
    web::{Content, PageCx, PageError, page, routes},
};

/// For oneself.
pub fn new_for_oneself() -> AnyView {
    page(|cx| async move { content(&cx, None).await })
}

/// For somebody of the team.
pub fn new_for_team() -> AnyView {
    page(|cx| async move {
        let people = queries::people(&cx.qx).await?;
        let member = match cx.query("member") {
            Some(text) => Some(text.parse::<MemberId>().map_err(|_| PageError::NotFound)?),
            None => None,
        };
        if let Some(member) = member {
            return content(&cx, Some(member)).await;
        }
        let title = "Let a system act";
        let choices: Vec<Choice> = people
            .into_iter()
            .map(|person| Choice::new(person.member.to_string(), person.name))
            .collect();
        Ok(Content::new(
            title,
            view! {
                <PageHeader title=title purpose="For whom? The system gets no more than this person holds, and never longer." crumbs=crumbs(true) />
                <Card>
                    <Form action=routes::TEAM_ACTING_NEW form=FormState::default() method_get=true>
                        <Select name="member" label="Person" options=choices selected="" />
                        <FormActions><SubmitButton kind=Kind::Secondary>"Go on"</SubmitButton></FormActions>
                    </Form>
                </Card>
            },
        ))
    })
}

fn crumbs(team: bool) -> Vec<Crumb> {
    let back = if team {
        Crumb::new(routes::TEAM_ACTING, "Acting for people")
    } else {
        Crumb::new(routes::MY_ACTING, "Acting for me")
    };
    vec![back, Crumb::here("Let a system act")]
}

async fn content(cx: &PageCx, member: Option<MemberId>) -> Result<Content, PageError> {
    let application = cx.query("application");
    let through = cx.request.signed_in_as().await.and_then(|session| session.through);
    let provider = through.map(|through| through.provider);
    let possible = queries::possible(&cx.qx, member, application.as_deref(), provider).await?;
    let team = member.is_some();
    let title = if team {
        format!("Let a system act for {}", possible.name)
    } else {
        "Let a system act for me".to_owned()
    };
    let purpose = if team {
        "The system acts without the person, until the day you set. It gets no more than they hold, and never longer. They see it and can stop it."
    } else {
        "The system acts without you, until the day you set. It gets no more than you hold, and never longer. You can stop it at any time."
    };
    let first = choice(&possible, member);
    let second = match &possible.chosen {
        None if application.is_some() => {
            Some(view! { <Notice tone=Tone::Warn>"This application cannot be used now, so no system can act there."</Notice> }.into_any())
        }
        None => None,
        Some(chosen) if chosen.systems.is_empty() => Some(nothing(chosen)),
        Some(chosen) => Some(form(cx, &possible, chosen, team)),
    };
    Ok(Content::new(
        title.clone(),
        view! {
            <PageHeader title=title purpose=purpose crumbs=crumbs(team) />
            <Stack gap=Gap::Large>{first}{second}</Stack>
        },
    ))
}

/// Which application; nothing to choose when there is one.
fn choice(possible: &Possible, member: Option<MemberId>) -> AnyView {
    if possible.applications.is_empty() {
        let text = "A system can only do what the person can. Nothing is assigned to them now.";
        return view! { <EmptyState icon="package" title="There is no application to act at" text=text /> }.into_any();
    }
    let chosen = possible
        .chosen
        .as_ref()
        .map(|chosen| chosen.application.slug.clone())
        .unwrap_or_default();
    let action = if member.is_some() {
        routes::TEAM_ACTING_NEW
    } else {
        routes::MY_ACTING_NEW
    };
    let choices: Vec<Choice> = possible
        .applications
        .iter()
        .map(|application| Choice::new(application.slug.clone(), application.name.clone()))
        .collect();
    let member = member.map(|member| view! { <Hidden name="member" value=member.to_string() /> });
    view! {
        <Card>
            <Form action=action form=FormState::default() method_get=true id="where">
                {member}
                <Select name="application" label="At which application?" options=choices selected=chosen />
                <FormActions><SubmitButton kind=Kind::Secondary>"Go on"</SubmitButton></FormActions>
            </Form>
        </Card>
    }
    .into_any()
}

fn nothing(chosen: &Chosen) -> AnyView {
    let title = format!("No system can act at {}", chosen.application.name);
    let text = "Systems that can act for people are set up by the company that runs this portal.";
    view! { <EmptyState icon="plug" title=title text=text /> }.into_any()
}

fn form(cx: &PageCx, possible: &Possible, chosen: &Chosen, team: bool) -> AnyView {
    let zone = cx.qx.tenant.time_zone;
    let latest = last_day(chosen.latest, zone);
    let systems: Vec<Choice> = chosen
        .systems
        .iter()
        .map(|client| Choice::new(client.id.to_string(), client.terms.name.clone()))
        .collect();
    let first = chosen.systems.first().map(|client| client.id.to_string()).unwrap_or_default();
    let scopes: Vec<Choice> = chosen
        .scopes
        .iter()
        .map(|scope| Choice::new(scope.name.clone(), scope.name.clone()).hint(scope.description.clone()))
        .collect();
    let none: Vec<String> = Vec::new();
    let form = cx.form("delegation");
    let open = ["object_type", "object_identifier", "object_actions"]
        .iter()
        .any(|name| !form.value(name).is_empty() || form.error(name).is_some());
    let of = if team { "team" } else { "me" };
    let member = possible.member.id.to_string();
    let slug = chosen.application.slug.clone();
    let title = format!("At {}", chosen.application.name);
    let hint = format!(
        "At most {}, when the access behind it ends or a year is over.",
        latest.format("%-d %b %Y")
    );
    let max = latest.format("%Y-%m-%d").to_string();
    view! {
        <FormCard title=title action="/do/give-delegation" form=form id="delegation">
            <Hidden name="of" value=of />
            <Hidden name="member" value=member />
            <Hidden name="application" value=slug />
            <RadioGroup name="client" legend="System" options=systems selected=first />
            <CheckboxGroup name="scopes[]" legend="It may" options=scopes selected=none />
            <Field name="purpose" label="What for" hint="Whoever sees this later reads it, for example: Books deliveries while I am on leave." required=true
                maxlength="300" />
            <DateField name="ends" label="Last day" hint=hint max=max required=true />
            <Disclosure summary="Only for one thing" open=open>
                <Stack>
                    <Field name="object_type" label="Kind of thing" hint="As the application calls it, for example order." maxlength="100" />
                    <Field name="object_identifier" label="Its number or name" maxlength="100" />
                    <Field name="object_actions" label="What may be done with it" hint="With commas between: view, confirm" maxlength="500" />
                </Stack>
            </Disclosure>
            <FormActions><SubmitButton>"Let it act"</SubmitButton></FormActions>
        </FormCard>
    }
    .into_any()
}
