//! Answers to forms: begin a command, commit it, and send the browser on; or keep what was typed and send it back.

use http::{HeaderValue, header};
use leptos::prelude::{ServerFnError, expect_context, use_context};
use leptos_axum::ResponseOptions;
use serde::{Deserialize, Serialize};
use thiserror::Error;

use super::{Note, RequestCx, request::Left, routes};
use crate::{
    access::Refused,
    audit::{self, Event, EventKind, Outcome},
    cx::Cx,
    store::{StoreError, sessions::SignedInAs},
    ui::{Flash, FormState},
};

/// The session keys of this module.
pub const FLASH_KEY: &str = "flash";
/// A form that came back.
pub const FORM_KEY: &str = "form";
/// Where to go on after signing in or stepping up.
pub const CONTINUE_KEY: &str = "continue";
/// A form that waits for a fresh second factor, so that nothing typed into it is lost on the way.
const WAITING_FORM_KEY: &str = "waiting_form";

/// Where the person wanted to go before signing in or stepping up, taken out of the session; a form that waited comes back there.
pub async fn take_wanted(request: &RequestCx) -> Option<String> {
    let wanted: Option<String> = request.session.remove(CONTINUE_KEY).await.ok().flatten();
    if let Ok(Some(form)) = request.session.remove::<ReturnedForm>(WAITING_FORM_KEY).await {
        let _ = request.session.insert(FORM_KEY, form).await;
    }
    wanted.filter(|path| routes::is_own_page(path))
}

/// A refused form as it waits in the session for its page.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct ReturnedForm {
    /// Which form of the page.
    pub id: String,
    /// What was typed and what is wrong with it.
    pub state: FormState,
}

/// A form that did what it should.
#[derive(Debug)]
pub struct Done {
    to: String,
    flash: Option<Flash>,
    session: SessionChange,
    remembered: Vec<(&'static str, serde_json::Value)>,
    note: Option<Note>,
}

/// What happens to the browser's session once the command is committed.
#[derive(Debug, Default)]
enum SessionChange {
    #[default]
    None,
    SignIn(SignedInAs),
    SignOut,
}

impl Done {
    /// Goes on at a page of this portal.
    #[must_use]
    pub fn to(path: impl Into<String>) -> Self {
        Self {
            to: path.into(),
            flash: None,
            session: SessionChange::None,
            remembered: Vec::new(),
            note: None,
        }
    }
    /// Goes on where the person wanted to go before signing in or stepping up, else to `path`.
    pub async fn to_wanted_or(request: &RequestCx, path: &str) -> Self {
        Self::to(take_wanted(request).await.unwrap_or_else(|| path.to_owned()))
    }
    /// Makes the session this person's, under a new cookie value.
    #[must_use]
    pub fn signing_in(mut self, who: SignedInAs) -> Self {
        self.session = SessionChange::SignIn(who);
        self
    }
    /// Ends the session.
    #[must_use]
    pub fn signing_out(mut self) -> Self {
        self.session = SessionChange::SignOut;
        self
    }
    /// Keeps a value in the session.
    #[must_use]
    pub fn remembering(mut self, key: &'static str, value: impl Serialize) -> Self {
        self.remembered.push((key, serde_json::to_value(value).unwrap_or_default()));
        self
    }
    /// Gives the browser a note to keep beyond the session, if there is one to give.
    #[must_use]
    pub fn noting(mut self, note: Option<Note>) -> Self {
        self.note = note;
        self
    }
    /// Says what happened.
    #[must_use]
    pub fn saying(mut self, flash: Flash) -> Self {
        self.flash = Some(flash);
        self
    }
}

/// A form that did nothing, and why.
#[derive(Debug, Error)]
pub enum Refusal {
    /// Something typed is wrong: the form comes back with its values.
    #[error("the form was refused: {summary}")]
    Form {
        /// What to do, in a sentence.
        summary: String,
        /// Per field (by name), what is wrong.
        errors: Vec<(String, String)>,
        /// What the command wrote is kept all the same (a failed attempt in the trail).
        keep: bool,
    },
    /// Not allowed, not visible, or not without a fresh second factor.
    #[error(transparent)]
    Access(#[from] Refused),
    /// The database.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Refusal {
    /// The whole form is wrong.
    #[must_use]
    pub fn because(summary: impl Into<String>) -> Self {
        Self::Form {
            summary: summary.into(),
            errors: Vec::new(),
            keep: false,
        }
    }
    /// One field is wrong.
    #[must_use]
    pub fn field(name: impl Into<String>, message: impl Into<String>) -> Self {
        Self::fields(vec![(name.into(), message.into())])
    }
    /// Several fields are wrong.
    #[must_use]
    pub fn fields(errors: Vec<(String, String)>) -> Self {
        Self::Form {
            summary: "Nothing was changed yet. Please correct what is marked below.".to_owned(),
            errors,
            keep: false,
        }
    }
    /// Commits what the command wrote (the attempt itself), although the form comes back.
    #[must_use]
    pub fn kept(self) -> Self {
        match self {
            Self::Form { summary, errors, .. } => Self::Form {
                summary,
                errors,
                keep: true,
            },
            other => other,
        }
    }
}

/// Collects what is wrong with a form, so that all of it is said at once.
#[derive(Debug, Default)]
pub struct FieldErrors(Vec<(String, String)>);

impl FieldErrors {
    /// Keeps a good value, or notes the error under the field's name.
    pub fn take<T, E: std::fmt::Display>(&mut self, field: &str, parsed: Result<T, E>) -> Option<T> {
        match parsed {
            Ok(value) => Some(value),
            Err(error) => {
                self.add(field, error.to_string());
                None
            }
        }
    }
    /// Notes an error.
    pub fn add(&mut self, field: &str, message: impl Into<String>) {
        self.0.push((field.to_owned(), message.into()));
    }
    /// Refuses the form when anything was noted.
    ///
    /// # Errors
    /// [`Refusal::Form`] with every error.
    pub fn check(self) -> Result<(), Refusal> {
        if self.0.is_empty() { Ok(()) } else { Err(Refusal::fields(self.0)) }
    }
    /// The refusal itself, for `let … else`.
    #[must_use]
    pub fn refusal(self) -> Refusal {
        Refusal::fields(self.0)
    }
}

/// One form being answered: the command's context, and where to go back to.
pub struct Post {
    /// The command's context.
    pub cx: Cx,
    /// The request.
    pub request: RequestCx,
    form: ReturnedForm,
    back: String,
}

impl Post {
    /// Begins: `form` names the form on the page `back`; `values` come back with it when it is refused (no secrets).
    ///
    /// # Errors
    /// Only when the database does not answer; the error page is sent then.
    pub async fn begin<N: Into<String>>(
        form: &str,
        back: impl Into<String>,
        values: impl IntoIterator<Item = (N, String)>,
    ) -> Result<Self, ServerFnError> {
        let Some(request) = RequestCx::current() else {
            return Err(answer_with(500));
        };
        let state = FormState::from_pairs(values.into_iter().map(|(name, value)| (name.into(), value)));
        let form = ReturnedForm {
            id: form.to_owned(),
            state,
        };
        match request.begin().await {
            Ok(cx) => Ok(Self {
                cx,
                request,
                form,
                back: back.into(),
            }),
            Err(error) => Err(store_failed(&error)),
        }
    }

    /// Commits and goes on, or sends the form back.
    ///
    /// # Errors
    /// Carries the status of an error page; the router renders it.
    pub async fn finish(self, outcome: Result<Done, Refusal>) -> Result<(), ServerFnError> {
        let Self {
            cx,
            request,
            mut form,
            back,
        } = self;
        match outcome {
            Ok(done) => {
                if let Err(error) = cx.commit().await {
                    return Err(store_failed(&error));
                }
                request.note_committed(if matches!(done.session, SessionChange::SignOut) {
                    Left::SigningOut
                } else {
                    Left::Noting
                });
                // After the commit: the session is written by the same single writer.
                let kept = match done.session {
                    SessionChange::None => Ok(()),
                    SessionChange::SignIn(who) => request.sign_in(&who).await,
                    SessionChange::SignOut => request.session.flush().await,
                };
                if let Err(error) = kept {
                    tracing::error!(%error, "a command was committed, but the session could not be written");
                    return Err(answer_with(500));
                }
                for (key, value) in done.remembered {
                    let _ = request.session.insert_value(key, value).await;
                }
                if let Some(flash) = done.flash {
                    let _ = request.session.insert(FLASH_KEY, flash).await;
                }
                let note = done.note.and_then(|note| note.header(&request.portal.settings.public_url));
                if let (Some(note), Some(response)) = (note, use_context::<ResponseOptions>()) {
                    response.append_header(header::SET_COOKIE, note);
                }
                see_other(&done.to);
                Ok(())
            }
            Err(Refusal::Form { summary, errors, keep }) => {
                if keep {
                    if let Err(error) = cx.commit().await {
                        return Err(store_failed(&error));
                    }
                } else {
                    let _ = cx.tx.rollback().await;
                }
                form.state = form.state.with_summary(summary);
                for (name, message) in errors {
                    form.state = form.state.with_error(&name, message);
                }
                return_form(&request, form, &back).await
            }
            Err(Refusal::Store(StoreError::Stale)) => {
                let _ = cx.tx.rollback().await;
                form.state = form.state.with_summary(
                    "Someone else changed this since you opened the page, so nothing was done. The page now shows how it is; check it and try again.",
                );
                return_form(&request, form, &back).await
            }
            Err(Refusal::Store(error)) => {
                let _ = cx.tx.rollback().await;
                Err(store_failed(&error))
            }
            Err(Refusal::Access(refused)) => {
                let _ = cx.tx.rollback().await;
                refuse(&request, form, &back, refused).await
            }
        }
    }
}

async fn return_form(request: &RequestCx, form: ReturnedForm, back: &str) -> Result<(), ServerFnError> {
    if let Err(error) = request.session.insert(FORM_KEY, form).await {
        return Err(store_failed(&StoreError::Unavailable(error.to_string())));
    }
    see_other(back);
    Ok(())
}

async fn refuse(request: &RequestCx, form: ReturnedForm, back: &str, refused: Refused) -> Result<(), ServerFnError> {
    match refused {
        Refused::SignedOut => {
            let _ = request.session.insert(CONTINUE_KEY, back).await;
            see_other(routes::SIGN_IN);
            Ok(())
        }
        Refused::StepUp => {
            let _ = request.session.insert(CONTINUE_KEY, back).await;
            let _ = request.session.insert(WAITING_FORM_KEY, form).await;
            see_other(routes::STEP_UP);
            Ok(())
        }
        Refused::NotFound => Err(answer_with(404)),
        Refused::Forbidden { action, reason } => {
            record_denial(request, action.as_str(), &reason).await;
            Err(answer_with(403))
        }
    }
}

/// Leaves a trace of a refused attempt; the attempt's own transaction is gone.
async fn record_denial(request: &RequestCx, action: &str, reason: &str) {
    let written = async {
        let mut cx = request.begin().await?;
        let mut event = Event::new(EventKind::AccessDenied)
            .outcome(Outcome::Denied)
            .reason(reason)
            .detail("action", action);
        if let Some(member) = request.actor.member() {
            event = event.organization(member.organization, member.organization_name.clone());
        }
        audit::record(&mut cx, event).await?;
        cx.commit().await
    };
    if let Err(error) = written.await {
        tracing::error!(%error, "a refusal was not recorded");
    }
}

/// Redirects with 303, so that the browser asks the next page with GET. Leptos's own `redirect` panics on what a header cannot hold.
pub fn see_other(path: &str) {
    if let Some(response) = use_context::<ResponseOptions>() {
        response.insert_header(header::LOCATION, location(path));
        response.set_status(http::StatusCode::SEE_OTHER);
    }
}

/// The same as an answer, for plain handlers.
#[must_use]
pub fn redirection(path: &str) -> http::Response<axum::body::Body> {
    let mut response = http::Response::new(axum::body::Body::empty());
    *response.status_mut() = http::StatusCode::SEE_OTHER;
    response.headers_mut().insert(header::LOCATION, location(path));
    response
}

/// A page of ours as the value of `Location`: what cannot stand in a URI (RFC 3986 §2) is percent-encoded, and what would lead to
/// another site leads to the start page.
#[must_use]
pub fn location(path: &str) -> HeaderValue {
    let mut safe = String::with_capacity(path.len());
    for byte in path.bytes() {
        if byte.is_ascii_graphic() && !b"\"<>\\^`{|}".contains(&byte) {
            safe.push(char::from(byte));
        } else {
            safe.push_str(&format!("%{byte:02X}"));
        }
    }
    let ours = safe.starts_with('/') && !safe.starts_with("//");
    HeaderValue::from_str(if ours { &safe } else { routes::HOME }).unwrap_or(HeaderValue::from_static(routes::HOME))
}

/// Asks the router for the error page of a status. The text is never shown.
fn answer_with(status: u16) -> ServerFnError {
    expect_context::<ResponseOptions>().set_status(http::StatusCode::from_u16(status).unwrap_or(http::StatusCode::INTERNAL_SERVER_ERROR));
    ServerFnError::ServerError("refused".to_owned())
}

fn store_failed(error: &StoreError) -> ServerFnError {
    tracing::error!(%error, "the database did not do what it should");
    answer_with(503)
}
