//! `GET /consent`: "Continue to …?", before an application gets something of somebody.

use leptos::prelude::*;

use super::{SHOWN_KEY, Shown, model::Asking};
use crate::{
    access::Refused,
    issuer::{Client, SubjectKind},
    store::{self, issuer::clients},
    ui::*,
    web::{Content, PageCx, PageError, plain_page, routes},
};

/// The page.
pub fn consent() -> AnyView {
    plain_page(|cx| async move {
        let person = cx.qx.actor.person().ok_or(Refused::SignedOut)?;
        let start = || PageError::SeeOther(routes::HOME.to_owned());
        let shown: Option<Shown> = cx.request.session.get(SHOWN_KEY).await.ok().flatten();
        let shown = shown.ok_or_else(start)?;
        let Some(member) = person.member.clone().filter(|member| member.id == shown.member) else {
            return Err(start());
        };
        let client = clients::get(&cx.qx.db, shown.client)
            .await?
            .filter(|client| client.disabled_at.is_none())
            .ok_or_else(start)?;
        let application = store::applications::get(&cx.qx.db, client.application).await?.ok_or_else(start)?;
        let described = store::applications::scopes_of(&cx.qx.db, &[application.id]).await?;
        let known_by = match client.terms.subjects {
            SubjectKind::Public => "your member number",
            SubjectKind::Pairwise => "a name that no other application has for you",
        };
        let mut learns = vec![format!(
            "Who you are to {}: your role, and which contract you come under. It knows you by {known_by}.",
            member.organization_name
        )];
        let mut may = Vec::new();
        for scope in &shown.scopes {
            match scope.as_str() {
                "openid" => {}
                "profile" => learns.push(format!("Your name, {}, and your time zone.", person.name)),
                "email" => learns.push(format!("Your e-mail address, {}.", person.email)),
                "offline_access" => {
                    may.push("Stay signed in for you while you are away, until you stop it or your access ends.".to_owned())
                }
                other => {
                    let known = described.iter().find(|scope| scope.name == other);
                    let says = known
                        .map(|scope| scope.description.trim().to_owned())
                        .filter(|text| !text.is_empty());
                    may.push(says.map_or_else(
                        || format!("Use the permission {other} of {}.", application.name),
                        |says| format!("In {}: {} ({other})", application.name, sentence(&says)),
                    ));
                }
            }
        }
        Ok(content(&cx, &client, &shown, member.organization_name, learns, may))
    })
}

fn sentence(text: &str) -> String {
    if text.ends_with(['.', '!', '?']) {
        text.to_owned()
    } else {
        format!("{text}.")
    }
}

fn content(cx: &PageCx, client: &Client, shown: &Shown, organization: String, learns: Vec<String>, may: Vec<String>) -> Content {
    let name = client.terms.name.clone();
    let title = format!("Continue to {name}?");
    let asking = Asking::of(client, &shown.redirect_uri);
    let company = cx.qx.tenant.name.clone();
    let place = url::Url::parse(&shown.redirect_uri)
        .ok()
        .and_then(|url| url.host_str().map(str::to_owned))
        .filter(|_| asking != Asking::Always);
    let whose = match (asking, client.terms.first_party) {
        (Asking::Always, _) => format!(
            "A program on this device says that it is {name}. Continue only when you started it yourself, just now. You are asked each time."
        ),
        (_, false) => {
            format!("{name} is not run by {company}. You are asked once, and you can take it back under My account, Acting for me.")
        }
        (_, true) => format!("{name} wants to know that you agree."),
    };
    let list = |items: Vec<String>| {
        let items: Vec<AnyView> = items.into_iter().map(|item| view! { {item} }.into_any()).collect();
        view! { <BulletList items=items /> }
    };
    let does = (!may.is_empty()).then(|| view! { <p><Strong>{format!("It may, in the name of {organization}:")}</Strong></p> {list(may)} });
    let goes = place.map(|place| view! { <p><Muted>{format!("You go on to {place}.")}</Muted></p> });
    let value = shown.value.clone();
    let form = cx.form("consent");
    Content::new(
        title.clone(),
        view! {
            <Plain brand=company title=title flash=cx.flash() purpose=whose>
                <Stack>
                    <p><Strong>"It learns:"</Strong></p>
                    {list(learns)}
                    {does}
                    <p><Muted>"It never gets more than you hold yourself, and everything ends with your access."</Muted></p>
                    {goes}
                    <Form action="/do/answer-consent" form=form>
                        <Hidden name="value" value=value />
                        <Cluster>
                            <SubmitButton name="answer" value="yes">"Continue"</SubmitButton>
                            <SubmitButton name="answer" value="no" kind=Kind::Secondary>"Refuse"</SubmitButton>
                        </Cluster>
                    </Form>
                </Stack>
            </Plain>
        },
    )
}
