//! The list of invitations: where each stands, whether its mail went out; send again, withdraw.

use leptos::prelude::*;

use super::{invite::seat_notice, place_of};
use crate::{
    kernel::PageRequest,
    mail::MessageStatus,
    organizations::pages::partner_header,
    people::invitations::queries::InvitationFilter,
    people::invitations::{
        InvitationState,
        queries::{self, Listed, Place},
    },
    ui::*,
    web::{Content, PageCx, PageError, page},
};

pub(super) fn own() -> AnyView {
    page(|cx| async move { build(&cx, false).await })
}

pub(super) fn partners() -> AnyView {
    page(|cx| async move { build(&cx, true).await })
}

async fn build(cx: &PageCx, partners: bool) -> Result<Content, PageError> {
    let place = place_of(cx, partners).await?;
    let filter = InvitationFilter {
        state: cx.query("state").and_then(|word| word.parse().ok()),
        text: cx.query("q").map(|text| text.trim().to_owned()),
    };
    let request = match (
        cx.query("older").and_then(|c| c.parse().ok()),
        cx.query("newer").and_then(|c| c.parse().ok()),
    ) {
        (Some(cursor), _) => PageRequest::Older(cursor),
        (None, Some(cursor)) => PageRequest::Newer(cursor),
        (None, None) => PageRequest::Newest,
    };
    let list = queries::list(&cx.qx, &place, &filter, request).await?;
    let waiting = if list.waiting == 1 {
        "1 invitation waits for its person.".to_owned()
    } else {
        format!("{} invitations wait for their person.", list.waiting)
    };
    let title = if partners {
        format!("Invitations to {}", place.organization.name)
    } else {
        "Invitations".to_owned()
    };
    let refused = refused(&cx.form("invitations"));
    let link = |name: &str, cursor: Option<crate::kernel::Cursor>| {
        cursor.map(|cursor| format!("{}?{}", place.invitations(), query(&filter, name, &cursor.to_string())))
    };
    let (newer, older) = (link("newer", list.page.newer), link("older", list.page.older));
    let filters = filters(&place, &filter);
    let empty = list.page.rows.is_empty();
    let narrowed = filter.state.is_some() || filter.text.is_some();
    let rows = list.page.rows.into_iter().map(|listed| row(&place, listed)).collect_view();
    let columns = vec![
        Column::new("Person"),
        Column::new("State"),
        Column::new("What they get"),
        Column::new("Sent"),
        Column::new("Valid until"),
        Column::action("Actions"),
    ];
    let body = match (empty, narrowed) {
        (true, true) => view! { <EmptyState icon="search" title="No invitation matches" text="Take a filter away to see more." /> }.into_any(),
        (true, false) => view! {
            <EmptyState icon="mail" title="Nobody has been invited yet" text="Invitations you send show up here until they are accepted, and after."
                action=view! { <LinkButton href=place.invite()>"Invite people"</LinkButton> }.into_any() />
        }
        .into_any(),
        _ => view! { <Table caption="Invitations" columns=columns>{rows}</Table><Pagination newer=newer older=older /> }.into_any(),
    };
    let invite = view! { <LinkButton href=place.invite() icon="plus">"Invite people"</LinkButton> }.into_any();
    let header = if partners {
        let purpose = "Who has been invited to this partner, and what became of it.";
        view! { {partner_header(&place.organization, "invitations", purpose, Some(invite))}<Muted>{waiting}</Muted> }.into_any()
    } else {
        view! { <PageHeader title="Invitations" purpose=waiting action=invite /> }.into_any()
    };
    Ok(Content::new(
        title,
        view! {
            <Stack>
                {header}
                {refused}
                {seat_notice(list.seats)}
                {filters}
                {body}
            </Stack>
        },
    ))
}

fn refused(form: &FormState) -> Option<AnyView> {
    let text = form.summary.clone()?;
    Some(view! { <ErrorSummary title=text /> }.into_any())
}

fn query(filter: &InvitationFilter, name: &str, cursor: &str) -> String {
    let mut pairs = url::form_urlencoded::Serializer::new(String::new());
    if let Some(state) = filter.state {
        pairs.append_pair("state", state.as_str());
    }
    if let Some(text) = &filter.text {
        pairs.append_pair("q", text);
    }
    pairs.append_pair(name, cursor);
    pairs.finish()
}

fn filters(place: &Place, filter: &InvitationFilter) -> AnyView {
    let mut states = vec![Choice::new("", "Any state")];
    states.extend(InvitationState::ALL.iter().map(|state| Choice::new(state.as_str(), state.title())));
    let selected = filter.state.map(InvitationState::as_str).unwrap_or_default();
    let text = filter.text.clone();
    view! {
        <FilterBar action=place.invitations() reset=place.invitations()>
            <Field name="q" label="Name or address" kind="search" value=text />
            <Select name="state" label="State" options=states selected=selected auto_submit=true />
        </FilterBar>
    }
    .into_any()
}

fn row(place: &Place, listed: Listed) -> AnyView {
    let over = matches!(listed.state, InvitationState::Expired | InvitationState::Withdrawn);
    let invitation = &listed.invitation;
    let email = invitation.email.as_str().to_owned();
    let (name, detail) = if invitation.name.is_empty() {
        (email.clone(), None)
    } else {
        (invitation.name.clone(), Some(email.clone()))
    };
    let state = state(&listed);
    let what = what(&listed);
    let inviter = listed.inviter.clone().map(|name| view! { <Muted>"by "{name}</Muted> });
    let sent_at = invitation.sent_at;
    let valid = match listed.state {
        InvitationState::Sent | InvitationState::Opened => view! { <TimeLeft end=invitation.expires_at warn_days=2 /> }.into_any(),
        InvitationState::Accepted => invitation
            .accepted_at
            .map(|at| view! { <span>"accepted "<DateTimeText at=at /></span> })
            .into_any(),
        InvitationState::Expired => view! { <TimeLeft end=invitation.expires_at /> }.into_any(),
        InvitationState::Withdrawn => view! { <Muted>"withdrawn"</Muted> }.into_any(),
    };
    let actions = actions(place, &listed);
    view! {
        <Row ended=over>
            <HeadCell label="Person"><Person name=name detail=detail /></HeadCell>
            <Cell label="State">{state}</Cell>
            <Cell label="What they get">{what}</Cell>
            <Cell label="Sent"><Stack gap=Gap::Small><DateTimeText at=sent_at />{inviter}</Stack></Cell>
            <Cell label="Valid until">{valid}</Cell>
            <ActionCell>{actions}</ActionCell>
        </Row>
    }
    .into_any()
}

fn state(listed: &Listed) -> AnyView {
    let tone = match listed.state {
        InvitationState::Sent | InvitationState::Opened => Tone::Info,
        InvitationState::Accepted => Tone::Good,
        InvitationState::Expired => Tone::Warn,
        InvitationState::Withdrawn => Tone::Neutral,
    };
    let title = listed.state.title();
    let waits = matches!(listed.state, InvitationState::Sent | InvitationState::Opened);
    let mail = match listed.mail.filter(|_| waits) {
        Some(MessageStatus::Waiting) => Some(view! { <Badge tone=Tone::Warn>"Mail is waiting"</Badge> }.into_any()),
        Some(MessageStatus::Dead) => Some(view! { <Badge tone=Tone::Bad>"Mail could not be delivered"</Badge> }.into_any()),
        Some(MessageStatus::Sent) | None => None,
    };
    let opened = listed
        .invitation
        .opened_at
        .filter(|_| listed.state == InvitationState::Opened)
        .map(|at| view! { <Muted><RelativeTime at=at /></Muted> });
    view! { <Stack gap=Gap::Small><Cluster><Badge tone=tone>{title}</Badge>{mail}</Cluster>{opened}</Stack> }.into_any()
}

fn what(listed: &Listed) -> AnyView {
    let invitation = &listed.invitation;
    let role = invitation.role.title();
    let apps = match (
        invitation.is_hand_over() && invitation.rotated_from.is_some(),
        listed.applications.is_empty(),
    ) {
        (true, _) => "takes over from a colleague".to_owned(),
        (false, true) => "no application yet".to_owned(),
        (false, false) => listed.applications.join(", "),
    };
    let until = invitation.member_ends_at.map(|end| view! { <TimeLeft end=end /> });
    view! { <Stack gap=Gap::Small><span>{role}" · "{apps}</span>{until}</Stack> }.into_any()
}

fn actions(place: &Place, listed: &Listed) -> AnyView {
    let invitation = &listed.invitation;
    let fields = || {
        vec![
            ("partner", place.field()),
            ("invitation", invitation.id.to_string()),
            ("version", invitation.version.to_string()),
        ]
    };
    let email = invitation.email.as_str().to_owned();
    let again = listed.may_resend.then(|| {
        let (id, title) = (format!("resend-{}", invitation.id), format!("Send the invitation to {email} again?"));
        view! {
            <Confirm id=id trigger="Send again…" title=title verb="Send again" action="/do/resend-invitation" fields=fields() kind=Kind::Secondary size=Size::Small>
                "A new link and a new code are mailed. The link and the code of the earlier mail stop working at once."
            </Confirm>
        }
    });
    let withdraw = listed.may_withdraw.then(|| {
        let (id, title) = (format!("withdraw-{}", invitation.id), format!("Withdraw the invitation to {email}?"));
        view! {
            <Confirm id=id trigger="Withdraw…" title=title verb="Withdraw invitation" action="/do/withdraw-invitation" fields=fields() kind=Kind::Danger size=Size::Small>
                "The link and the code stop working at once and the seat is free again. You can invite the person anew at any time."
            </Confirm>
        }
    });
    view! { {again}{withdraw} }.into_any()
}
