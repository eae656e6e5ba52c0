//! The tenant's one row and the roles of its people.

use sea_orm::{
    ActiveValue::Set, ColumnTrait as _, EntityTrait as _, PaginatorTrait as _, QueryFilter as _, QueryOrder as _, QuerySelect as _,
    QueryTrait as _, sea_query::OnConflict,
};

use super::{Db, StoreError, Tx, entity, parse};
use crate::{
    kernel::{PersonId, Timestamp},
    organizations::Tenant,
    people::TenantRole,
};

fn tenant(row: entity::tenant::Model) -> Result<Tenant, StoreError> {
    Ok(Tenant {
        accent: parse("tenant.accent", &row.accent)?,
        time_zone: parse("tenant.time_zone", &row.time_zone)?,
        name: row.name,
        support_contact: row.support_contact,
        warning_days: row.warning_days,
        certification_grace_days: row.certification_grace_days,
        version: row.version,
        policies_generation: row.policies_generation,
    })
}

/// The tenant; none before the first `portico apply`.
pub async fn get(db: &impl Db) -> Result<Option<Tenant>, StoreError> {
    entity::tenant::Entity::find().one(db.connection()).await?.map(tenant).transpose()
}

/// The tenant, held until the transaction ends: whoever changes it or its people's roles waits.
pub async fn get_locked(tx: &Tx) -> Result<Option<Tenant>, StoreError> {
    let mut query = entity::tenant::Entity::find();
    if tx.locks_rows() {
        query = query.lock_exclusive();
    }
    query.one(tx.connection()).await?.map(tenant).transpose()
}

/// How many people other than `except` could act in a role now (their account is not off).
pub async fn others_with_role(db: &impl Db, role: TenantRole, except: PersonId) -> Result<u64, StoreError> {
    use entity::{person, tenant_role::Column as C};
    let working = person::Entity::find()
        .select_only()
        .column(person::Column::Id)
        .filter(person::Column::DisabledAt.is_null())
        .into_query();
    Ok(entity::tenant_role::Entity::find()
        .filter(C::Role.eq(role.as_str()))
        .filter(C::PersonId.ne(except.0))
        .filter(C::PersonId.in_subquery(working))
        .count(db.connection())
        .await?)
}

/// Everyone in a role whose account is not off: identifier and name, by name.
pub async fn people_in_role(db: &impl Db, role: TenantRole) -> Result<Vec<(PersonId, String)>, StoreError> {
    use entity::{person, tenant_role};
    let holders = tenant_role::Entity::find()
        .select_only()
        .column(tenant_role::Column::PersonId)
        .filter(tenant_role::Column::Role.eq(role.as_str()))
        .into_query();
    let rows: Vec<(uuid::Uuid, String)> = person::Entity::find()
        .select_only()
        .columns([person::Column::Id, person::Column::Name])
        .filter(person::Column::Id.in_subquery(holders))
        .filter(person::Column::DisabledAt.is_null())
        .order_by_asc(person::Column::Name)
        .into_tuple()
        .all(db.connection())
        .await?;
    Ok(rows.into_iter().map(|(id, name)| (id.into(), name)).collect())
}

/// Creates or changes the tenant's row.
pub async fn put(tx: &Tx, tenant: &Tenant, now: Timestamp) -> Result<(), StoreError> {
    let row = entity::tenant::ActiveModel {
        id: Set(1),
        name: Set(tenant.name.clone()),
        accent: Set(tenant.accent.as_str().to_owned()),
        time_zone: Set(tenant.time_zone.name().to_owned()),
        support_contact: Set(tenant.support_contact.clone()),
        warning_days: Set(tenant.warning_days),
        certification_grace_days: Set(tenant.certification_grace_days),
        created_at: Set(now),
        version: Set(tenant.version + 1),
        // Counts by itself; a row that is there keeps its own.
        policies_generation: Set(0),
    };
    use entity::tenant::Column as C;
    let columns = [
        C::Name,
        C::Accent,
        C::TimeZone,
        C::SupportContact,
        C::WarningDays,
        C::CertificationGraceDays,
        C::Version,
    ];
    entity::tenant::Entity::insert(row)
        .on_conflict(OnConflict::column(C::Id).update_columns(columns).to_owned())
        .exec_without_returning(tx.connection())
        .await?;
    Ok(())
}

/// The roles of a person in the tenant, in order of declaration.
pub async fn roles_of(db: &impl Db, person: PersonId) -> Result<Vec<TenantRole>, StoreError> {
    let rows = entity::tenant_role::Entity::find()
        .filter(entity::tenant_role::Column::PersonId.eq(person.0))
        .all(db.connection())
        .await?;
    let mut roles = rows
        .iter()
        .map(|row| parse("tenant_roles.role", &row.role))
        .collect::<Result<Vec<TenantRole>, _>>()?;
    roles.sort_unstable();
    Ok(roles)
}

/// Everyone with a role in the tenant.
pub async fn people_with_roles(db: &impl Db) -> Result<Vec<(PersonId, TenantRole)>, StoreError> {
    let rows = entity::tenant_role::Entity::find().all(db.connection()).await?;
    rows.iter()
        .map(|row| Ok((row.person_id.into(), parse("tenant_roles.role", &row.role)?)))
        .collect()
}

/// Gives a role; giving it twice changes nothing.
pub async fn grant_role(tx: &Tx, id: uuid::Uuid, person: PersonId, role: TenantRole, now: Timestamp) -> Result<bool, StoreError> {
    use entity::tenant_role::Column as C;
    let row = entity::tenant_role::ActiveModel {
        id: Set(id),
        person_id: Set(person.0),
        role: Set(role.as_str().to_owned()),
        created_at: Set(now),
    };
    let rows = entity::tenant_role::Entity::insert(row)
        .on_conflict(OnConflict::columns([C::PersonId, C::Role]).do_nothing().to_owned())
        .exec_without_returning(tx.connection())
        .await?;
    Ok(rows == 1)
}

/// Takes a role away; answers whether it was there.
pub async fn revoke_role(tx: &Tx, person: PersonId, role: TenantRole) -> Result<bool, StoreError> {
    use entity::tenant_role::Column as C;
    let done = entity::tenant_role::Entity::delete_many()
        .filter(C::PersonId.eq(person.0))
        .filter(C::Role.eq(role.as_str()))
        .exec(tx.connection())
        .await?;
    Ok(done.rows_affected == 1)
}
