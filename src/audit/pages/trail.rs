//! The four lists: `/audit`, `/team/activity`, `/partners/{org}/activity`, `/me/activity`.

use leptos::prelude::*;

use super::list::{TrailPage, trail_list};
use crate::{
    audit::queries,
    organizations::pages::partner_header,
    signin::account::pages::account_tabs,
    ui::*,
    web::{Content, PageError, page, routes},
};

/// Everything, or the trails of the partners one answers for.
pub fn whole() -> AnyView {
    page(|cx| async move {
        let scope = queries::whole_scope(&cx.qx)?;
        let list = trail_list(
            &cx,
            TrailPage {
                scope,
                path: routes::AUDIT.to_owned(),
                organizations: true,
                people: true,
                export: true,
            },
        )
        .await?;
        let purpose = match scope {
            crate::audit::queries::TrailScope::Everything => {
                "Everything that happened in the portal: who did what, for whom, from where, and how it ended."
            }
            _ => "Everything that happened at the partners you answer for: who did what, for whom, from where, and how it ended.",
        };
        Ok::<_, PageError>(Content::new(
            "Audit trail",
            view! { <Stack><PageHeader title="Audit trail" purpose=purpose />{list}</Stack> },
        ))
    })
}

/// The trail of the organization of the active hat.
pub fn team() -> AnyView {
    page(|cx| async move {
        let (scope, organization) = queries::team_scope(&cx.qx).await?;
        let list = trail_list(
            &cx,
            TrailPage {
                scope,
                path: routes::TEAM_ACTIVITY.to_owned(),
                organizations: false,
                people: true,
                export: true,
            },
        )
        .await?;
        let purpose = format!("What happened at {}: who did what, for whom, and how it ended.", organization.name);
        Ok::<_, PageError>(Content::new(
            "Activity",
            view! { <Stack><PageHeader title="Activity" purpose=purpose />{list}</Stack> },
        ))
    })
}

/// The trail of one partner.
pub fn partner() -> AnyView {
    page(|cx| async move {
        let slug = cx.param::<String>("org")?;
        let (scope, organization) = queries::partner_scope(&cx.qx, &slug).await?;
        let path = routes::partner_part(&organization.slug, "activity");
        let list = trail_list(
            &cx,
            TrailPage {
                scope,
                path,
                organizations: false,
                people: true,
                export: true,
            },
        )
        .await?;
        let header = partner_header(
            &organization,
            "activity",
            "What happened at this partner: who did what, for whom, and how it ended.",
            None,
        );
        let title = format!("Activity of {}", organization.name);
        Ok::<_, PageError>(Content::new(title, view! { <Stack>{header}{list}</Stack> }))
    })
}

/// What the person did.
pub fn own() -> AnyView {
    page(|cx| async move {
        let scope = queries::own_scope(&cx.qx)?;
        let list = trail_list(
            &cx,
            TrailPage {
                scope,
                path: routes::MY_ACTIVITY.to_owned(),
                organizations: false,
                people: false,
                export: false,
            },
        )
        .await?;
        let purpose = "What you did in this portal, and attempts to sign in as you. If something here was not you, set a new password and tell your admin.";
        Ok::<_, PageError>(Content::new(
            "My activity",
            view! { <Stack><PageHeader title="My activity" purpose=purpose />{account_tabs(routes::MY_ACTIVITY, cx.qx.actor.person())}{list}</Stack> },
        ))
    })
}
