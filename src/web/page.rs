//! Pages: ask the queries, then render inside the frame; or answer with the right error page.

use std::{future::Future, str::FromStr};

use leptos::prelude::*;
use leptos_axum::ResponseOptions;
use leptos_meta::Title;
use leptos_router::params::ParamsMap;
use thiserror::Error;

use super::{
    RequestCx, errors,
    navigation::frame_data,
    routes,
    submit::{CONTINUE_KEY, FLASH_KEY, FORM_KEY, ReturnedForm, see_other},
};
use crate::{
    access::{Actor, Refused},
    cx::Qx,
    store::StoreError,
    ui::{Flash, FormState, Frame, Plain},
};

/// Why a page is not shown.
#[derive(Debug, Error)]
pub enum PageError {
    /// There is no such thing, or not for this person.
    #[error("not found")]
    NotFound,
    /// The decision point said no.
    #[error(transparent)]
    Access(#[from] Refused),
    /// The database.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// Go elsewhere instead.
    #[error("see {0}")]
    SeeOther(String),
}

/// What a page is made from.
#[derive(Clone)]
pub struct PageCx {
    /// For queries.
    pub qx: Qx,
    /// The request.
    pub request: RequestCx,
    /// Parts of the path, e.g. `member` in `/team/{member}`.
    pub params: ParamsMap,
    /// The pairs of the query string, decoded once; the router's own map decodes its values again.
    query: Vec<(String, String)>,
    form: Option<ReturnedForm>,
    flash: Option<Flash>,
}

impl PageCx {
    /// A part of the path, parsed; a part that does not parse is a page that does not exist.
    ///
    /// # Errors
    /// [`PageError::NotFound`].
    pub fn param<T: FromStr>(&self, name: &str) -> Result<T, PageError> {
        self.params.get(name).and_then(|text| text.parse().ok()).ok_or(PageError::NotFound)
    }

    /// A value of the query string, when it is there and not empty.
    #[must_use]
    pub fn query(&self, name: &str) -> Option<String> {
        let value = self.query.iter().find(|(known, _)| known == name).map(|(_, value)| value);
        value.filter(|text| !text.trim().is_empty()).cloned()
    }

    /// What just happened, for pages outside the frame; the frame shows it by itself.
    #[must_use]
    pub fn flash(&self) -> Option<Flash> {
        self.flash.clone()
    }

    /// The state of a form of this page: what was typed if it just came back, empty otherwise.
    #[must_use]
    pub fn form(&self, id: &str) -> FormState {
        self.form
            .as_ref()
            .filter(|form| form.id == id)
            .map(|form| form.state.clone())
            .unwrap_or_default()
    }
}

/// A page's title and content.
pub struct Content {
    /// Title of the window.
    pub title: String,
    /// What stands inside the frame.
    pub body: AnyView,
}

impl Content {
    /// From a title and a view.
    pub fn new(title: impl Into<String>, body: impl IntoView + 'static) -> Self {
        Self {
            title: title.into(),
            body: body.into_any(),
        }
    }
}

/// A page for signed-in people, inside the frame.
pub fn page<F, Fut>(build: F) -> AnyView
where
    F: FnOnce(PageCx) -> Fut + Send + 'static,
    Fut: Future<Output = Result<Content, PageError>> + Send + 'static,
{
    render(true, build)
}

/// A page outside the frame (sign-in, invitation), for anyone. Its content brings its own [`Plain`].
pub fn plain_page<F, Fut>(build: F) -> AnyView
where
    F: FnOnce(PageCx) -> Fut + Send + 'static,
    Fut: Future<Output = Result<Content, PageError>> + Send + 'static,
{
    render(false, build)
}

fn render<F, Fut>(framed: bool, build: F) -> AnyView
where
    F: FnOnce(PageCx) -> Fut + Send + 'static,
    Fut: Future<Output = Result<Content, PageError>> + Send + 'static,
{
    // While the list of routes is made there is no request.
    let Some(request) = RequestCx::current() else {
        return ().into_any();
    };
    // An address that names no page has no route, hence no parts.
    let params = use_context::<ArcMemo<ParamsMap>>()
        .map(|params| params.get_untracked())
        .unwrap_or_default();
    let response = expect_context::<ResponseOptions>();
    let view = Suspend::new(async move {
        match prepare(framed, &request, params).await {
            Err(error) => failed(&request, &response, error, framed).await,
            Ok(cx) => {
                let flash = cx.flash.clone();
                let qx = cx.qx.clone();
                match build(cx).await {
                    Err(error) => failed(&request, &response, error, framed).await,
                    Ok(content) => dressed(framed, &request, &qx, content, flash).await,
                }
            }
        }
    });
    view! { <Suspense>{view}</Suspense> }.into_any()
}

fn pairs_of(path_and_query: &str) -> Vec<(String, String)> {
    let (_, query) = path_and_query.split_once('?').unwrap_or_default();
    url::form_urlencoded::parse(query.as_bytes()).into_owned().collect()
}

async fn prepare(framed: bool, request: &RequestCx, params: ParamsMap) -> Result<PageCx, PageError> {
    if framed {
        match request.actor.person() {
            None => return Err(Refused::SignedOut.into()),
            Some(person) if person.hats.is_empty() && !routes::OWN_ACCOUNT.contains(&request.path()) => {
                return Err(PageError::SeeOther(routes::NO_ACCESS.to_owned()));
            }
            Some(_) => {}
        }
    }
    let broken = |error: tower_sessions::session::Error| StoreError::Unavailable(error.to_string());
    let qx = request.query().await?;
    let form: Option<ReturnedForm> = request.session.get(FORM_KEY).await.map_err(broken)?;
    if form.is_some() {
        let _ = request.session.remove::<ReturnedForm>(FORM_KEY).await;
    }
    let flash: Option<Flash> = request.session.get(FLASH_KEY).await.map_err(broken)?;
    if flash.is_some() {
        let _ = request.session.remove::<Flash>(FLASH_KEY).await;
    }
    Ok(PageCx {
        qx,
        request: request.clone(),
        params,
        query: pairs_of(&request.path_and_query),
        form,
        flash,
    })
}

async fn dressed(framed: bool, request: &RequestCx, qx: &Qx, content: Content, flash: Option<Flash>) -> AnyView {
    let title = format!("{} · {}", content.title, qx.tenant.name);
    let body = content.body;
    if framed {
        let data = frame_data(request, qx, flash).await;
        view! { <Title text=title /><Frame data=data>{body}</Frame> }.into_any()
    } else {
        view! { <Title text=title />{body} }.into_any()
    }
}

async fn failed(request: &RequestCx, response: &ResponseOptions, error: PageError, framed: bool) -> AnyView {
    let reference = request.meta.request_id.clone().unwrap_or_default();
    let status = match error {
        PageError::Access(Refused::SignedOut) => {
            let _ = request.session.insert(CONTINUE_KEY, request.path_and_query.clone()).await;
            see_other(routes::SIGN_IN);
            return ().into_any();
        }
        PageError::Access(Refused::StepUp) => {
            let _ = request.session.insert(CONTINUE_KEY, request.path_and_query.clone()).await;
            see_other(routes::STEP_UP);
            return ().into_any();
        }
        PageError::SeeOther(path) => {
            see_other(&path);
            return ().into_any();
        }
        PageError::NotFound | PageError::Access(Refused::NotFound) => http::StatusCode::NOT_FOUND,
        PageError::Access(Refused::Forbidden { .. }) => http::StatusCode::FORBIDDEN,
        PageError::Store(error) => {
            tracing::error!(%error, "a page could not be made");
            http::StatusCode::SERVICE_UNAVAILABLE
        }
    };
    response.set_status(status);
    let (heading, text) = errors::words(status);
    let signed_in = matches!(*request.actor, Actor::Person(_));
    if framed
        && signed_in
        && status != http::StatusCode::SERVICE_UNAVAILABLE
        && let Ok(qx) = request.query().await
    {
        let content = Content::new(heading, errors::framed(heading, text, &reference));
        return dressed(true, request, &qx, content, None).await;
    }
    view! {
        <Title text=heading.to_owned() />
        <Plain brand="Portico" title=heading.to_owned() flash=None>
            {errors::explanation(text, reference.clone())}
        </Plain>
    }
    .into_any()
}
