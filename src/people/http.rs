//! The people of an organization as a CSV file (RFC 4180): what the page shows, all pages of it.

use axum::{
    Extension, Router,
    body::Body,
    extract::Path,
    http::{HeaderValue, Response, StatusCode, Uri, header},
    response::IntoResponse as _,
    routing::get,
};

use super::{
    MemberFilter, MemberPage,
    queries::{self, TeamPerson},
};
use crate::{
    access::Refused,
    cx::Qx,
    organizations::{self, Organization},
    ui::time,
    web::{PageError, RequestCx, WebState, error_page, redirection, routes},
};

/// At most so many rows stand in one file; a partner has fewer seats.
const MOST_ROWS: usize = 50_000;

/// The files of this domain.
pub fn routes() -> Router<WebState> {
    Router::new()
        .route(routes::TEAM_CSV, get(own_people))
        .route("/partners/{slug}/people.csv", get(people_of_partner))
}

/// `GET /team.csv`
async fn own_people(Extension(request): Extension<RequestCx>, uri: Uri) -> Response<Body> {
    let made = async {
        let qx = request.query().await?;
        let organization = queries::own_team(&qx).await?;
        csv_of(&request, &qx, &organization, &uri).await
    };
    answer(&request, made.await)
}

/// `GET /partners/{slug}/people.csv`
async fn people_of_partner(Extension(request): Extension<RequestCx>, Path(slug): Path<String>, uri: Uri) -> Response<Body> {
    let made = async {
        let qx = request.query().await?;
        let organization = organizations::queries::partner(&qx, &slug).await?;
        csv_of(&request, &qx, &organization, &uri).await
    };
    answer(&request, made.await)
}

/// The file's name and text.
async fn csv_of(request: &RequestCx, qx: &Qx, organization: &Organization, uri: &Uri) -> Result<(String, String), PageError> {
    let query: Vec<(String, String)> = url::form_urlencoded::parse(uri.query().unwrap_or_default().as_bytes())
        .into_owned()
        .collect();
    let filter = MemberFilter::read(|name| query.iter().find(|(key, _)| key == name).map(|(_, value)| value.clone()));
    let zone = request.actor.person().map_or(chrono_tz::Tz::UTC, |person| person.time_zone);
    let mut writer = csv::Writer::from_writer(Vec::new());
    let mut wrote = writer.write_record(["Name", "E-mail", "Role", "Status", "Applications", "Last seen", "Ends", "Subject"]);
    let mut page = MemberPage::First;
    let mut rows = 0;
    loop {
        let team = queries::team(qx, organization, &filter, &page).await?;
        rows += team.people.len();
        for person in &team.people {
            wrote = wrote.and_then(|()| writer.write_record(record(person, zone)));
        }
        match team.after {
            Some(cursor) if rows < MOST_ROWS => page = MemberPage::After(cursor),
            _ => break,
        }
    }
    let text = wrote
        .ok()
        .and_then(|()| writer.into_inner().ok())
        .and_then(|bytes| String::from_utf8(bytes).ok());
    Ok((format!("{}-people.csv", organization.slug), text.unwrap_or_default()))
}

fn record(person: &TeamPerson, zone: chrono_tz::Tz) -> [String; 8] {
    let moment = |at: Option<_>| at.map(|at| time::exact(at, zone)).unwrap_or_default();
    [
        harmless(&person.name),
        harmless(&person.email),
        person.member.role.title().to_owned(),
        person.standing.title().to_owned(),
        person.applications.to_string(),
        moment(person.member.last_seen_at),
        moment(person.ends_at),
        person.member.id.to_string(),
    ]
}

/// Spreadsheets run a cell that begins like a formula; an apostrophe in front makes it text.
fn harmless(text: &str) -> String {
    if text.starts_with(['=', '+', '-', '@', '\t', '\r']) {
        format!("'{text}")
    } else {
        text.to_owned()
    }
}

fn answer(request: &RequestCx, made: Result<(String, String), PageError>) -> Response<Body> {
    let reference = request.meta.request_id.clone().unwrap_or_default();
    match made {
        Ok((name, text)) => {
            let mut response = text.into_response();
            let disposition = HeaderValue::from_str(&format!("attachment; filename=\"{name}\""));
            response
                .headers_mut()
                .insert(header::CONTENT_TYPE, HeaderValue::from_static("text/csv; charset=utf-8"));
            response.headers_mut().insert(
                header::CONTENT_DISPOSITION,
                disposition.unwrap_or(HeaderValue::from_static("attachment")),
            );
            response
        }
        Err(PageError::Access(Refused::SignedOut)) => redirection(routes::SIGN_IN),
        Err(PageError::Access(Refused::StepUp)) => redirection(routes::STEP_UP),
        Err(PageError::SeeOther(path)) => redirection(&path),
        Err(PageError::NotFound | PageError::Access(Refused::NotFound)) => error_page(StatusCode::NOT_FOUND, &reference),
        Err(PageError::Access(Refused::Forbidden { .. })) => error_page(StatusCode::FORBIDDEN, &reference),
        Err(PageError::Store(error)) => {
            tracing::error!(%error, "a list of people could not be made");
            error_page(StatusCode::SERVICE_UNAVAILABLE, &reference)
        }
    }
}
