//! Exports of the trail: `GET …/export.csv` and `…/export.jsonl`, with the filters of the page, streamed batch by batch.

use std::collections::HashMap;

use axum::{
    Extension, Router,
    body::{Body, Bytes},
    extract::{Path, Query},
    http::StatusCode,
    response::Response,
    routing::get,
};
use futures::stream;

use super::{
    Event, EventKind, Subject, TrailQuery,
    export::Format,
    queries::{self, BATCH_SIZE},
    record,
};
use crate::{
    cx::Qx,
    kernel::PageRequest,
    organizations::Organization,
    store::{StoreError, audit_events::TrailScope},
    web::{
        PageError, RequestCx, WebState,
        download::{attachment, refused},
        error_page,
    },
};

type Pairs = Query<HashMap<String, String>>;

/// The export routes.
pub fn routes() -> Router<WebState> {
    Router::new()
        .route(
            "/audit/export.csv",
            get(async |request, query| whole(Format::Csv, request, query).await),
        )
        .route(
            "/audit/export.jsonl",
            get(async |request, query| whole(Format::JsonLines, request, query).await),
        )
        .route(
            "/team/activity/export.csv",
            get(async |request, query| team(Format::Csv, request, query).await),
        )
        .route(
            "/team/activity/export.jsonl",
            get(async |request, query| team(Format::JsonLines, request, query).await),
        )
        .route(
            "/partners/{org}/activity/export.csv",
            get(async |request, path, query| partner(Format::Csv, request, path, query).await),
        )
        .route(
            "/partners/{org}/activity/export.jsonl",
            get(async |request, path, query| partner(Format::JsonLines, request, path, query).await),
        )
}

/// `GET /audit/export.{csv,jsonl}`: everything, or the partners one answers for.
async fn whole(format: Format, Extension(request): Extension<RequestCx>, Query(pairs): Pairs) -> Response {
    let exported = async {
        let qx = request.query().await?;
        let scope = queries::whole_scope(&qx)?;
        export(&request, qx, scope, None, &pairs, format).await
    };
    exported.await.unwrap_or_else(|error| refused(&request, &error))
}

/// `GET /team/activity/export.{csv,jsonl}`: the organization of the active hat.
async fn team(format: Format, Extension(request): Extension<RequestCx>, Query(pairs): Pairs) -> Response {
    let exported = async {
        let qx = request.query().await?;
        let (scope, organization) = queries::team_scope(&qx).await?;
        export(&request, qx, scope, Some(organization), &pairs, format).await
    };
    exported.await.unwrap_or_else(|error| refused(&request, &error))
}

/// `GET /partners/{org}/activity/export.{csv,jsonl}`: one partner.
async fn partner(format: Format, Extension(request): Extension<RequestCx>, Path(slug): Path<String>, Query(pairs): Pairs) -> Response {
    let exported = async {
        let qx = request.query().await?;
        let (scope, organization) = queries::partner_scope(&qx, &slug).await?;
        export(&request, qx, scope, Some(organization), &pairs, format).await
    };
    exported.await.unwrap_or_else(|error| refused(&request, &error))
}

/// Records the export, then streams it. No transaction is open meanwhile: each batch continues behind the last event of
/// the one before, so what is written during the export does not shift it.
async fn export(
    request: &RequestCx,
    qx: Qx,
    scope: TrailScope,
    organization: Option<Organization>,
    pairs: &HashMap<String, String>,
    format: Format,
) -> Result<Response, PageError> {
    let query = TrailQuery::read(|name| pairs.get(name).cloned());
    if !query.problems.is_empty() {
        // A filter that is not understood must not turn into an export of everything.
        return Ok(error_page(
            StatusCode::BAD_REQUEST,
            request.meta.request_id.as_deref().unwrap_or_default(),
        ));
    }
    note(request, &query, organization.as_ref(), format).await?;
    let name = file_name(&query, organization.as_ref(), &qx, format);
    // The first batch is read before the answer begins, so that a database that is gone gets an error page.
    let first = queries::events(&qx, scope, &query, PageRequest::Newest, BATCH_SIZE).await?;
    let mut head = format.head();
    head.extend(format.rows(&first.rows));
    let next = first.older;
    let rest = stream::try_unfold((qx, query, next), move |(qx, query, next)| async move {
        let Some(cursor) = next else { return Ok::<_, StoreError>(None) };
        let batch = queries::events(&qx, scope, &query, PageRequest::Older(cursor), BATCH_SIZE)
            .await
            .inspect_err(|error| {
                // The connection is cut, so that a file that lacks its end is not taken for a whole one.
                tracing::error!(%error, "an export was broken off");
            })?;
        Ok(Some((Bytes::from(format.rows(&batch.rows)), (qx, query, batch.older))))
    });
    let body = futures::StreamExt::chain(stream::once(async move { Ok::<_, StoreError>(Bytes::from(head)) }), rest);
    Ok(attachment(&name, format.media_type(), Body::from_stream(body)))
}

async fn note(request: &RequestCx, query: &TrailQuery, organization: Option<&Organization>, format: Format) -> Result<(), PageError> {
    let mut cx = request.begin().await?;
    let mut event = Event::new(EventKind::TrailExported).detail("format", format.extension());
    if let Some(organization) = organization {
        event = event
            .organization(organization.id, organization.name.as_str())
            .subject(Subject::new("organization", organization.id, organization.name.as_str()));
    }
    for (name, value) in query.pairs().into_iter().filter(|(_, value)| !value.is_empty()) {
        event = event.detail(filter_key(name), value);
    }
    record(&mut cx, event).await?;
    Ok(cx.commit().await?)
}

/// The filters' names as they stand in the event.
fn filter_key(name: &'static str) -> &'static str {
    match name {
        "from" => "first_day",
        "to" => "last_day",
        other => other,
    }
}

/// E.g. `audit-trail-acme-consulting-2027-01-01-to-2027-03-31.csv`.
fn file_name(query: &TrailQuery, organization: Option<&Organization>, qx: &Qx, format: Format) -> String {
    let whose = organization.map_or_else(|| "all".to_owned(), |organization| organization.slug.clone());
    let whose: String = whose.chars().filter(|c| c.is_ascii_alphanumeric() || *c == '-').collect();
    let today = qx.now.date_naive();
    let days = match (query.from, query.to) {
        (None, None) => format!("until-{today}"),
        (Some(from), None) => format!("{from}-to-{today}"),
        (None, Some(to)) => format!("until-{to}"),
        (Some(from), Some(to)) => format!("{from}-to-{to}"),
    };
    format!("audit-trail-{whose}-{days}.{}", format.extension())
}
