//! `/partners/{org}/apps` and `/partners/{org}/apps/{app}`: what a partner holds, and granting, changing, taking away.

use leptos::prelude::*;

use super::parts::{people_words, scope_choices, scope_list, scope_names, seats_words};
use crate::{
    apps::{
        Scope,
        queries::{self, PartnerApp, PartnerApps, PartnerEntitlement, TeamApp},
    },
    kernel::{day_of, last_day},
    organizations::pages::partner_header,
    ui::*,
    web::{Content, PageCx, PageError, page, routes},
};

pub(super) fn list() -> AnyView {
    page(|cx| async move {
        let slug: String = cx.param("org")?;
        let apps = queries::partner_apps(&cx.qx, &slug).await?;
        Ok::<_, PageError>(list_content(&cx, &apps))
    })
}

fn list_content(cx: &PageCx, partner: &PartnerApps) -> Content {
    let warn_days = i64::from(cx.qx.tenant.warning_days);
    let name = partner.organization.name.clone();
    let org = partner.organization.slug.clone();
    let header = partner_header(
        &partner.organization,
        "apps",
        "What this partner may use, with which permissions and until when.",
        None,
    );
    let held = if partner.apps.is_empty() {
        let text = "What you grant here, the partner's admins can assign to their people.";
        view! { <EmptyState icon="package" title="No applications yet" text=text /> }.into_any()
    } else {
        let columns = vec![
            Column::new("Application"),
            Column::new("Permissions"),
            Column::new("Until"),
            Column::new("People"),
            Column::action("Actions"),
        ];
        let rows = partner
            .apps
            .iter()
            .map(|app| row(&org, app, partner.may_manage, warn_days))
            .collect_view();
        let caption = format!("Applications of {name}");
        view! { <Table caption=caption columns=columns>{rows}</Table> }.into_any()
    };
    let grantable = (partner.may_manage && !partner.grantable.is_empty()).then(|| {
        let tiles = partner
            .grantable
            .iter()
            .map(|application| {
                let href = routes::partner_app(&org, &application.slug);
                let (icon, title, text) = (application.icon.clone(), application.name.clone(), application.description.clone());
                let label = title.clone();
                view! {
                    <Card>
                        <Stack gap=Gap::Small>
                            <Cluster><AppIcon icon=icon name=title.clone() /><Strong>{title}</Strong></Cluster>
                            <Muted>{text}</Muted>
                            <Cluster><LinkButton href=href size=Size::Small kind=Kind::Secondary>"Grant " {label}</LinkButton></Cluster>
                        </Stack>
                    </Card>
                }
                .into_any()
            })
            .collect_view();
        view! { <Section title="Grant another application" id="grant"><Grid>{tiles}</Grid></Section> }
    });
    let title = format!("Applications of {name}");
    let policies = policies(partner);
    Content::new(
        title,
        view! { {header}<Stack gap=Gap::Large><Section title="What it holds">{held}</Section>{policies}{grantable}</Stack> },
    )
}

/// What is forbidden although it is granted.
fn policies(partner: &PartnerApps) -> Option<AnyView> {
    let policies = partner
        .policies
        .iter()
        .cloned()
        .map(|(name, scope, text)| {
            let label = format!("Text of {name}");
            let summary = label.clone();
            view! {
                <Definition term=name>
                    <Stack gap=Gap::Small>
                        <span>{scope}</span>
                        <Disclosure summary=summary><CodeBlock label=label>{text}</CodeBlock></Disclosure>
                    </Stack>
                </Definition>
            }
            .into_any()
        })
        .collect::<Vec<_>>();
    (!policies.is_empty()).then(|| {
        view! {
            <Section title="Policies in force" purpose="What is forbidden here although it is granted.">
                <Card><DefinitionList>{policies}</DefinitionList></Card>
            </Section>
        }
        .into_any()
    })
}

fn row(org: &str, app: &TeamApp, may_manage: bool, warn_days: i64) -> AnyView {
    let href = routes::partner_app(org, &app.application.slug);
    let (icon, name) = (app.application.icon.clone(), app.application.name.clone());
    let retired = (!app.application.is_offered()).then(|| view! { <Badge tone=Tone::Bad>"Retired"</Badge> });
    let (end, start, ended) = (app.ends_at, app.entitlement.starts_at, !app.in_force);
    let with_contract = app
        .entitlement
        .ends_at
        .is_none()
        .then(|| view! { <Muted>"with the contract"</Muted> });
    let people = seats_words(app.seats.taken, app.entitlement.seats);
    let scopes = scope_names(&app.scopes);
    let action = may_manage.then(|| {
        let href = href.clone();
        view! { <LinkButton href=href size=Size::Small kind=Kind::Secondary>"Change"</LinkButton> }
    });
    view! {
        <Row ended=ended>
            <HeadCell label="Application"><Cluster><AppName icon=icon name=name href=href />{retired}</Cluster></HeadCell>
            <Cell label="Permissions">{scopes}</Cell>
            <Cell label="Until"><Stack gap=Gap::Small><TimeLeft end=end start=start warn_days=warn_days />{with_contract}</Stack></Cell>
            <Cell label="People">{people}</Cell>
            <ActionCell>{action}</ActionCell>
        </Row>
    }
    .into_any()
}

pub(super) fn one() -> AnyView {
    page(|cx| async move {
        let (org, app): (String, String) = (cx.param("org")?, cx.param("app")?);
        let partner = queries::partner_app(&cx.qx, &org, &app).await?;
        Ok::<_, PageError>(one_content(&cx, &partner))
    })
}

fn one_content(cx: &PageCx, partner: &PartnerApp) -> Content {
    let (org, organization) = (partner.organization.slug.clone(), partner.organization.name.clone());
    let name = partner.application.name.clone();
    let title = if partner.held.is_some() {
        format!("{name} for {organization}")
    } else {
        format!("Grant {name} to {organization}")
    };
    let crumbs = vec![
        Crumb::new(routes::PARTNERS, "Partners"),
        Crumb::new(routes::partner(&org), organization),
        Crumb::new(routes::partner_part(&org, "apps"), "Applications"),
        Crumb::here(name),
    ];
    let take = partner
        .held
        .as_ref()
        .filter(|_| partner.may_manage)
        .map(|held| take_away(partner, held));
    let refused = cx.form("revoke");
    let refused = refused
        .has_errors()
        .then(|| view! { <ErrorSummary title=refused.summary.unwrap_or_default() /> });
    let held = partner.held.as_ref().map(|held| held_section(cx, partner, held));
    let retired = (!partner.application.is_offered()).then(|| {
        view! { <Notice tone=Tone::Warn>"This application is retired: nobody can launch it, and it cannot be granted."</Notice> }
    });
    let form = (partner.may_manage && (partner.held.is_some() || partner.application.is_offered())).then(|| form(cx, partner));
    let purpose = partner.application.description.clone();
    Content::new(
        title.clone(),
        view! {
            <PageHeader title=title purpose=purpose crumbs=crumbs action=take />
            {refused}
            {retired}
            <Stack gap=Gap::Large>{held}{form}</Stack>
        },
    )
}

fn held_section(cx: &PageCx, partner: &PartnerApp, held: &PartnerEntitlement) -> AnyView {
    let warn_days = i64::from(cx.qx.tenant.warning_days);
    let entitlement = &held.entitlement;
    let scopes: Vec<Scope> = partner
        .scopes
        .iter()
        .filter(|scope| entitlement.scopes.contains(&scope.id))
        .cloned()
        .collect();
    let contract = partner.contract.as_ref();
    let end = entitlement
        .ends_at
        .into_iter()
        .chain(contract.map(|contract| contract.ends_at))
        .min();
    let (start, people) = (entitlement.starts_at, seats_words(held.people, entitlement.seats));
    let why = match (entitlement.ends_at, contract) {
        (Some(own), Some(contract)) if own < contract.ends_at => "Its own end, before the contract's.".to_owned(),
        (_, Some(contract)) => format!("The contract {} ends then.", contract.reference),
        (_, None) => "The partner has no contract, so nobody can launch it.".to_owned(),
    };
    view! {
        <Section title="What is held">
            <DefinitionList>
                <Definition term="Permissions">{scope_list(&scopes)}</Definition>
                <Definition term="Until">
                    <Stack gap=Gap::Small><TimeLeft end=end start=start warn_days=warn_days /><Muted>{why}</Muted></Stack>
                </Definition>
                <Definition term="People who have it">{people}</Definition>
            </DefinitionList>
        </Section>
    }
    .into_any()
}

fn form(cx: &PageCx, partner: &PartnerApp) -> AnyView {
    let zone = cx.qx.tenant.time_zone;
    let form = cx.form("entitlement");
    let held = partner.held.as_ref().map(|held| &held.entitlement);
    let (org, app) = (partner.organization.slug.clone(), partner.application.slug.clone());
    let (title, action, verb) = match held {
        Some(_) => ("Change what is held", "/do/change-entitlement", "Save changes".to_owned()),
        None => (
            "What to grant",
            "/do/grant-entitlement",
            format!("Grant {}", partner.application.name),
        ),
    };
    let purpose = match held {
        Some(_) => {
            "What becomes narrower counts from the next launch on, also for people who hold more. A new permission must be assigned to people before they have it."
        }
        None => "The partner's admins can assign this to their people, whole or in part.",
    };
    let id = held.map(|entitlement| entitlement.id.to_string()).unwrap_or_default();
    let version = held.map(|entitlement| entitlement.version.to_string()).unwrap_or_default();
    let options = scope_choices(&partner.scopes);
    let selected: Vec<String> = held
        .map(|entitlement| entitlement.scopes.iter().map(ToString::to_string).collect())
        .unwrap_or_default();
    let starts = day_of(held.map_or(cx.qx.now, |entitlement| entitlement.starts_at), zone).to_string();
    let ends = held
        .and_then(|entitlement| entitlement.ends_at)
        .map(|end| last_day(end, zone).to_string());
    let seats = held.and_then(|entitlement| entitlement.seats).map(|seats| seats.to_string());
    let ends_hint = match &partner.contract {
        Some(contract) => {
            let end = time::date(contract.ends_at - chrono::Duration::microseconds(1), zone);
            format!("Leave empty for as long as the contract (now until {end}). It never outlives the contract.")
        }
        None => "Leave empty for as long as the contract.".to_owned(),
    };
    let no_scopes = partner.scopes.is_empty().then(|| {
        view! { <Notice tone=Tone::Warn>"This application has no permissions yet, so it cannot be granted. Add them in the catalogue first."</Notice> }
    });
    let hidden = held.is_some().then_some((id, version));
    let give_back = partner
        .held
        .as_ref()
        .filter(|held| held.people > 0 && held.entitlement.ends_at.is_some_and(|end| end <= cx.qx.now))
        .map(|held| {
            let label = format!("Give it back to the {} who had it when it ended", people_words(held.people));
            let hint = "Counts when the last day is moved. Without it nobody has it at first, and the partner's admins assign it anew.";
            view! { <Checkbox name="give_back" label=label hint=hint /> }
        });
    let cancel = routes::partner_part(&org, "apps");
    view! {
        {no_scopes}
        <FormCard title=title purpose=purpose action=action form=form id="entitlement">
            <Hidden name="organization" value=org />
            <Hidden name="application" value=app />
            {hidden.map(|(id, version)| view! { <Hidden name="entitlement" value=id /><Hidden name="version" value=version /> })}
            <CheckboxGroup name="scopes[]" legend="Permissions" options=options selected=selected />
            <DateField name="starts" label="First day" required=true value=starts />
            <DateField name="ends" label="Last day" hint=ends_hint value=ends />
            <Field name="seats" label="Seats" kind="number" min="1" inputmode="numeric" width=Width::Short
                hint="How many people may have it at a time. Leave empty for no limit of its own." value=seats />
            {give_back}
            <FormActions>
                <SubmitButton>{verb}</SubmitButton>
                <LinkButton href=cancel kind=Kind::Ghost>"Cancel"</LinkButton>
            </FormActions>
        </FormCard>
    }
    .into_any()
}

fn take_away(partner: &PartnerApp, held: &PartnerEntitlement) -> AnyView {
    let (name, organization) = (partner.application.name.clone(), partner.organization.name.clone());
    let title = format!("Take {name} away from {organization}?");
    let verb = format!("Take {name} away");
    let assignments = if held.people == 1 {
        "1 assignment".to_owned()
    } else {
        format!("{} assignments", held.people)
    };
    let text = format!(
        "Ends {assignments} of {} at once. This cannot be undone: when you grant it again, the partner's admins assign it anew.",
        people_words(held.people)
    );
    let fields = vec![
        ("organization", partner.organization.slug.clone()),
        ("application", partner.application.slug.clone()),
        ("entitlement", held.entitlement.id.to_string()),
    ];
    view! {
        <Confirm id="take-away" trigger="Take away…" title=title verb=verb action="/do/revoke-entitlement" fields=fields kind=Kind::Danger>
            <Paragraph>{text}</Paragraph>
            <Field name="reason" label="Reason" hint="Stands in the partner's activity." maxlength="500" />
        </Confirm>
    }
    .into_any()
}
