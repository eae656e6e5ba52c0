//! Every component in every state, for looking at and for the accessibility tests; served in demo mode only.

use chrono::{DateTime, TimeDelta, Utc};
use leptos::context::Provider;
use leptos::prelude::*;

use super::{
    APP_ICONS, ActionCell, AppIcon, Badge, BulkBar, Card, Cell, Checkbox, CheckboxGroup, Choice, Cluster, Code, CodeBlock, Column, Columns,
    Confirm, CopyField, Crumb, DateField, DateTimeText, Definition, DefinitionList, Disclosure, EmptyState, Field, FileField, FilterBar,
    Flash, Form, FormActions, FormState, Frame, FrameData, Grid, Hat, HeadCell, Kind, Launchpad, LinkButton, Meter, NavItem, NavSection,
    Notice, NumberCell, PageHeader, Pagination, Person, PostButton, RadioGroup, RelativeTime, Row, Section, Select, SelectCell, Size, Sort,
    Stack, Stat, StatRow, SubmitButton, Tab, Table, Tabs, TextArea, Tile, TimeLeft, Timeline, TimelineItem, Tone, Viewing,
};

/// The gallery page, in a frame of its own, at a fixed moment so that it always looks the same.
#[component]
pub fn Gallery() -> impl IntoView {
    let now = DateTime::from_timestamp(1_805_000_000, 0).unwrap_or_default();
    let viewing = Viewing {
        now,
        zone: chrono_tz::Europe::Berlin,
    };
    view! {
        <Provider value=viewing>
            <Frame data=frame_data()>
                <PageHeader title="Gallery" purpose="Every component in every state."
                    crumbs=vec![Crumb::new("/", "Home"), Crumb::here("Gallery")]
                    action=view! { <LinkButton href="#forms" icon="plus">"Primary action"</LinkButton> }.into_any() />
                <Tabs label="Gallery" items=vec![
                    Tab::new("/gallery", "Parts").active(true), Tab::new("#forms", "Forms").count(12_u32),
                ] />
                {time(now)} {states()} {facts(now)} {tables(now)} {tiles(now)} {forms()} {actions()}
            </Frame>
        </Provider>
    }
}

fn frame_data() -> FrameData {
    let hat = |label: &str, role: &str, active| Hat {
        label: label.into(),
        sublabel: role.into(),
        value: label.into(),
        active,
    };
    FrameData {
        organization_name: "Acme Consulting".into(),
        hats: vec![
            hat("Acme Consulting", "Partner admin", true),
            hat("Birch Logistics", "Member", false),
        ],
        person_name: "Ana Ruiz".into(),
        person_email: "ana.ruiz@acme.example".into(),
        inbox_count: 3,
        navigation: vec![
            NavSection {
                title: String::new(),
                items: vec![NavItem::new("/", "Applications", "grid")],
            },
            NavSection {
                title: "Team".into(),
                items: vec![
                    NavItem::new("/gallery", "People", "users").active(true).count(12),
                    NavItem::new("/team/invitations", "Invitations", "mail").count(2),
                    NavItem::new("/team/activity", "Activity", "activity"),
                ],
            },
        ],
        flash: Some(Flash::good("Bo Lind was removed. 4 assignments ended.")),
        ..FrameData::default()
    }
}

fn time(now: DateTime<Utc>) -> AnyView {
    let day = TimeDelta::days(1);
    let never: Option<DateTime<Utc>> = None;
    view! {
        <Section title="Time" purpose="Every grant shows its end the same way everywhere.">
            <Grid>
                <Card title="Running"><TimeLeft start=now - day * 90 end=now + day * 200 href="#why" /></Card>
                <Card title="Ends soon"><TimeLeft start=now - day * 90 end=now + day * 9 href="#why" /></Card>
                <Card title="Ends in hours"><TimeLeft start=now - day * 90 end=now + TimeDelta::hours(5) /></Card>
                <Card title="Ended"><TimeLeft start=now - day * 90 end=now - day * 3 href="#why" /></Card>
                <Card title="Endless"><TimeLeft end=never /></Card>
                <Card title="Moments">
                    <Stack>
                        <DateTimeText at=now /> <DateTimeText at=now date_only=true />
                        <RelativeTime at=now - TimeDelta::hours(3) />
                    </Stack>
                </Card>
            </Grid>
        </Section>
    }
    .into_any()
}

fn states() -> AnyView {
    let tones = [Tone::Neutral, Tone::Good, Tone::Warn, Tone::Bad, Tone::Info];
    let badges = tones.map(|tone| view! { <Badge tone=tone>{format!("{tone:?}")}</Badge> }.into_any());
    let notices =
        tones.map(|tone| view! { <Notice tone=tone title=format!("{tone:?}")>"The contract ends in 9 days."</Notice> }.into_any());
    view! {
        <Section title="States">
            <Cluster>{Vec::from(badges)}</Cluster>
            <Stack>{Vec::from(notices)}</Stack>
            <EmptyState icon="inbox" title="Nothing waits for you"
                text="Requests and certifications show up here when it is your turn."
                action=view! { <LinkButton href="#people" kind=Kind::Secondary>"See your partners"</LinkButton> }.into_any() />
        </Section>
    }
    .into_any()
}

fn facts(now: DateTime<Utc>) -> AnyView {
    let icons = APP_ICONS.map(|icon| view! { <AppIcon icon=icon name=icon /> }.into_any());
    let aside = view! {
        <Card title="Beside it">
            <DefinitionList>
                <Definition term="Contract"><Code>"C-1042"</Code></Definition>
                <Definition term="Owner"><Person name="Eva Holm" detail="Procurement" href="#eva" /></Definition>
            </DefinitionList>
        </Card>
    };
    view! {
        <Section title="Facts">
            <StatRow>
                <Stat label="People" value="18" hint="2 invited" href="#people" />
                <Stat label="Seats used" value="23 of 25" tone=Tone::Warn />
                <Stat label="Ended this month" value="4" />
            </StatRow>
            <Columns aside=aside.into_any()>
                <Timeline>
                    <TimelineItem icon="user-plus" title="Bo Lind was invited" at=now - TimeDelta::days(3) tone=Tone::Info>
                        "By Ana Ruiz, for Orders (read) until 31 Mar 2027."
                    </TimelineItem>
                    <TimelineItem icon="check" title="Bo Lind accepted" at=now tone=Tone::Good />
                </Timeline>
                <Meter value=18 max=25 label="Seats used: 18 of 25" />
                <CopyField label="Client id" value="pc_01hzx4" />
                <CodeBlock label="Example request">"GET /api/organizations/acme"</CodeBlock>
                <Disclosure summary="Why?">"Because the contract, the entitlement and the assignment allow it."</Disclosure>
                <Cluster>{Vec::from(icons)}</Cluster>
            </Columns>
        </Section>
    }
    .into_any()
}

fn tables(now: DateTime<Utc>) -> AnyView {
    let people = [
        ("Bo Lind", "bo@acme.example", 200_i64),
        ("Cy Okafor", "cy@acme.example", 9),
        ("Di Marsh", "di@acme.example", -3),
    ];
    let rows = people.map(|(name, email, days)| {
        let label = format!("Select {name}");
        view! {
            <Row ended={days < 0}>
                <SelectCell name="member" value=email label=label form="bulk" />
                <HeadCell label="Person"><Person name=name detail=email href="#person" /></HeadCell>
                <Cell label="State">
                    {if days < 0 { view! { <Badge tone=Tone::Bad>"Ended"</Badge> } } else { view! { <Badge tone=Tone::Good>"Active"</Badge> } }}
                </Cell>
                <Cell label="Ends"><TimeLeft start=now - TimeDelta::days(90) end=now + TimeDelta::days(days) /></Cell>
                <NumberCell label="Apps">{days.unsigned_abs()}</NumberCell>
                <ActionCell>
                    <LinkButton href="#person" kind=Kind::Secondary size=Size::Small>"Open"</LinkButton>
                </ActionCell>
            </Row>
        }
        .into_any()
    });
    let columns = vec![
        Column::select(),
        Column::new("Person").sort("#sort", Some(Sort::Ascending)),
        Column::new("State"),
        Column::new("Ends").sort("#sort", None),
        Column::number("Apps"),
        Column::action("Actions"),
    ];
    let states = vec![Choice::new("", "All"), Choice::new("active", "Active")];
    view! {
        <Section title="Table" id="people">
            <FilterBar action="/gallery" reset="/gallery">
                <Field name="name" label="Name" kind="search" />
                <Select name="state" label="State" options=states auto_submit=true />
            </FilterBar>
            <Table caption="People of Acme Consulting" columns=columns>{Vec::from(rows)}</Table>
            <BulkBar id="bulk" action="/gallery">
                <SubmitButton kind=Kind::Secondary size=Size::Small name="do" value="suspend">"Suspend"</SubmitButton>
            </BulkBar>
            <Pagination newer=None older=Some("#older".into()) shown="1–3 of 18" />
        </Section>
    }
    .into_any()
}

fn tiles(now: DateTime<Utc>) -> AnyView {
    let apps = [
        ("Orders", "truck", 9_i64),
        ("Catalogue", "book", 200),
        ("Claims", "shield", 120),
        ("Reports", "chart", 60),
    ];
    let tiles = apps.map(|(name, icon, days)| {
        let footer = view! { <TimeLeft end=now + TimeDelta::days(days) href="#why" /> }.into_any();
        view! {
            <Tile href="#launch" icon=icon title=name category="Logistics" text="See and change what was ordered."
                details_href="#details" footer=footer />
        }
        .into_any()
    });
    view! {
        <Section title="Launchpad" id="applications">
            <Launchpad label="Your applications">{Vec::from(tiles)}</Launchpad>
        </Section>
    }
    .into_any()
}

fn forms() -> AnyView {
    let refused = FormState::default()
        .with_value("email", "bo@")
        .with_value("reason", "</textarea><script>alert(1)</script>")
        .with_error("email", "Write the whole address, like name@company.com.")
        .with_error("overlap", "Choose how long both may work.")
        .with_summary("The invitation was not sent.");
    let roles = vec![Choice::new("member", "Member"), Choice::new("partner_admin", "Partner admin")];
    let scopes = vec![
        Choice::new("orders:read", "Read orders").hint("Lists and details."),
        Choice::new("orders:write", "Change orders")
            .hint("Not in Acme's entitlement.")
            .disabled(true),
    ];
    let overlaps = vec![Choice::new("none", "None"), Choice::new("week", "One week")];
    view! {
        <Section title="Forms" id="forms">
            <Form id="refused" action="/gallery" form=refused>
                <Field name="email" label="E-mail" kind="email" hint="Where the invitation goes." required=true
                    autocomplete="off" />
                <Select name="role" label="Role" options=roles selected="member" />
                <CheckboxGroup name="scope" legend="Scopes" options=scopes selected=vec!["orders:read".into()] />
                <RadioGroup name="overlap" legend="Hand-over" options=overlaps hint="Both keep access meanwhile." />
                <DateField name="ends" label="Last day" min="2027-03-01" value="2027-03-31" required=true />
                <TextArea name="reason" label="Reason" />
                <FileField name="people" label="CSV of people" accept=".csv" />
                <Checkbox name="notify" label="Send the invitation now" checked=true hint="Otherwise it waits in the list." />
                <FormActions>
                    <SubmitButton icon="send">"Send invitation"</SubmitButton>
                    <LinkButton href="/gallery" kind=Kind::Ghost>"Cancel"</LinkButton>
                </FormActions>
            </Form>
        </Section>
    }
    .into_any()
}

fn actions() -> AnyView {
    let kinds = [Kind::Primary, Kind::Secondary, Kind::Danger, Kind::Ghost];
    let buttons = kinds.map(|kind| view! { <LinkButton href="#forms" kind=kind>{format!("{kind:?}")}</LinkButton> }.into_any());
    let small =
        kinds.map(|kind| view! { <LinkButton href="#forms" kind=kind size=Size::Small>{format!("{kind:?}")}</LinkButton> }.into_any());
    view! {
        <Section title="Actions">
            <Cluster>{Vec::from(buttons)}</Cluster>
            <Cluster>{Vec::from(small)} <SubmitButton disabled=true>"Disabled"</SubmitButton></Cluster>
            <Cluster>
                <PostButton action="/gallery" fields=vec![("session", "1".into())]>"End session"</PostButton>
                <Confirm id="remove-bo" trigger="Remove Bo Lind…" title="Remove Bo Lind?" verb="Remove Bo Lind"
                    action="/gallery" fields=vec![("member", "1".into())]>
                    "Ends 4 assignments and 2 sessions of Bo Lind at once. Can be undone until 12 May 2027."
                </Confirm>
            </Cluster>
        </Section>
    }
    .into_any()
}
