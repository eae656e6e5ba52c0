//! `GET /certifications.csv`: the list of certifications as a file, all pages of it, streamed batch by batch.

use axum::{
    Extension, Router,
    body::{Body, Bytes},
    response::Response,
    routing::get,
};
use chrono::SecondsFormat;
use futures::{StreamExt as _, stream};

use super::queries::{self, DueRow};
use crate::{
    cx::Qx,
    kernel::{PageRequest, Timestamp},
    web::{
        PageError, RequestCx, WebState,
        download::{self, attachment, csv_lines},
        routes,
    },
};

/// Partners that are read at a time.
const BATCH_SIZE: usize = 500;

const COLUMNS: [&str; 11] = [
    "Partner",
    "Short name",
    "Status",
    "Owner",
    "Due",
    "Last certified",
    "People",
    "Applications",
    "Last use",
    "Contract",
    "Contract ends",
];

/// The file of this domain.
pub fn routes() -> Router<WebState> {
    Router::new().route(routes::CERTIFICATIONS_CSV, get(certifications))
}

async fn certifications(Extension(request): Extension<RequestCx>) -> Response {
    let made = async { file(request.query().await?, BATCH_SIZE).await };
    made.await.unwrap_or_else(|error| download::refused(&request, &error))
}

/// The partners that the page shows. Each batch continues behind the last partner of the one before.
pub(super) async fn file(qx: Qx, batch_size: usize) -> Result<Response, PageError> {
    let name = format!("certifications-{}.csv", qx.now.date_naive());
    // The first batch is read before the answer begins, so that whoever may not have it, or a database that is gone, gets a page.
    let first = queries::due_batch(&qx, PageRequest::Newest, batch_size).await?;
    let mut head = csv_lines([COLUMNS.map(str::to_owned)]);
    head.extend(csv_lines(first.rows.iter().map(cells)));
    let rest = stream::try_unfold((qx, first.older), move |(qx, next)| async move {
        let Some(cursor) = next else { return Ok::<_, PageError>(None) };
        let batch = queries::due_batch(&qx, PageRequest::Older(cursor), batch_size)
            .await
            .inspect_err(|error| {
                // The connection is cut, so that a file that lacks its end is not taken for a whole one.
                tracing::error!(%error, "a list of certifications was broken off");
            })?;
        Ok(Some((Bytes::from(csv_lines(batch.rows.iter().map(cells))), (qx, batch.older))))
    });
    let body = stream::once(async move { Ok(Bytes::from(head)) }).chain(rest);
    Ok(attachment(&name, download::CSV, Body::from_stream(body)))
}

fn cells(row: &DueRow) -> [String; 11] {
    let moment = |at: Option<Timestamp>| at.map(|at| at.to_rfc3339_opts(SecondsFormat::Secs, true)).unwrap_or_default();
    let contract = row.contract.as_ref();
    [
        row.organization.name.clone(),
        row.organization.slug.clone(),
        row.organization.status.title().to_owned(),
        row.owner.clone().unwrap_or_default(),
        moment(row.organization.certification_due_at),
        moment(row.organization.certified_at),
        row.people.to_string(),
        row.applications.to_string(),
        moment(row.last_used_at),
        contract.map(|contract| contract.reference.clone()).unwrap_or_default(),
        moment(contract.map(|contract| contract.ends_at)),
    ]
}
