//! What stands in the frame for whom: hats, navigation by role, what waits.

use super::{RequestCx, routes};
use crate::{
    access::{Action, Actor, OrganizationFacts, Resource, SignedIn},
    cx::Qx,
    ui::{Flash, FrameData, Hat, NavItem, NavSection},
};

/// The address that switches hats.
pub const SWITCH_HAT: &str = "/do/switch-hat";
/// The address that signs out.
pub const SIGN_OUT: &str = "/do/sign-out";

/// Everything the frame shows around a page.
pub async fn frame_data(request: &RequestCx, qx: &Qx, flash: Option<Flash>) -> FrameData {
    let Actor::Person(person) = &*request.actor else {
        return FrameData {
            organization_name: qx.tenant.name.clone(),
            flash,
            ..FrameData::default()
        };
    };
    let active = person.member.as_ref().map(|member| member.id);
    let hats = person
        .hats
        .iter()
        .map(|hat| Hat {
            label: hat.organization_name.clone(),
            sublabel: hat.role.clone(),
            value: hat.member.map_or_else(|| "tenant".to_owned(), |id| id.to_string()),
            active: hat.member == active && (active.is_some() || !person.tenant_roles.is_empty()),
        })
        .collect();
    let (name, logo) = person.member.as_ref().map_or_else(
        || (qx.tenant.name.clone(), None),
        |member| {
            (
                member.organization_name.clone(),
                member.has_logo.then(|| routes::branding_logo(&member.organization_slug)),
            )
        },
    );
    FrameData {
        organization_name: name,
        organization_logo: logo,
        hats,
        hat_action: SWITCH_HAT.to_owned(),
        hat_field: "hat".to_owned(),
        person_name: person.name.clone(),
        person_email: person.email.clone(),
        sign_out_action: SIGN_OUT.to_owned(),
        home_href: routes::HOME.to_owned(),
        search_action: routes::SEARCH.to_owned(),
        inbox_href: routes::INBOX.to_owned(),
        inbox_active: request.path() == routes::INBOX,
        // A page is shown even when what waits cannot be counted.
        inbox_count: crate::certification::queries::waiting_count(qx).await.unwrap_or_default(),
        navigation: navigation(person, qx, request.path()),
        flash,
        ..FrameData::default()
    }
}

fn navigation(person: &SignedIn, qx: &Qx, path: &str) -> Vec<NavSection> {
    let item = |href: &'static str, label: &'static str, icon: &'static str| {
        let active = if href == routes::HOME {
            path == href
        } else {
            path == href || path.starts_with(&format!("{href}/"))
        };
        NavItem::new(href, label, icon).active(active)
    };
    let mut sections = Vec::new();
    if let Some(member) = &person.member {
        sections.push(NavSection {
            title: String::new(),
            items: vec![
                item(routes::HOME, "My applications", "grid"),
                item(routes::ME, "My account", "user"),
            ],
        });
        let own = Resource::Organization(OrganizationFacts::worn(member.organization));
        let may = |action| qx.may(action, own.clone());
        let mut team = Vec::new();
        if may(Action::ViewTeam) {
            let mut people = item(routes::TEAM, "People", "users");
            let elsewhere = [
                routes::TEAM_INVITATIONS,
                routes::TEAM_INVITE,
                routes::TEAM_APPS,
                routes::TEAM_ACTING,
                routes::TEAM_ACTIVITY,
                routes::TEAM_SETTINGS,
            ];
            if elsewhere.iter().any(|other| path.starts_with(other)) {
                people = people.active(false);
            }
            team.push(people);
        }
        if may(Action::InviteMember) {
            let inviting = path.starts_with(routes::TEAM_INVITE) || path.starts_with(routes::TEAM_INVITATIONS);
            team.push(item(routes::TEAM_INVITATIONS, "Invitations", "mail").active(inviting));
        }
        if may(Action::ViewTeamApps) {
            team.push(item(routes::TEAM_APPS, "Team applications", "package"));
        }
        if may(Action::ViewDelegations) {
            team.push(item(routes::TEAM_ACTING, "Acting for people", "plug"));
        }
        if may(Action::ViewTrail) {
            team.push(item(routes::TEAM_ACTIVITY, "Activity", "history"));
        }
        if may(Action::EditBranding) {
            team.push(item(routes::TEAM_SETTINGS, "Settings", "settings"));
        }
        if !team.is_empty() {
            sections.push(NavSection {
                title: member.organization_name.clone(),
                items: team,
            });
        }
        return sections;
    }
    let may = |action| qx.may(action, Resource::Tenant);
    let mut work = Vec::new();
    if may(Action::ViewPartners) {
        work.push(item(routes::PARTNERS, "Partners", "building"));
        work.push(item(routes::CERTIFICATIONS, "Certifications", "badge"));
    }
    // Owners see the trails of their partners there.
    if may(Action::ViewWholeTrail) || may(Action::ViewPartners) {
        work.push(item(routes::AUDIT, "Audit trail", "history"));
    }
    // Operators have them among their own pages.
    if may(Action::ViewPolicies) && !may(Action::ViewAdmin) {
        work.push(item(routes::ADMIN_POLICIES, "Policies", "shield"));
    }
    if !work.is_empty() {
        sections.push(NavSection {
            title: "Partners".to_owned(),
            items: work,
        });
    }
    if may(Action::ViewAdmin) {
        let items = vec![
            item(routes::ADMIN_APPS, "Applications", "package"),
            item(routes::ADMIN_POLICIES, "Policies", "shield"),
            item(routes::ADMIN_TEMPLATES, "Partner templates", "clipboard"),
            item(routes::ADMIN_PEOPLE, "Company people", "users"),
            item(routes::ADMIN_OUTBOX, "Messages", "mail"),
            item(routes::ADMIN_HEALTH, "Health", "activity"),
            item(routes::ADMIN_SETTINGS, "Settings", "settings"),
        ];
        sections.push(NavSection {
            title: "Administration".to_owned(),
            items,
        });
    }
    sections.push(NavSection {
        title: String::new(),
        items: vec![item(routes::ME, "My account", "user")],
    });
    sections
}
