//! Forms that send a browser to a partner's identity provider: signing in, and trying a connection.

use leptos::prelude::*;

use super::{
    IdentityProvider, Protocol,
    commands::{
        self, DepartError, Prepared,
        service_provider::{ServiceProvider, carried, random_id},
    },
    http::{AWAY_KEY, Away, BROWSER_KEY},
    oidc::{self, Published},
    saml::{self, LogoutSubject, NameId},
};
use crate::{
    access::{Action, Refused},
    cx::{Cx, Portal},
    kernel::{BearerSecret, EmailAddress, ProviderId},
    store::{
        self,
        federation::{providers, trips::Purpose},
        sessions::Through,
    },
    web::{Done, Post, Refusal, RequestCx, routes},
};

/// The provider of a browser's next step, with what it publishes.
pub struct Ready {
    provider: IdentityProvider,
    prepared: Result<Prepared, DepartError>,
}

impl Ready {
    /// Reads what the provider publishes, when our copy is old. No transaction may be open.
    pub async fn of(portal: &Portal, provider: IdentityProvider) -> Self {
        let prepared = commands::prepare(portal, &provider).await;
        Self { provider, prepared }
    }

    /// The provider.
    #[must_use]
    pub const fn provider(&self) -> &IdentityProvider {
        &self.provider
    }
}

/// Looks for the provider of an address and reads what it publishes. No transaction may be open. The address's domain alone decides,
/// so known and unknown addresses look alike.
///
/// # Errors
/// [`store::StoreError`] when the database does not answer.
pub async fn ready_for(request: &RequestCx, email: &EmailAddress) -> Result<Option<Ready>, store::StoreError> {
    let portal = &request.portal;
    match super::discovery::route(&portal.store.reader(), email, portal.clock.now()).await? {
        // Where too many sign-ins failed, passwords count again until somebody gets in or tries the connection with success.
        super::discovery::Route::Local | super::discovery::Route::Provider { fell_back: true, .. } => Ok(None),
        super::discovery::Route::Provider { provider, .. } => {
            let prepared = commands::prepare(portal, &provider).await;
            Ok(Some(Ready {
                provider: *provider,
                prepared,
            }))
        }
    }
}

/// Sends the browser to the provider.
///
/// # Errors
/// [`Refusal`] when the provider does not answer.
pub async fn leave(
    cx: &mut Cx,
    request: &RequestCx,
    ready: Ready,
    purpose: Purpose,
    email: Option<&EmailAddress>,
    fresh: bool,
) -> Result<Done, Refusal> {
    let Ready { provider, prepared } = ready;
    let unreachable = |cx_error: String| {
        Refusal::because(format!(
            "The sign-in of {} does not answer right now. Try again in a few minutes. {cx_error}",
            provider.name
        ))
        .kept()
    };
    let prepared = match prepared {
        Ok(prepared) => prepared,
        Err(error) => {
            if purpose == Purpose::SignIn {
                commands::note_failure(cx, &provider, &error.to_string()).await?;
                return Err(unreachable(String::new()));
            }
            return Err(unreachable(error.to_string()));
        }
    };
    // One value for all windows of this browser: a second sign-in must not spoil the first.
    let browser: Option<String> = request.session.get(BROWSER_KEY).await.ok().flatten();
    let browser = browser.unwrap_or_else(|| BearerSecret::generate(&mut cx.rng).reveal().to_owned());
    let departure = commands::depart(cx, &provider, prepared, purpose, &browser, email.map(EmailAddress::as_str), fresh).await?;
    let away = Away {
        url: departure.url,
        fields: departure.fields,
        name: provider.name.clone(),
    };
    Ok(Done::to(routes::SIGN_IN_AWAY)
        .remembering(BROWSER_KEY, browser)
        .remembering(AWAY_KEY, away))
}

/// Where the browser can end its session at the provider too, after it ended here; none when the provider offers no such page.
///
/// # Errors
/// [`store::StoreError`] when the database does not answer.
pub async fn way_out(cx: &mut Cx, through: &Through) -> Result<Option<Away>, store::StoreError> {
    let Some(provider) = providers::find(&cx.tx, through.provider).await? else {
        return Ok(None);
    };
    let back = routes::absolute(&cx.settings.public_url, &routes::oidc_logged_out(&provider.id.to_string()));
    let further = match &provider.protocol {
        Protocol::Oidc(settings) => Published::from_text(provider.published.as_deref())
            .and_then(|published| oidc::logout::end_session(settings, &published, &back))
            .map(|url| (url.to_string(), Vec::new())),
        Protocol::Saml(_) => saml_way_out(cx, &provider, through),
    };
    Ok(further.map(|(url, fields)| Away {
        url,
        fields,
        name: provider.name,
    }))
}

/// A signed logout request for the very session (SAML profiles §4.4); none when the provider has no address for it.
fn saml_way_out(cx: &mut Cx, provider: &IdentityProvider, through: &Through) -> Option<(String, Vec<(String, String)>)> {
    let us = ServiceProvider::of(provider, provider.published.as_deref(), &cx.settings, &cx.master_key)?;
    us.slo()?;
    let [value, format, name_qualifier, sp_name_qualifier]: [Option<String>; 4] =
        serde_json::from_str(through.logout_name.as_deref()?).ok()?;
    let name_id = NameId {
        value: value?,
        format,
        name_qualifier,
        sp_name_qualifier,
    };
    let sessions: Vec<String> = through.session.iter().cloned().collect();
    let subject = LogoutSubject {
        name_id: &name_id,
        session_indexes: &sessions,
    };
    let random = random_id(&mut cx.rng);
    let issued = saml::logout_request(&us.connection()?, subject, None, random, cx.now).ok()?;
    Some(carried(issued.outgoing))
}

/// `POST /do/confirm-away`: a fresh second factor at the person's own company, which signed them in.
#[server(prefix = "/do", endpoint = "confirm-away")]
pub async fn confirm_away() -> Result<(), ServerFnError> {
    let through = match RequestCx::current() {
        Some(request) => request
            .signed_in_as()
            .await
            .and_then(|who| who.through)
            .map(|through| (request, through)),
        None => None,
    };
    let ready = match through {
        Some((request, through)) => of_session(&request, &through).await,
        None => Ok(None),
    };
    let mut post = Post::begin("confirm-away", routes::STEP_UP, [] as [(&str, String); 0]).await?;
    let outcome = async {
        let Some(me) = post.request.actor.person() else {
            return Err(Refused::SignedOut.into());
        };
        let email = me.email.parse::<EmailAddress>().ok();
        if me.through.is_none() {
            return Err(Refused::NotFound.into());
        }
        let ready = ready?.ok_or_else(|| {
            Refusal::because("Your company's sign-in cannot confirm this, because its second factor does not count here. Ask the person who runs your team here.")
        })?;
        let request = post.request.clone();
        leave(&mut post.cx, &request, ready, Purpose::SignIn, email.as_ref(), true).await
    }
    .await;
    post.finish(outcome).await
}

/// The provider that opened this session, if its word for a second factor counts.
async fn of_session(request: &RequestCx, through: &Through) -> Result<Option<Ready>, Refusal> {
    let portal = &request.portal;
    let found = providers::get(&portal.store.reader(), through.organization, through.provider).await?;
    let Some(provider) = found.filter(|provider| provider.is_live() && provider.trusts_second_factor) else {
        return Ok(None);
    };
    Ok(Some(Ready::of(portal, provider).await))
}

/// `POST /do/try-provider`: signs in at the provider to see what it says; nobody is signed in here by it.
#[server(prefix = "/do", endpoint = "try-provider")]
pub async fn try_provider(#[server(default)] organization: String, #[server(default)] provider: String) -> Result<(), ServerFnError> {
    let found = match (RequestCx::current(), provider.parse::<ProviderId>()) {
        (Some(request), Ok(id)) => found(&request, id).await,
        _ => Ok(None),
    };
    // The organization only says from which side the page was opened; the connection itself decides whose it is.
    let back = super::place::connection_of(&organization, &provider);
    let mut post = Post::begin("try", back, [] as [(&str, String); 0]).await?;
    let outcome = async {
        let ready = found?.ok_or(Refused::NotFound)?;
        let organization = store::organizations::get(&post.cx.tx, ready.provider.organization)
            .await?
            .ok_or(Refused::NotFound)?;
        post.cx.authorise(Action::ManageSignIn, &organization)?;
        let request = post.request.clone();
        leave(&mut post.cx, &request, ready, Purpose::Try, None, false).await
    }
    .await;
    post.finish(outcome).await
}

/// The provider, with what it publishes, if it belongs to an organization the person may see: decided again in the transaction.
async fn found(request: &RequestCx, id: ProviderId) -> Result<Option<Ready>, Refusal> {
    let portal = &request.portal;
    let qx = request.query().await?;
    let Some(provider) = providers::find(&qx.db, id).await? else {
        return Ok(None);
    };
    let Some(organization) = store::organizations::get(&qx.db, provider.organization).await? else {
        return Ok(None);
    };
    // The network is asked for nobody who may not.
    if !qx.may(Action::ManageSignIn, &organization) {
        qx.authorise(Action::ManageSignIn, &organization)?;
    }
    Ok(Some(Ready::of(portal, provider).await))
}
