//! The people of an organization as a CSV file (RFC 4180): what the page shows, all pages of it.

use axum::{
    Extension, Router,
    body::Body,
    extract::Path,
    http::{Response, Uri},
    routing::get,
};

use super::{
    MemberFilter, MemberPage,
    queries::{self, TeamPerson},
};
use crate::{
    cx::Qx,
    organizations::{self, Organization},
    ui::time,
    web::{
        PageError, RequestCx, WebState,
        download::{CSV, attachment, csv_lines, refused},
        routes,
    },
};

/// At most so many rows stand in one file; a partner has fewer seats.
const MOST_ROWS: usize = 50_000;

const COLUMNS: [&str; 8] = ["Name", "E-mail", "Role", "Status", "Applications", "Last seen", "Ends", "Subject"];

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
    made.await.unwrap_or_else(|error| refused(&request, &error))
}

/// `GET /partners/{slug}/people.csv`
async fn people_of_partner(Extension(request): Extension<RequestCx>, Path(slug): Path<String>, uri: Uri) -> Response<Body> {
    let made = async {
        let qx = request.query().await?;
        let organization = organizations::queries::partner(&qx, &slug).await?;
        csv_of(&request, &qx, &organization, &uri).await
    };
    made.await.unwrap_or_else(|error| refused(&request, &error))
}

async fn csv_of(request: &RequestCx, qx: &Qx, organization: &Organization, uri: &Uri) -> Result<Response<Body>, PageError> {
    let query: Vec<(String, String)> = url::form_urlencoded::parse(uri.query().unwrap_or_default().as_bytes())
        .into_owned()
        .collect();
    let filter = MemberFilter::read(|name| query.iter().find(|(key, _)| key == name).map(|(_, value)| value.clone()));
    let zone = request.actor.person().map_or(chrono_tz::Tz::UTC, |person| person.time_zone);
    let mut text = csv_lines([COLUMNS.map(str::to_owned)]);
    let mut page = MemberPage::First;
    let mut rows = 0;
    loop {
        let team = queries::team(qx, organization, &filter, &page).await?;
        rows += team.people.len();
        text.extend(csv_lines(team.people.iter().map(|person| record(person, zone))));
        match team.after {
            Some(cursor) if rows < MOST_ROWS => page = MemberPage::After(cursor),
            _ => break,
        }
    }
    Ok(attachment(&format!("{}-people.csv", organization.slug), CSV, Body::from(text)))
}

fn record(person: &TeamPerson, zone: chrono_tz::Tz) -> [String; 8] {
    let moment = |at: Option<_>| at.map(|at| time::exact(at, zone)).unwrap_or_default();
    [
        person.name.clone(),
        person.email.clone(),
        person.member.role.title().to_owned(),
        person.standing.title().to_owned(),
        person.applications.to_string(),
        moment(person.member.last_seen_at),
        moment(person.ends_at),
        person.member.id.to_string(),
    ]
}
