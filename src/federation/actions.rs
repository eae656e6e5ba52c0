//! Forms that send a browser to a partner's identity provider: signing in, and trying a connection.

use leptos::prelude::*;

use super::{
    IdentityProvider, Protocol,
    choice::{NOTE, Remembered},
    commands::{
        self, DepartError, Prepared,
        service_provider::{ServiceProvider, carried, random_id},
    },
    discovery::{self, Route},
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
    web::{Done, Note, Post, Refusal, RequestCx, routes},
};

/// The provider of a browser's next step, with what it publishes.
pub struct Ready {
    provider: IdentityProvider,
    prepared: Result<Prepared, DepartError>,
    /// The person chose it among several.
    chosen: bool,
}

impl Ready {
    /// Reads what the provider publishes, when our copy is old. No transaction may be open.
    pub async fn of(portal: &Portal, provider: IdentityProvider) -> Self {
        let prepared = commands::prepare(portal, &provider).await;
        Self {
            provider,
            prepared,
            chosen: false,
        }
    }

    /// The provider.
    #[must_use]
    pub const fn provider(&self) -> &IdentityProvider {
        &self.provider
    }

    /// For somebody who chose it among several.
    fn chosen(self) -> Self {
        Self { chosen: true, ..self }
    }
}

/// Where an address goes on.
pub enum Way {
    /// To a password here.
    Local,
    /// To its company's sign-in.
    Away(Box<Ready>),
    /// To the page that asks which of several.
    Choose,
}

/// Where an address goes on, and what the browser remembers from now on.
pub struct Led {
    /// Where.
    pub way: Way,
    /// None when the browser's note stays as it is.
    pub note: Option<Note>,
}

fn note(remembered: &Remembered) -> Option<Note> {
    Some(Note {
        name: NOTE,
        text: remembered.to_text(),
    })
}

/// What this browser remembers, without connections that are not in use any more; and whether any of those was among it.
async fn remembered(request: &RequestCx) -> Result<(Remembered, bool), store::StoreError> {
    let mut remembered = Remembered::parse(&request.note(NOTE).unwrap_or_default());
    let named: Vec<ProviderId> = remembered.providers().collect();
    let mut forgotten = false;
    for id in named {
        let found = providers::find(&request.portal.store.reader(), id).await?;
        if !found.is_some_and(|provider| provider.is_live()) {
            remembered = remembered.without(id);
            forgotten = true;
        }
    }
    Ok((remembered, forgotten))
}

/// Whether this browser goes straight to a sign-in that was chosen among several, so that a page offers to choose anew.
#[must_use]
pub fn remembers_a_choice(request: &RequestCx) -> bool {
    request.note(NOTE).is_some_and(|text| !Remembered::parse(&text).is_empty())
}

/// Looks for the way in of an address and reads what its provider publishes. No transaction may be open. The address's domain and what
/// this browser remembers for it decide, so known and unknown addresses look alike. `anew` asks again where there is a choice.
///
/// # Errors
/// [`store::StoreError`] when the database does not answer.
pub async fn way_in(request: &RequestCx, email: &EmailAddress, anew: bool) -> Result<Led, store::StoreError> {
    let (remembered, forgotten) = remembered(request).await?;
    let kept = forgotten.then(|| note(&remembered)).flatten();
    let (way, note) = match discovery::route(&request.portal.store.reader(), email).await? {
        // Where too many sign-ins failed, passwords count again until somebody gets in or tries the connection with success.
        Route::Local | Route::Provider { fell_back: true, .. } => (Way::Local, kept),
        Route::Provider { provider, .. } => (Way::Away(Box::new(Ready::of(&request.portal, *provider).await)), kept),
        Route::Choice(choice) => {
            let last = remembered.of(choice.domain).filter(|_| !anew);
            let mut offered = choice.providers.into_iter();
            match offered.find(|provider| Some(provider.id) == last && provider.fell_back_at.is_none()) {
                None => (Way::Choose, kept),
                Some(provider) => {
                    let remembered = remembered.with(choice.domain, provider.id);
                    (
                        Way::Away(Box::new(Ready::of(&request.portal, provider).await.chosen())),
                        note(&remembered),
                    )
                }
            }
        }
    };
    Ok(Led { way, note })
}

/// The sign-in that somebody chose for their address, with the note that remembers it; none when it is not among those offered now.
/// No transaction may be open.
///
/// # Errors
/// [`store::StoreError`] when the database does not answer.
pub async fn chosen(
    request: &RequestCx,
    email: &EmailAddress,
    wanted: ProviderId,
) -> Result<Option<(Ready, Option<Note>)>, store::StoreError> {
    let Route::Choice(choice) = discovery::route(&request.portal.store.reader(), email).await? else {
        return Ok(None);
    };
    let Some(provider) = choice.providers.into_iter().find(|provider| provider.id == wanted) else {
        return Ok(None);
    };
    let (remembered, _) = remembered(request).await?;
    let note = note(&remembered.with(choice.domain, wanted));
    Ok(Some((Ready::of(&request.portal, provider).await.chosen(), note)))
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
    let Ready {
        provider,
        prepared,
        chosen,
    } = ready;
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
        chosen,
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
        chosen: false,
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
    Ok(Some(Ready::of(&request.portal, provider).await))
}
