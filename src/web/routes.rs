//! Every address of the portal: constants for fixed ones, functions for those with parts. Nothing else spells a path.

use std::fmt::Display;

/// `GET` launchpad: what the person can launch now.
pub const HOME: &str = "/";
/// `GET` sign-in, step one: the e-mail address.
pub const SIGN_IN: &str = "/sign-in";
/// `GET` sign-in, step two: the password.
pub const SIGN_IN_PASSWORD: &str = "/sign-in/password";
/// `GET` sign-in, step three: the second factor.
pub const SIGN_IN_CODE: &str = "/sign-in/code";
/// `GET` a recovery code instead of the authenticator.
pub const SIGN_IN_RECOVERY: &str = "/sign-in/recovery";
/// `GET` which of several sign-ins of the person's own company.
pub const SIGN_IN_CHOOSE: &str = "/sign-in/choose";
/// `GET` on the way to the sign-in of the person's own company.
pub const SIGN_IN_AWAY: &str = "/sign-in/away";
/// `GET` signed out here; the sign-in of the person's own company may go on.
pub const SIGNED_OUT: &str = "/signed-out";
/// `GET` a client's browser asks for an authorization (RFC 6749 §3.1).
pub const OAUTH_AUTHORIZE: &str = "/oauth/authorize";
/// `GET` goes on with an authorization after a form of ours.
pub const OAUTH_CONTINUE: &str = "/oauth/continue";
/// `POST` the person said yes to a new sign-in that an application asks for.
pub const OAUTH_SIGN_IN_AGAIN: &str = "/oauth/sign-in-again";
/// `GET` whether an application may have what it asks for.
pub const CONSENT: &str = "/consent";
/// `GET` an application asks that the person signs out (OpenID Connect RP-Initiated Logout 1.0).
pub const OAUTH_LOGOUT: &str = "/oauth/logout";
/// `POST` the person said yes to that.
pub const OAUTH_LOGOUT_CONFIRM: &str = "/oauth/logout/confirm";
/// `POST` the token endpoint (RFC 6749 §3.2).
pub const OAUTH_TOKEN: &str = "/oauth/token";
/// `POST` a client pushes its request before the browser comes with it (RFC 9126).
pub const OAUTH_PUSH: &str = "/oauth/par";
/// `POST` says whether a token counts (RFC 7662).
pub const OAUTH_INTROSPECT: &str = "/oauth/introspect";
/// `POST` ends a token (RFC 7009).
pub const OAUTH_REVOKE: &str = "/oauth/revoke";
/// `GET`, `POST` what may be known of a token's person (OpenID Connect Core §5.3).
pub const OAUTH_USERINFO: &str = "/oauth/userinfo";
/// `GET` the keys that sign tokens (RFC 7517).
pub const OAUTH_JWKS: &str = "/oauth/jwks";
/// `GET` a proxy asks whether a request may pass (nginx `auth_request`, Traefik `forwardAuth`, Caddy `forward_auth`).
pub const FORWARD_AUTH: &str = "/forward-auth";
/// `GET` a browser that comes from an application's host is decided about and handed over.
pub const FORWARD_START: &str = "/forward-auth/start";
/// `GET` goes on with that after a form of ours.
pub const FORWARD_CONTINUE: &str = "/forward-auth/continue";
/// `GET` at an application's host: on the way to the portal.
pub const HOST_START: &str = "/.portico/start";
/// `GET` at an application's host: back from the portal.
pub const HOST_CALLBACK: &str = "/.portico/callback";
/// `GET` at an application's host: what is shown to whoever may not be there.
pub const HOST_REFUSED: &str = "/.portico/refused";
/// `GET` a partner's OpenID provider sends browsers back here.
pub const OIDC_CALLBACK: &str = "/federation/oidc/callback";
/// `GET` fresh second factor before an administrative action.
pub const STEP_UP: &str = "/sign-in/step-up";
/// `GET` asks for a reset link.
pub const FORGOT: &str = "/forgot";
/// `GET` signed in, but no hat can be worn now.
pub const NO_ACCESS: &str = "/no-access";
/// `GET` profile.
pub const ME: &str = "/me";
/// `GET` password, authenticator, recovery codes.
pub const MY_SECURITY: &str = "/me/security";
/// `GET` sessions of the person.
pub const MY_SESSIONS: &str = "/me/sessions";
/// The pages of one's own account: whoever is signed in has them, also with nothing else open.
pub const OWN_ACCOUNT: &[&str] = &[ME, MY_SECURITY, MY_SESSIONS];
/// `GET` what acts for the person, and what they allowed.
pub const MY_ACTING: &str = "/me/acting";
/// `GET` lets a system act for oneself.
pub const MY_ACTING_NEW: &str = "/me/acting/new";
/// `GET` what acts for the people of the organization.
pub const TEAM_ACTING: &str = "/team/acting";
/// `GET` lets a system act for somebody of the organization.
pub const TEAM_ACTING_NEW: &str = "/team/acting/new";
/// `GET` what the person did.
pub const MY_ACTIVITY: &str = "/me/activity";
/// `GET` an invitation's code is typed by hand.
pub const INVITATION: &str = "/invitation";
/// `GET` the invitation this browser opened: set up the account, or sign in and join.
pub const INVITATION_ACCEPT: &str = "/invitation/accept";
/// `GET` the set-up that a set-up link has opened in this browser.
pub const SET_UP: &str = "/set-up";
/// `GET` which kind of provider the company has.
pub const SET_UP_NEW: &str = "/set-up/new";
/// `GET` whoever had a set-up link is finished.
pub const SET_UP_DONE: &str = "/set-up/done";
/// `GET` people of the organization.
pub const TEAM: &str = "/team";
/// `GET` the people that the page shows, as CSV.
pub const TEAM_CSV: &str = "/team.csv";
/// `GET` pending and past invitations.
pub const TEAM_INVITATIONS: &str = "/team/invitations";
/// `GET` invite one, many, CSV.
pub const TEAM_INVITE: &str = "/team/invite";
/// `GET` per-row report before invitations are sent.
pub const TEAM_INVITE_REVIEW: &str = "/team/invite/review";
/// `GET` a sample of the CSV file to invite with.
pub const INVITE_SAMPLE: &str = "/team/invite/sample.csv";
/// `GET` applications of the organization.
pub const TEAM_APPS: &str = "/team/apps";
/// `GET` the organization's own trail.
pub const TEAM_ACTIVITY: &str = "/team/activity";
/// `GET` sign-in rules and branding of the organization.
pub const TEAM_SETTINGS: &str = "/team/settings";
/// `GET` domains of the organization.
pub const TEAM_DOMAINS: &str = "/team/settings/domains";
/// `GET` connections to identity providers of the organization.
pub const TEAM_SIGN_IN: &str = "/team/settings/sign-in";
/// `GET` partners of the owner (or all, for operator and auditor).
pub const PARTNERS: &str = "/partners";
/// `GET` new partner.
pub const NEW_PARTNER: &str = "/partners/new";
/// `GET` certifications due.
pub const CERTIFICATIONS: &str = "/certifications";
/// `GET` the certifications that the page shows, as CSV.
pub const CERTIFICATIONS_CSV: &str = "/certifications.csv";
/// `GET` what waits for the person.
pub const INBOX: &str = "/inbox";
/// `GET` search over what the person may see.
pub const SEARCH: &str = "/search";
/// `GET` the operator's start page.
pub const ADMIN: &str = "/admin";
/// `GET` catalogue.
pub const ADMIN_APPS: &str = "/admin/apps";
/// `GET` new application.
pub const ADMIN_NEW_APP: &str = "/admin/apps/new";
/// `GET` templates for new partners.
pub const ADMIN_TEMPLATES: &str = "/admin/templates";
/// `GET` new template.
pub const ADMIN_NEW_TEMPLATE: &str = "/admin/templates/new";
/// `GET` policies of the operator.
pub const ADMIN_POLICIES: &str = "/admin/policies";
/// `GET` new policy.
pub const ADMIN_NEW_POLICY: &str = "/admin/policies/new";
/// `GET` one decision, tried by hand.
pub const ADMIN_TRY_POLICIES: &str = "/admin/policies/try";
/// `GET` the tenant's people and roles.
pub const ADMIN_PEOPLE: &str = "/admin/people";
/// `GET` tenant settings.
pub const ADMIN_SETTINGS: &str = "/admin/settings";
/// `GET` messages: waiting, dead, sent.
pub const ADMIN_OUTBOX: &str = "/admin/outbox";
/// `GET` health of the service.
pub const ADMIN_HEALTH: &str = "/admin/health";
/// `GET` the trail.
pub const AUDIT: &str = "/audit";
/// `GET` design system, in demo mode.
pub const GALLERY: &str = "/gallery";

/// Whether a remembered address is a page of ours: a path, no other host, nothing that acts by being visited.
#[must_use]
pub fn is_own_page(path: &str) -> bool {
    path.starts_with('/')
        && !path.starts_with("//")
        && !path.contains('\\')
        && !path.chars().any(char::is_control)
        && !path.starts_with("/do/")
}

/// A page of ours with the address people use before it.
#[must_use]
pub fn absolute(public_url: &str, path: &str) -> String {
    format!("{}{path}", public_url.trim_end_matches('/'))
}

/// A path with a query string of the pairs that have a value.
#[must_use]
pub fn with_query<'a>(path: &str, pairs: impl IntoIterator<Item = (&'a str, String)>) -> String {
    let mut query = url::form_urlencoded::Serializer::new(String::new());
    for (name, value) in pairs.into_iter().filter(|(_, value)| !value.is_empty()) {
        query.append_pair(name, &value);
    }
    let query = query.finish();
    if query.is_empty() {
        path.to_owned()
    } else {
        format!("{path}?{query}")
    }
}

/// `GET` one connection to a partner's identity provider.
#[must_use]
pub fn provider(id: &str) -> String {
    format!("/team/settings/sign-in/{id}")
}
/// `GET` a partner's OpenID provider sends browsers back here after a logout.
#[must_use]
pub fn oidc_logged_out(provider: &str) -> String {
    format!("/federation/oidc/{provider}/logged-out")
}
/// One of our addresses towards a partner's OpenID provider: `backchannel-logout` or `jwks`.
#[must_use]
pub fn oidc(provider: &str, what: &str) -> String {
    format!("/federation/oidc/{provider}/{what}")
}
/// `GET`, `POST` one of our addresses towards a partner's SAML provider: `metadata`, `acs` or `logout`.
#[must_use]
pub fn saml(provider: &str, what: &str) -> String {
    format!("/federation/saml/{provider}/{what}")
}
/// `GET` the browser fetches what its SAML provider said about it.
#[must_use]
pub fn saml_finish(state: &str) -> String {
    format!("/federation/saml/finish/{state}")
}
/// `GET` what the last trial of a partner's identity provider showed.
#[must_use]
pub fn trial(provider: &str) -> String {
    format!("/team/settings/sign-in/{provider}/trial")
}
/// `GET` landing page of a mailed invitation; changes nothing.
#[must_use]
pub fn invitation(token: &str) -> String {
    format!("/invitation/{token}")
}
/// `GET` landing page of a mailed set-up link; changes nothing.
#[must_use]
pub fn setup_link(token: &str) -> String {
    format!("/set-up/link/{token}")
}
/// `GET` one connection, for whoever has opened a set-up link.
#[must_use]
pub fn set_up_connection(provider: &str) -> String {
    format!("/set-up/connection/{provider}")
}
/// `GET` what the last trial showed, for whoever has opened a set-up link.
#[must_use]
pub fn set_up_trial(provider: &str) -> String {
    format!("/set-up/connection/{provider}/trial")
}
/// `GET` page of a mailed reset link; changes nothing.
#[must_use]
pub fn reset(token: &str) -> String {
    format!("/reset/{token}")
}
/// `GET` one application, as its user sees it.
#[must_use]
pub fn app(slug: &str) -> String {
    format!("/apps/{slug}")
}
/// `GET` decides, records and redirects into the application.
#[must_use]
pub fn launch(slug: &str) -> String {
    format!("/launch/{slug}")
}
/// `GET` one member.
#[must_use]
pub fn member(id: impl Display) -> String {
    format!("/team/{id}")
}
/// `GET` swap a leaver for a joiner.
#[must_use]
pub fn rotate(id: impl Display) -> String {
    format!("/team/rotate/{id}")
}
/// `GET` one application of the organization.
#[must_use]
pub fn team_app(slug: &str) -> String {
    format!("/team/apps/{slug}")
}
/// `GET` assign an application of the organization.
#[must_use]
pub fn team_assign(slug: &str) -> String {
    format!("/team/apps/{slug}/assign")
}
/// `GET` what one member holds of an application.
#[must_use]
pub fn team_assignment(slug: &str, id: impl Display) -> String {
    format!("/team/apps/{slug}/{id}")
}
/// `GET` one application for one partner: grant, change, take away.
#[must_use]
pub fn partner_app(slug: &str, application: &str) -> String {
    format!("/partners/{slug}/apps/{application}")
}
/// `GET` one partner.
#[must_use]
pub fn partner(slug: &str) -> String {
    format!("/partners/{slug}")
}
/// `GET` a part of one partner: `people`, `apps`, `contracts`, `activity`, `edit`, `certify`.
#[must_use]
pub fn partner_part(slug: &str, part: &str) -> String {
    format!("/partners/{slug}/{part}")
}
/// `GET` one member of a partner, as the tenant's people see them.
#[must_use]
pub fn partner_member(slug: &str, id: impl Display) -> String {
    format!("/partners/{slug}/people/{id}")
}
/// `GET` "what ends if" before a contract is shortened.
#[must_use]
pub fn partner_contract(slug: &str, contract: impl Display) -> String {
    format!("/partners/{slug}/contracts/{contract}")
}
/// `GET` one application of the catalogue.
#[must_use]
pub fn admin_app(slug: &str) -> String {
    format!("/admin/apps/{slug}")
}

/// `GET` clients with which an application signs people in.
#[must_use]
pub fn admin_app_clients(slug: &str) -> String {
    format!("/admin/apps/{slug}/clients")
}

/// `GET` one of them, to change it.
#[must_use]
pub fn admin_app_client(slug: &str, client: impl Display) -> String {
    format!("/admin/apps/{slug}/clients/{client}")
}

/// `GET` one template for new partners.
#[must_use]
pub fn admin_template(id: impl Display) -> String {
    format!("/admin/templates/{id}")
}
/// `GET` one policy.
#[must_use]
pub fn admin_policy(id: impl Display) -> String {
    format!("/admin/policies/{id}")
}
/// `GET` a policy held against the decisions of the last days.
#[must_use]
pub fn admin_policy_replay(id: impl Display) -> String {
    format!("/admin/policies/{id}/replay")
}
/// `GET` one message.
#[must_use]
pub fn admin_message(id: impl Display) -> String {
    format!("/admin/outbox/{id}")
}
/// `GET` one event of the trail.
#[must_use]
pub fn event(id: impl Display) -> String {
    format!("/audit/{id}")
}
/// `GET` stylesheet with an organization's accent.
#[must_use]
pub fn branding_css(slug: &str) -> String {
    format!("/branding/{slug}.css")
}
/// `GET` an organization's logo.
#[must_use]
pub fn branding_logo(slug: &str) -> String {
    format!("/branding/{slug}/logo")
}
