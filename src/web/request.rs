//! One request: who asks, from where, in which session. Made by a middleware, read by pages, forms and handlers.

use std::{
    net::SocketAddr,
    sync::{Arc, OnceLock},
};

use axum::{
    extract::{ConnectInfo, Request, State},
    http::{Extensions, HeaderMap, HeaderValue, header},
    middleware::Next,
    response::{IntoResponse as _, Response},
};
use chrono::Duration;
use leptos::prelude::use_context;
use tower_sessions::Session;

use super::{errors::unavailable, notes, router::WebState};
use crate::{
    access::Actor,
    cx::{Cx, Portal, Qx, RequestMeta},
    kernel::Timestamp,
    organizations::Tenant,
    signin::{HatTrouble, identify},
    store::{
        StoreError,
        sessions::{self, CLIENT_KEY, LAST_SEEN_KEY, SIGNED_IN_KEY, SessionClient, SignedInAs},
    },
};

/// What everything that answers a request may use.
#[derive(Clone, Debug)]
pub struct RequestCx {
    /// The running portal.
    pub portal: Portal,
    /// Who asks.
    pub actor: Arc<Actor>,
    /// Hats that cannot be worn, with the reason.
    pub trouble: Arc<Vec<HatTrouble>>,
    /// From where.
    pub meta: RequestMeta,
    /// The browser's session.
    pub session: Session,
    /// Path and query as asked.
    pub path_and_query: String,
    /// What came as `Cookie`.
    cookies: Arc<[HeaderValue]>,
    committed: Committed,
}

impl RequestCx {
    /// The context of the request being answered (inside a page or server function).
    #[must_use]
    pub fn current() -> Option<Self> {
        use_context::<axum::http::request::Parts>()?.extensions.get::<Self>().cloned()
    }

    /// What this browser keeps for long under a name; see [`super::Note`].
    #[must_use]
    pub fn note(&self, name: &str) -> Option<String> {
        notes::read(&self.cookies, name, &self.portal.settings.public_url)
    }

    /// Begins a query.
    ///
    /// # Errors
    /// [`StoreError`] when the database does not answer.
    pub async fn query(&self) -> Result<Qx, StoreError> {
        self.portal.query(self.actor.clone(), &self.meta).await
    }

    /// Begins a command.
    ///
    /// # Errors
    /// [`StoreError`] when the database does not answer.
    pub async fn begin(&self) -> Result<Cx, StoreError> {
        self.portal.begin((*self.actor).clone(), self.meta.clone()).await
    }

    /// Notes that the command was committed: from here on nobody is told that nothing was changed.
    pub(super) fn note_committed(&self, left: Left) {
        let _ = self.committed.0.set(left);
    }

    /// The path alone.
    #[must_use]
    pub fn path(&self) -> &str {
        self.path_and_query.split('?').next().unwrap_or("/")
    }

    /// Who the session belongs to, as stored.
    pub async fn signed_in_as(&self) -> Option<SignedInAs> {
        self.session.get(SIGNED_IN_KEY).await.ok().flatten()
    }

    /// Makes the session belong to someone (after authentication) under a new cookie value.
    ///
    /// # Errors
    /// The session store's error when the database does not answer.
    pub async fn sign_in(&self, who: &SignedInAs) -> Result<(), tower_sessions::session::Error> {
        let client = SessionClient {
            user_agent: self.meta.user_agent.clone().unwrap_or_default(),
            address: self.meta.address.clone().unwrap_or_default(),
        };
        // A session that was ended while this request ran (suspension, another browser) stays ended: no new value for it.
        if let (Actor::Person(person), Some(_)) = (&*self.actor, self.session.id()) {
            let live = sessions::is_live(&self.portal.store.reader(), &person.session_key).await;
            if !live.map_err(|error| tower_sessions::session_store::Error::Backend(error.to_string()))? {
                return self.session.flush().await;
            }
        }
        // The row under the new value is created with who and from where.
        self.session.cycle_id().await?;
        self.session.insert(CLIENT_KEY, client).await?;
        self.session.insert(SIGNED_IN_KEY, who).await?;
        self.session.save().await
    }
}

/// The request id given by the outermost layer.
#[derive(Clone, Debug)]
pub struct RequestId(pub String);

/// What is left to do for a browser whose command was committed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Left {
    /// Its session is told what came of it.
    Noting,
    /// Its session ends.
    SigningOut,
}

/// Whether the command of a request was committed; shared with whoever tells the visitor what went wrong afterwards.
#[derive(Clone, Debug, Default)]
pub(super) struct Committed(Arc<OnceLock<Left>>);

impl Committed {
    /// What is left to do; none before the commit.
    pub(super) fn left(&self) -> Option<Left> {
        self.0.get().copied()
    }
}

fn shortened(headers: &HeaderMap, name: header::HeaderName) -> Option<String> {
    headers.get(name)?.to_str().ok().map(|text| text.chars().take(200).collect())
}

fn address(headers: &HeaderMap, extensions: &Extensions, trust_forwarded: bool) -> Option<String> {
    // The proxy appends the peer it saw, to the line or as a line of its own, so the last entry of all is the one it vouches for.
    let forwarded = headers
        .get_all("x-forwarded-for")
        .iter()
        .next_back()
        .and_then(|value| value.to_str().ok());
    if let Some(last) = forwarded.filter(|_| trust_forwarded).and_then(|list| list.rsplit(',').next())
        && let Ok(address) = last.trim().parse::<std::net::IpAddr>()
    {
        return Some(address.to_canonical().to_string());
    }
    extensions
        .get::<ConnectInfo<SocketAddr>>()
        .map(|info| info.0.ip().to_canonical().to_string())
}

/// From where a request comes.
#[must_use]
pub fn meta_of(headers: &HeaderMap, extensions: &Extensions, trust_forwarded: bool) -> RequestMeta {
    RequestMeta {
        request_id: extensions.get::<RequestId>().map(|id| id.0.clone()),
        address: address(headers, extensions, trust_forwarded),
        user_agent: shortened(headers, header::USER_AGENT),
    }
}

/// Finds out who asks and puts [`RequestCx`] into the request.
pub async fn identify_request(State(state): State<WebState>, session: Session, mut request: Request, next: Next) -> Response {
    let meta = meta_of(request.headers(), request.extensions(), state.trust_forwarded);
    let request_id = meta.request_id.clone();
    let portal = state.portal.clone();
    let now = portal.clock.now();
    let (actor, trouble) = match actor_of(&portal, &session, now).await {
        Ok(found) => found,
        Err(error) => {
            tracing::error!(%error, "the session could not be read");
            return unavailable(request_id.as_deref().unwrap_or_default()).into_response();
        }
    };
    let path_and_query = request.uri().path_and_query().map_or_else(|| "/".to_owned(), ToString::to_string);
    let cookies = request.headers().get_all(header::COOKIE).iter().cloned().collect();
    let committed = request.extensions().get::<Committed>().cloned().unwrap_or_default();
    request.extensions_mut().insert(RequestCx {
        portal,
        actor: Arc::new(actor),
        trouble: Arc::new(trouble),
        meta,
        session,
        path_and_query,
        cookies,
        committed,
    });
    next.run(request).await
}

async fn actor_of(portal: &Portal, session: &Session, now: Timestamp) -> Result<(Actor, Vec<HatTrouble>), StoreError> {
    let unavailable = |error: tower_sessions::session::Error| StoreError::Unavailable(error.to_string());
    let Some(signed_in) = session.get::<SignedInAs>(SIGNED_IN_KEY).await.map_err(unavailable)? else {
        return Ok((Actor::Anonymous, Vec::new()));
    };
    let Some(id) = session.id() else {
        return Ok((Actor::Anonymous, Vec::new()));
    };
    let key = sessions::key_of(&id);
    let db = portal.store.reader();
    let tenant = crate::store::tenant::get(&db).await?.unwrap_or_else(Tenant::unnamed);
    let Some(found) = identify(&db, &signed_in, key.clone(), &tenant, now).await? else {
        return Ok((Actor::Anonymous, Vec::new()));
    };
    let last_seen: Option<Timestamp> = session.get(LAST_SEEN_KEY).await.ok().flatten();
    if last_seen.is_none_or(|at| now - at > Duration::minutes(1)) {
        let member = found.actor.member().map(|member| member.id);
        if let Err(error) = sessions::touch(&portal.store, key, member, now).await {
            tracing::warn!(%error, "last use of a session was not noted");
        }
    }
    Ok((found.actor, found.trouble))
}
