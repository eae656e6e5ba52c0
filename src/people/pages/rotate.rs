//! `/team/rotate/{member}`: swap a leaver for a joiner on one page.

use leptos::prelude::*;

use crate::{
    access::{Action, Refused},
    kernel::MemberId,
    people::{
        commands::LONGEST_OVERLAP_HOURS,
        queries::{self, Profile},
    },
    ui::*,
    web::{Content, PageError, page, routes},
};

pub(super) fn rotate() -> AnyView {
    page(|cx| async move {
        let organization = queries::own_team(&cx.qx).await?;
        cx.qx.authorise(Action::RotateMember, &organization)?;
        let profile = queries::profile(&cx.qx, organization, cx.param::<MemberId>("member")?).await?;
        if !profile.allowed.rotate {
            let over = profile.member.read_only || profile.standing.is_over();
            // Nothing left to hand over: the member's page says why.
            return Err(if over {
                PageError::SeeOther(routes::member(profile.member.id))
            } else {
                Refused::Forbidden {
                    action: Action::RotateMember,
                    reason: "This role is not yours to hand over.".to_owned(),
                }
                .into()
            });
        }
        let name = profile.person.name.clone();
        let form = cx.form("rotate");
        let crumbs = vec![
            Crumb::new(routes::TEAM, "People"),
            Crumb::new(routes::member(profile.member.id), name.clone()),
        ];
        let aside = what_happens(&profile);
        let fields = fields(&profile, form);
        let title = format!("Hand over from {name}");
        Ok(Content::new(
            title.clone(),
            view! {
                <PageHeader title=title crumbs=crumbs
                    purpose="Someone leaves, someone takes over: the same applications and role for the remaining time, in one step." />
                <Columns aside=aside>{fields}</Columns>
            },
        ))
    })
}

fn fields(profile: &Profile, form: FormState) -> AnyView {
    let leaver = profile.person.name.clone();
    let id = profile.member.id;
    let hint = format!(
        "0 ends the access of {leaver} at once. Up to {LONGEST_OVERLAP_HOURS} hours: meanwhile {leaver} may look, but not change anything."
    );
    let verb = format!("Hand over from {leaver}");
    let version = profile.member.version.to_string();
    view! {
        <FormCard title="Who takes over" purpose="They get a mail with a link. An account that exists already keeps its own name and password."
            action="/do/rotate-member" form=form id="rotate">
            <Hidden name="member" value=id.to_string() />
            <Hidden name="version" value=version />
            <Field name="email" label="E-mail of the joiner" kind="email" autocomplete="off" required=true />
            <Field name="name" label="Name of the joiner" autocomplete="off" maxlength="100" required=true />
            <Field name="overlap" label="Overlap in hours" kind="number" inputmode="numeric" min="0" max=LONGEST_OVERLAP_HOURS.to_string()
                value="0" hint=hint width=Width::Short />
            <FormActions>
                <SubmitButton kind=Kind::Danger icon="hand-over">{verb}</SubmitButton>
                <LinkButton href=routes::member(id) kind=Kind::Ghost>"Cancel"</LinkButton>
            </FormActions>
        </FormCard>
    }
    .into_any()
}

fn what_happens(profile: &Profile) -> AnyView {
    let leaver = profile.person.name.clone();
    let oneself = profile.is_oneself.then(|| {
        view! { <Notice tone=Tone::Warn title="This is you">"Without an overlap you are signed out of this organization at once."</Notice> }
    });
    let applications = if profile.held.is_empty() {
        view! { <Muted>"none"</Muted> }.into_any()
    } else {
        let names = profile.held.iter().map(|held| {
            let scopes = held.scopes.iter().map(|scope| scope.name.as_str()).collect::<Vec<_>>().join(", ");
            let line = if scopes.is_empty() {
                held.application.name.clone()
            } else {
                format!("{} ({scopes})", held.application.name)
            };
            view! { <li>{line}</li> }
        });
        view! { <ul>{names.collect_view()}</ul> }.into_any()
    };
    let (start, end, role) = (profile.member.starts_at, profile.ends_at, profile.member.role.title());
    view! {
        {oneself}
        <Card title="The joiner gets">
            <DefinitionList>
                <Definition term="Role">{role}</Definition>
                <Definition term="Applications">{applications}</Definition>
                <Definition term="Until"><TimeLeft end=end start=start /></Definition>
                <Definition term="Subject">"A new one: applications see a new person."</Definition>
            </DefinitionList>
        </Card>
        <Card title="The leaver">
            <p>
                {format!("{leaver} loses every application and session here, at once or when the overlap is over. This cannot be undone, \
                    but they can be invited again. Memberships in other organizations stay as they are.")}
            </p>
        </Card>
    }
    .into_any()
}
