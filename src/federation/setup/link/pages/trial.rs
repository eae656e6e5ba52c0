//! `GET /set-up/connection/{provider}/trial`: what the provider said in the last trial. What would come of it depends on who is a member,
//! so it is not shown here: whoever runs the provider can let it name anybody.

use leptos::prelude::*;

use super::{bearer::AtWork, dressed, open_page, queries};
use crate::{
    federation::{
        IdentityProvider, Profile,
        commands::Trial,
        domains::{Domain, most_specific},
        http::TRIAL_KEY,
        pages::trial::{checks, claims},
    },
    kernel::ProviderId,
    ui::*,
    web::{Content, PageCx, PageError, routes},
};

pub(super) fn trial() -> AnyView {
    open_page(|cx, work| async move {
        let id: ProviderId = cx.param("provider")?;
        let provider = queries::connection(&work, id).await?;
        let domains = queries::opened(&work).await?.domains;
        let last: Option<Trial> = cx.request.session.get(TRIAL_KEY).await.ok().flatten();
        let last = last.filter(|trial| trial.provider == id);
        Ok::<_, PageError>(content(&cx, &work, &provider, &domains, last))
    })
}

fn content(cx: &PageCx, work: &AtWork, provider: &IdentityProvider, domains: &[Domain], trial: Option<Trial>) -> Content {
    let id = provider.id.to_string();
    let back = routes::set_up_connection(&id);
    let fields = vec![("provider", id)];
    let body = match trial {
        None => view! {
            <EmptyState icon="log-in" title="Nothing was tried yet"
                text="Try the connection: you sign in at your company as usual, and this page shows what the portal was told." />
        }
        .into_any(),
        Some(trial) => result(trial, domains),
    };
    let body = view! {
        {body}
        <Cluster>
            <PostButton action="/do/set-up-try" fields=fields kind=Kind::Secondary>"Try again"</PostButton>
            <LinkButton href=back kind=Kind::Secondary>"Back to the connection"</LinkButton>
        </Cluster>
    };
    let purpose = "The last trial in this browser. Nobody was signed in by it.".to_owned();
    dressed(&work.organization, "What your provider says", purpose, cx.flash(), body.into_any())
}

fn result(trial: Trial, domains: &[Domain]) -> AnyView {
    let at = trial.at;
    let (verdict, read) = match trial.profile {
        None => (
            // Nothing could be read, so this speaks of the provider's answer alone.
            view! { <Notice tone=Tone::Bad title="The answer could not be used">{trial.outcome}</Notice> }.into_any(),
            ().into_any(),
        ),
        Some(profile) => (verdict(&profile, domains), profile_section(profile)),
    };
    let checks = checks(trial.checks);
    let claims = claims(trial.claims);
    view! {
        {verdict}
        {read}
        {checks}
        {claims}
        <p><Muted>"Tried "<RelativeTime at=at /></Muted></p>
    }
    .into_any()
}

fn verdict(profile: &Profile, domains: &[Domain]) -> AnyView {
    if profile.email_unverified {
        let text = "Your provider says that the address is not confirmed. People whose address is not confirmed do not come in.";
        return view! { <Notice tone=Tone::Warn title="The address is not confirmed">{text}</Notice> }.into_any();
    }
    if most_specific(&profile.email, domains).is_none() {
        let text = format!(
            "Everything was read, but the address is of {}, and that is no proven domain. Check that the right claim is read as the address, or ask whoever sent you the link.",
            profile.email.domain()
        );
        return view! { <Notice tone=Tone::Warn title="The address is of another domain">{text}</Notice> }.into_any();
    }
    view! { <Notice tone=Tone::Good title="The connection works">"Everything that the portal needs was read. Look below whether it is what you expect."</Notice> }.into_any()
}

fn profile_section(profile: Profile) -> AnyView {
    view! {
        <Section title="What we read in it">
            <DefinitionList>
                <Definition term="Name">{profile.name}</Definition>
                <Definition term="E-mail address">{profile.email.as_str().to_owned()}</Definition>
                <Definition term="Named there as"><Code>{profile.subject}</Code></Definition>
            </DefinitionList>
        </Section>
    }
    .into_any()
}
