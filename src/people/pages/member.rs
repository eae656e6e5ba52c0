//! One member: `/team/{member}`, and `/partners/{org}/people/{member}` for owner, operator and auditor.

use leptos::prelude::*;

use super::place::{Place, standing_badge};
use crate::{
    apps::pages::member_assignments,
    kernel::{MemberId, last_day},
    organizations,
    people::{
        MemberRole, Standing,
        queries::{self, Profile},
    },
    ui::*,
    web::{Content, PageCx, PageError, page, routes},
};

pub(super) fn own() -> AnyView {
    page(|cx| async move {
        let organization = queries::own_team(&cx.qx).await?;
        let place = Place::own(organization.clone());
        let profile = queries::profile(&cx.qx, organization, cx.param::<MemberId>("member")?).await?;
        content(&cx, &place, profile, vec![Crumb::new(routes::TEAM, "People")]).await
    })
}

pub(super) fn of_partner() -> AnyView {
    page(|cx| async move {
        let organization = organizations::queries::partner(&cx.qx, &cx.param::<String>("org")?).await?;
        let place = Place::of_partner(organization.clone());
        let crumbs = vec![
            Crumb::new(routes::PARTNERS, "Partners"),
            Crumb::new(routes::partner(&organization.slug), organization.name.clone()),
            Crumb::new(place.list(), "People"),
        ];
        let profile = queries::profile(&cx.qx, organization, cx.param::<MemberId>("member")?).await?;
        content(&cx, &place, profile, crumbs).await
    })
}

async fn content(cx: &PageCx, place: &Place, profile: Profile, crumbs: Vec<Crumb>) -> Result<Content, PageError> {
    let name = profile.person.name.clone();
    let purpose = profile.person.email.to_string();
    let rotate = (place.is_own && profile.allowed.rotate).then(|| {
        let href = routes::rotate(profile.member.id);
        view! { <LinkButton href=href icon="hand-over" kind=Kind::Secondary>"Hand over to a successor"</LinkButton> }.into_any()
    });
    let standing = profile.standing;
    let header_action = view! { <Cluster>{standing_badge(standing)}{rotate}</Cluster> }.into_any();
    let refused = refused(cx);
    let notice = notice(&profile);
    let membership = membership(cx, place, &profile);
    let applications = member_assignments(&cx.qx, &place.organization, &profile.member, &name).await?;
    let actions = actions(cx, place, &profile);
    let main = view! { {membership}{applications} }.into_any();
    let body = match actions {
        Some(actions) => view! { <Columns aside=actions>{main}</Columns> }.into_any(),
        None => view! { <Stack gap=Gap::Large>{main}</Stack> }.into_any(),
    };
    Ok(Content::new(
        name.clone(),
        view! { <PageHeader title=name purpose=purpose crumbs=crumbs action=header_action />{refused}{notice}{body} },
    ))
}

/// What the forms in dialogs were refused for; the dialogs are closed when the page opens.
fn refused(cx: &PageCx) -> Option<AnyView> {
    ["suspend", "remove", "reinstate"]
        .into_iter()
        .map(|id| cx.form(id))
        .find(FormState::has_errors)
        .map(|form| {
            let mut title = form.summary.unwrap_or_default();
            for sentence in form.errors.values() {
                title = format!("{title} {sentence}");
            }
            view! { <ErrorSummary title=title /> }.into_any()
        })
}

fn notice(profile: &Profile) -> Option<AnyView> {
    let name = profile.person.name.clone();
    let reason = profile
        .member
        .status_reason
        .clone()
        .map(|reason| format!(" Reason: {reason}"))
        .unwrap_or_default();
    let (tone, text) = match profile.standing {
        Standing::Suspended => (
            Tone::Warn,
            format!("{name} is suspended: nothing can be launched, and nothing is lost.{reason}"),
        ),
        Standing::HandingOver => (
            Tone::Info,
            format!("{name} has handed over and may look, but not change anything, until the overlap is over."),
        ),
        Standing::Removed => (Tone::Neutral, format!("{name} is no longer a member.{reason}")),
        Standing::Ended => (Tone::Neutral, format!("{name}'s membership has ended.")),
        Standing::Upcoming => (Tone::Info, format!("{name}'s membership has not begun yet.")),
        Standing::Active => return None,
    };
    Some(view! { <Notice tone=tone>{text}</Notice> }.into_any())
}

fn membership(cx: &PageCx, place: &Place, profile: &Profile) -> AnyView {
    let member = &profile.member;
    let warn_days = i64::from(cx.qx.tenant.warning_days);
    let link = |other: &Option<(MemberId, String)>, term: &'static str| {
        other.clone().map(|(id, name)| {
            let href = place.member(id);
            view! { <Definition term=term><TextLink href=href>{name}</TextLink></Definition> }
        })
    };
    let why = match (&profile.contract, member.ends_at) {
        _ if profile.standing.is_over() => "The membership is over.".to_owned(),
        (Some(contract), Some(end)) if end < contract.ends_at => "The membership's own end, before the contract's.".to_owned(),
        (Some(contract), _) => format!("The contract {} ends then.", contract.reference),
        (None, _) => "There is no contract in force, so nobody can get in.".to_owned(),
    };
    let seen = match member.last_seen_at {
        Some(at) => view! { <RelativeTime at=at /> }.into_any(),
        None => view! { <Muted>"never"</Muted> }.into_any(),
    };
    let sessions = match profile.sessions {
        0 => "none".to_owned(),
        1 => "1 open session".to_owned(),
        more => format!("{more} open sessions"),
    };
    let (from, to) = (
        link(&profile.rotated_from, "Took over from"),
        link(&profile.rotated_to, "Handed over to"),
    );
    let (role, standing, subject) = (member.role.title(), profile.standing, member.id.to_string());
    let (starts_at, ends_at) = (member.starts_at, profile.ends_at);
    view! {
        <Section title="Membership" id="membership">
            <DefinitionList>
                <Definition term="Role">{role}</Definition>
                <Definition term="Status">{standing_badge(standing)}</Definition>
                <Definition term="Since"><DateTimeText at=starts_at date_only=true /></Definition>
                <Definition term="Until">
                    <Stack gap=Gap::Small>
                        <TimeLeft end=ends_at start=starts_at warn_days=warn_days />
                        <Muted>{why}</Muted>
                    </Stack>
                </Definition>
                <Definition term="Last seen">{seen}</Definition>
                <Definition term="Sessions">{sessions}</Definition>
                {from}
                {to}
                <Definition term="Subject in applications"><Code>{subject}</Code></Definition>
            </DefinitionList>
        </Section>
    }
    .into_any()
}

fn actions(cx: &PageCx, place: &Place, profile: &Profile) -> Option<AnyView> {
    let allowed = &profile.allowed;
    let role = (!allowed.roles.is_empty()).then(|| role_form(cx, place, profile));
    let leave = allowed.leave.then(|| leave_form(cx, place, profile));
    let standing = (allowed.suspend || allowed.reinstate || allowed.remove).then(|| standing_card(cx, place, profile));
    if role.is_none() && leave.is_none() && standing.is_none() {
        return None;
    }
    Some(view! { {role}{leave}{standing} }.into_any())
}

fn carried(place: &Place, profile: &Profile) -> Vec<(&'static str, String)> {
    vec![
        ("organization", place.slug()),
        ("member", profile.member.id.to_string()),
        ("version", profile.member.version.to_string()),
    ]
}

fn hidden(place: &Place, profile: &Profile) -> AnyView {
    carried(place, profile)
        .into_iter()
        .map(|(name, value)| view! { <Hidden name=name value=value /> })
        .collect_view()
        .into_any()
}

fn role_form(cx: &PageCx, place: &Place, profile: &Profile) -> AnyView {
    let current = profile.member.role;
    let options = MemberRole::ALL
        .iter()
        .filter(|role| **role == current || profile.allowed.roles.contains(role))
        .map(|role| Choice::new(role.as_str(), role.title()))
        .collect::<Vec<_>>();
    let hidden = hidden(place, profile);
    view! {
        <FormCard title="Role" action="/do/change-role" form=cx.form("role") id="role-form">
            {hidden}
            <Select name="role" label="Role" options=options selected=current.as_str() hint="Takes effect at once, also in open sessions." />
            <FormActions><SubmitButton kind=Kind::Secondary>"Change role"</SubmitButton></FormActions>
        </FormCard>
    }
    .into_any()
}

fn leave_form(cx: &PageCx, place: &Place, profile: &Profile) -> AnyView {
    let zone = cx.qx.tenant.time_zone;
    let iso = |at| last_day(at, zone).format("%Y-%m-%d").to_string();
    let value = profile.member.ends_at.map(iso);
    let latest = profile
        .contract
        .as_ref()
        .map(|contract| last_day(contract.ends_at, zone).format("%-d %b %Y").to_string());
    let hint = match latest {
        Some(day) => format!("Access ends by itself after that day. Leave it empty for the end of the contract, {day}."),
        None => "Access ends by itself after that day.".to_owned(),
    };
    let hidden = hidden(place, profile);
    view! {
        <FormCard title="Leave date" action="/do/schedule-leave" form=cx.form("leave") id="leave-form">
            {hidden}
            <DateField name="ends_on" label="Last day" value=value hint=hint />
            <FormActions><SubmitButton kind=Kind::Secondary>"Save leave date"</SubmitButton></FormActions>
        </FormCard>
    }
    .into_any()
}

fn standing_card(cx: &PageCx, place: &Place, profile: &Profile) -> AnyView {
    let name = profile.person.name.clone();
    let ends = format!(
        "{} and {}",
        counted(profile.held.len() as u64, "application"),
        counted(profile.sessions, "open session")
    );
    let suspend = profile.allowed.suspend.then(|| {
        let text = format!(
            "{name} can launch nothing from now on, and their sessions here ({}) end at once. Nothing is lost: you can reinstate them at any time.",
            counted(profile.sessions, "open session")
        );
        let hint = "Stands in the trail and in the mail to them.";
        confirm(cx, place, profile, "suspend", "Suspend", "/do/suspend-member", Kind::Secondary, text, hint)
    });
    let reinstate = profile.allowed.reinstate.then(|| {
        let verb = format!("Reinstate {name}");
        let fields = carried(place, profile);
        view! { <PostButton action="/do/reinstate-member" fields=fields kind=Kind::Secondary>{verb}</PostButton> }
    });
    let remove = profile.allowed.remove.then(|| {
        let text = format!(
            "Ends the membership of {name} at once: {ends}. This cannot be undone, but you can invite {name} again. Their memberships in other \
             organizations stay as they are."
        );
        confirm(cx, place, profile, "remove", "Remove", "/do/remove-member", Kind::Danger, text, "Stands in the trail.")
    });
    view! { <Card title="Access" level=2><Cluster>{suspend}{reinstate}{remove}</Cluster></Card> }.into_any()
}

#[expect(clippy::too_many_arguments, reason = "what differs between two dialogs")]
fn confirm(
    cx: &PageCx,
    place: &Place,
    profile: &Profile,
    id: &'static str,
    verb: &'static str,
    action: &'static str,
    kind: Kind,
    text: String,
    hint: &'static str,
) -> AnyView {
    let name = &profile.person.name;
    let (trigger, title, button) = (format!("{verb} {name}…"), format!("{verb} {name}?"), format!("{verb} {name}"));
    let fields = carried(place, profile);
    view! {
        <Confirm id=id trigger=trigger title=title verb=button action=action fields=fields kind=kind form=cx.form(id)>
            <p>{text}</p>
            <Field name="reason" label="Reason" maxlength="500" hint=hint />
        </Confirm>
    }
    .into_any()
}

fn counted(count: u64, thing: &str) -> String {
    match count {
        0 => format!("no {thing}s"),
        1 => format!("1 {thing}"),
        more => format!("{more} {thing}s"),
    }
}
