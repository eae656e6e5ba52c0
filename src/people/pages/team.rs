//! The list of people: `/team`, and `/partners/{org}/people` for owner, operator and auditor.

use leptos::prelude::*;

use super::place::{Place, standing_badge};
use crate::{
    access::Action,
    organizations::{self, pages::partner_header},
    people::{
        MemberFilter, MemberPage, MemberRole, SortKey, StandingFilter,
        queries::{self, Team, TeamPerson},
    },
    ui::*,
    web::{Content, PageCx, PageError, page, routes},
};

pub(super) fn own() -> AnyView {
    page(|cx| async move {
        let place = Place::own(queries::own_team(&cx.qx).await?);
        let list = list(&cx, &place).await?;
        let purpose = format!("Who works for {} in this portal, and until when.", place.organization.name);
        let invite = cx
            .qx
            .may(Action::InviteMember, &place.organization)
            .then(|| view! { <LinkButton href=routes::TEAM_INVITE icon="plus">"Invite people"</LinkButton> }.into_any());
        Ok(Content::new(
            "People",
            view! { <PageHeader title="People" purpose=purpose action=invite />{list} },
        ))
    })
}

pub(super) fn of_partner() -> AnyView {
    page(|cx| async move {
        let organization = organizations::queries::partner(&cx.qx, &cx.param::<String>("org")?).await?;
        let place = Place::of_partner(organization);
        let list = list(&cx, &place).await?;
        let header = partner_header(
            &place.organization,
            "people",
            "Who works for this partner in the portal, and until when.",
            None,
        );
        Ok(Content::new(
            format!("People of {}", place.organization.name),
            view! { {header}{list} },
        ))
    })
}

async fn list(cx: &PageCx, place: &Place) -> Result<AnyView, PageError> {
    let filter = MemberFilter::read(|name| cx.query(name));
    let cursor = |name| cx.query(name).and_then(|text| text.parse().ok());
    let page = cursor("after")
        .map(MemberPage::After)
        .or_else(|| cursor("before").map(MemberPage::Before))
        .unwrap_or_default();
    let team = queries::team(&cx.qx, &place.organization, &filter, &page).await?;
    let seats = seats(&team);
    let filters = filters(place, &filter);
    let href = |more: Option<(&str, String)>| {
        let more = more.as_ref().map(|(name, value)| (*name, value.as_str()));
        format!("{}{}", place.list(), filter.query_string(more))
    };
    let before = team.before.as_ref().map(|cursor| href(Some(("before", cursor.to_string()))));
    let after = team.after.as_ref().map(|cursor| href(Some(("after", cursor.to_string()))));
    let shown = if team.total == 1 {
        "1 person".to_owned()
    } else {
        format!("{} people", team.total)
    };
    let csv = format!("{}{}", place.csv(), filter.query_string(None));
    let body = if team.people.is_empty() {
        nobody(cx, place, &filter)
    } else {
        let warn_days = i64::from(cx.qx.tenant.warning_days);
        view! {
            {table(place, &filter, team.people, warn_days)}
            <Spread>
                <LinkButton href=csv kind=Kind::Secondary size=Size::Small icon="download" download=true>"Download as CSV"</LinkButton>
                <Pagination newer=before older=after newer_label="Previous" older_label="Next" shown=shown />
            </Spread>
        }
        .into_any()
    };
    Ok(view! { <Stack>{seats}{filters}{body}</Stack> }.into_any())
}

fn seats(team: &Team) -> Option<AnyView> {
    let (taken, seats) = team.seats?;
    let label = format!("Seats of the contract taken: {taken} of {seats}");
    Some(view! { <Meter value=taken max=seats label=label /> }.into_any())
}

fn filters(place: &Place, filter: &MemberFilter) -> AnyView {
    let roles = std::iter::once(Choice::new("", "Any role"))
        .chain(MemberRole::ALL.iter().map(|role| Choice::new(role.as_str(), role.title())))
        .collect::<Vec<_>>();
    let standings = StandingFilter::ALL
        .iter()
        .map(|standing| Choice::new(standing.as_str(), standing.title()))
        .collect::<Vec<_>>();
    let sort = format!("{}{}", if filter.descending { "-" } else { "" }, filter.sort);
    let search = filter.search.clone();
    let role = filter.role.map(|role| role.as_str());
    let standing = filter.standing.as_str();
    let reset = filter.narrows().then(|| place.list());
    view! {
        <FilterBar action=place.list() reset=reset>
            <Field name="q" label="Name or e-mail" kind="search" value=search />
            <Select name="role" label="Role" options=roles selected=role auto_submit=true />
            <Select name="status" label="Status" options=standings selected=standing auto_submit=true />
            <Hidden name="sort" value=sort />
        </FilterBar>
    }
    .into_any()
}

fn nobody(cx: &PageCx, place: &Place, filter: &MemberFilter) -> AnyView {
    if filter.narrows() {
        let reset = place.list();
        let action = view! { <LinkButton href=reset kind=Kind::Secondary>"Show everyone"</LinkButton> }.into_any();
        return view! { <EmptyState icon="search" title="Nobody matches" text="Change the search or the filters." action=action /> }
            .into_any();
    }
    let action = (place.is_own && cx.qx.may(Action::InviteMember, &place.organization))
        .then(|| view! { <LinkButton href=routes::TEAM_INVITE>"Invite the first person"</LinkButton> }.into_any());
    view! {
        <EmptyState icon="users" title="Nobody is here yet" text="People show up here as soon as they accept their invitation." action=action />
    }
    .into_any()
}

fn table(place: &Place, filter: &MemberFilter, people: Vec<TeamPerson>, warn_days: i64) -> AnyView {
    let sorted = |title: &str, key: SortKey| {
        let now = (filter.sort == key).then_some(if filter.descending { Sort::Descending } else { Sort::Ascending });
        Column::new(title).sort(format!("{}{}", place.list(), filter.sorted_by(key).query_string(None)), now)
    };
    let columns = vec![
        sorted("Person", SortKey::Name),
        Column::new("Role"),
        Column::new("Status"),
        Column::number("Applications"),
        sorted("Last seen", SortKey::Seen),
        sorted("Ends", SortKey::Ends),
        Column::action("Open"),
    ];
    let caption = format!("People of {}", place.organization.name);
    let rows = people.into_iter().map(|person| row(place, person, warn_days)).collect_view();
    view! { <Table caption=caption columns=columns>{rows}</Table> }.into_any()
}

fn row(place: &Place, person: TeamPerson, warn_days: i64) -> AnyView {
    let href = place.member(person.member.id);
    let (open, why) = (href.clone(), format!("{href}#membership"));
    let (role, standing, applications, ends_at) = (person.member.role.title(), person.standing, person.applications, person.ends_at);
    let seen = match person.member.last_seen_at {
        Some(at) => view! { <RelativeTime at=at /> }.into_any(),
        None => view! { <Muted>"never"</Muted> }.into_any(),
    };
    view! {
        <Row ended=standing.is_over()>
            <HeadCell label="Person"><Person name=person.name detail=person.email href=href /></HeadCell>
            <Cell label="Role">{role}</Cell>
            <Cell label="Status">{standing_badge(standing)}</Cell>
            <NumberCell label="Applications">{applications}</NumberCell>
            <Cell label="Last seen">{seen}</Cell>
            <Cell label="Ends"><TimeLeft end=ends_at href=why warn_days=warn_days /></Cell>
            <ActionCell><LinkButton href=open kind=Kind::Secondary size=Size::Small>"Open"</LinkButton></ActionCell>
        </Row>
    }
    .into_any()
}
