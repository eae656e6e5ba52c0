//! Rows of clients.

use std::collections::{BTreeSet, HashMap};

use sea_orm::{
    ActiveValue::Set, ColumnTrait as _, EntityTrait as _, QueryFilter as _, QueryOrder as _, QuerySelect as _, sea_query::OnConflict,
};

use super::super::{Db, StoreError, Tx, entity, parse};
use crate::{
    issuer::{Client, ClientTerms, GrantType, is_client_id},
    kernel::{ApplicationId, ClientId},
};
use entity::oauth_client::{ActiveModel, Column as C, Entity, Model};

fn json<T: serde::de::DeserializeOwned>(column: &'static str, value: &str) -> Result<T, StoreError> {
    serde_json::from_str(value).map_err(|_| StoreError::Corrupt { column })
}

fn words(column: &'static str, value: &str) -> Result<Vec<String>, StoreError> {
    json(column, value)
}

fn text<T: serde::Serialize>(values: &[T]) -> String {
    serde_json::to_string(values).unwrap_or_else(|_| "[]".to_owned())
}

fn client(row: Model) -> Result<Client, StoreError> {
    let grant_types = words("oauth_clients.grant_types", &row.grant_types)?;
    Ok(Client {
        id: row.id.into(),
        application: row.application_id.into(),
        terms: ClientTerms {
            client_id: row.client_id,
            name: row.name,
            authentication: parse("oauth_clients.authentication", &row.authentication)?,
            key_set: row.key_set,
            redirect_uris: words("oauth_clients.redirect_uris", &row.redirect_uris)?,
            post_logout_redirect_uris: words("oauth_clients.post_logout_redirect_uris", &row.post_logout_redirect_uris)?,
            backchannel_logout_uri: row.backchannel_logout_uri,
            initiate_login_uri: row.initiate_login_uri,
            audience: row.audience,
            signing: parse("oauth_clients.signing", &row.signing)?,
            subjects: parse("oauth_clients.subjects", &row.subjects)?,
            grant_types: grant_types
                .iter()
                .map(|word| parse("oauth_clients.grant_types", word))
                .collect::<Result<Vec<GrantType>, _>>()?,
            own_scopes: words("oauth_clients.own_scopes", &row.own_scopes)?,
            first_party: row.first_party,
            may_act_for: parse("oauth_clients.may_act_for", &row.may_act_for)?,
            sender_constrained: row.sender_constrained,
            claim_names: json("oauth_clients.claim_names", &row.claim_names)?,
            access_seconds: row.access_seconds,
            id_seconds: row.id_seconds,
            refresh_seconds: row.refresh_seconds,
        },
        secret_hash: row.secret_hash,
        disabled_at: row.disabled_at,
        created_at: row.created_at,
        version: row.version,
    })
}

fn row(client: &Client, version: i32) -> ActiveModel {
    let terms = &client.terms;
    ActiveModel {
        id: Set(client.id.0),
        application_id: Set(client.application.0),
        client_id: Set(terms.client_id.clone()),
        name: Set(terms.name.clone()),
        authentication: Set(terms.authentication.as_str().to_owned()),
        secret_hash: Set(client.secret_hash.clone()),
        key_set: Set(terms.key_set.clone()),
        redirect_uris: Set(text(&terms.redirect_uris)),
        post_logout_redirect_uris: Set(text(&terms.post_logout_redirect_uris)),
        backchannel_logout_uri: Set(terms.backchannel_logout_uri.clone()),
        initiate_login_uri: Set(terms.initiate_login_uri.clone()),
        audience: Set(terms.audience.clone()),
        signing: Set(terms.signing.as_str().to_owned()),
        subjects: Set(terms.subjects.as_str().to_owned()),
        grant_types: Set(text(&terms.grant_types)),
        own_scopes: Set(text(&terms.own_scopes)),
        first_party: Set(terms.first_party),
        may_act_for: Set(terms.may_act_for.as_str().to_owned()),
        sender_constrained: Set(terms.sender_constrained),
        claim_names: Set(serde_json::to_string(&terms.claim_names).unwrap_or_else(|_| "{}".to_owned())),
        access_seconds: Set(terms.access_seconds),
        id_seconds: Set(terms.id_seconds),
        refresh_seconds: Set(terms.refresh_seconds),
        disabled_at: Set(client.disabled_at),
        created_at: Set(client.created_at),
        version: Set(version),
    }
}

/// A client by the name it calls itself.
pub async fn by_name(db: &impl Db, client_id: &str) -> Result<Option<Client>, StoreError> {
    // What cannot be a name is none; PostgreSQL would refuse some of it.
    if !is_client_id(client_id) {
        return Ok(None);
    }
    let query = Entity::find().filter(C::ClientId.eq(client_id));
    query.one(db.connection()).await?.map(client).transpose()
}

/// The clients whose tokens are for this audience, oldest first.
pub async fn by_audience(db: &impl Db, audience: &str) -> Result<Vec<Client>, StoreError> {
    // What cannot be an audience is none; PostgreSQL would refuse some of it.
    if audience.chars().any(char::is_control) {
        return Ok(Vec::new());
    }
    let query = Entity::find().filter(C::Audience.eq(audience)).order_by_asc(C::Id);
    query.all(db.connection()).await?.into_iter().map(client).collect()
}

/// The clients that may act for people and are in use, by name.
pub async fn that_act(db: &impl Db) -> Result<Vec<Client>, StoreError> {
    let query = Entity::find()
        .filter(C::MayActFor.ne(crate::issuer::ActingKind::None.as_str()))
        .filter(C::DisabledAt.is_null())
        .order_by_asc(C::Name);
    query.all(db.connection()).await?.into_iter().map(client).collect()
}

/// These clients.
pub async fn get_many(db: &impl Db, ids: impl IntoIterator<Item = ClientId> + Send) -> Result<Vec<Client>, StoreError> {
    let query = Entity::find().filter(C::Id.is_in(ids.into_iter().map(|id| id.0)));
    query.all(db.connection()).await?.into_iter().map(client).collect()
}

/// A client by its id.
pub async fn get(db: &impl Db, id: ClientId) -> Result<Option<Client>, StoreError> {
    Entity::find_by_id(id.0).one(db.connection()).await?.map(client).transpose()
}

/// The present versions of clients.
pub async fn versions(db: &impl Db, ids: impl Iterator<Item = ClientId>) -> Result<HashMap<ClientId, i32>, StoreError> {
    let ids: BTreeSet<uuid::Uuid> = ids.map(|id| id.0).collect();
    let query = Entity::find().select_only().columns([C::Id, C::Version]).filter(C::Id.is_in(ids));
    let rows: Vec<(uuid::Uuid, i32)> = query.into_tuple().all(db.connection()).await?;
    Ok(rows.into_iter().map(|(id, version)| (id.into(), version)).collect())
}

/// The clients of an application, oldest first.
pub async fn of_application(db: &impl Db, application: ApplicationId) -> Result<Vec<Client>, StoreError> {
    let query = Entity::find().filter(C::ApplicationId.eq(application.0)).order_by_asc(C::Id);
    query.all(db.connection()).await?.into_iter().map(client).collect()
}

/// Adds a client; answers false when the name is taken.
pub async fn insert(tx: &Tx, client: &Client) -> Result<bool, StoreError> {
    let rows = Entity::insert(row(client, client.version))
        .on_conflict(OnConflict::column(C::ClientId).do_nothing().to_owned())
        .exec_without_returning(tx.connection())
        .await?;
    Ok(rows == 1)
}

/// Writes a client back.
///
/// # Errors
/// [`StoreError::Stale`] when its version moved on.
pub async fn update(tx: &Tx, client: &Client) -> Result<(), StoreError> {
    let mut row = row(client, client.version + 1);
    row.id = sea_orm::ActiveValue::NotSet;
    let done = Entity::update_many()
        .set(row)
        .filter(C::Id.eq(client.id.0))
        .filter(C::Version.eq(client.version))
        .exec(tx.connection())
        .await?;
    if done.rows_affected == 1 { Ok(()) } else { Err(StoreError::Stale) }
}
