//! The kinds of column every table uses, so that both databases get the same shapes.

use sea_orm_migration::prelude::*;

pub fn id() -> ColumnDef {
    ColumnDef::new("id").uuid().not_null().primary_key().to_owned()
}
pub fn uuid(name: &'static str) -> ColumnDef {
    ColumnDef::new(name).uuid().not_null().to_owned()
}
pub fn uuid_null(name: &'static str) -> ColumnDef {
    ColumnDef::new(name).uuid().null().to_owned()
}
pub fn text(name: &'static str) -> ColumnDef {
    ColumnDef::new(name).text().not_null().to_owned()
}
pub fn text_null(name: &'static str) -> ColumnDef {
    ColumnDef::new(name).text().null().to_owned()
}
/// A text column that takes only the given words.
pub fn word(name: &'static str, words: &'static [&'static str]) -> ColumnDef {
    ColumnDef::new(name)
        .text()
        .not_null()
        .check(Expr::col(name).is_in(words.iter().copied()))
        .to_owned()
}
pub fn time(name: &'static str) -> ColumnDef {
    ColumnDef::new(name).timestamp_with_time_zone().not_null().to_owned()
}
pub fn time_null(name: &'static str) -> ColumnDef {
    ColumnDef::new(name).timestamp_with_time_zone().null().to_owned()
}
pub fn int(name: &'static str) -> ColumnDef {
    ColumnDef::new(name).integer().not_null().to_owned()
}
pub fn int_null(name: &'static str) -> ColumnDef {
    ColumnDef::new(name).integer().null().to_owned()
}
pub fn big(name: &'static str) -> ColumnDef {
    ColumnDef::new(name).big_integer().not_null().to_owned()
}
pub fn flag(name: &'static str) -> ColumnDef {
    ColumnDef::new(name).boolean().not_null().to_owned()
}
pub fn bytes(name: &'static str) -> ColumnDef {
    ColumnDef::new(name).var_binary(255).not_null().to_owned()
}
pub fn blob_null(name: &'static str) -> ColumnDef {
    ColumnDef::new(name).blob().null().to_owned()
}

/// A foreign key `column` → `table.id` without cascade: nothing disappears by accident.
pub fn references(column: &'static str, table: &'static str) -> ForeignKeyCreateStatement {
    ForeignKey::create().from_col(column).to(table, "id").to_owned()
}

/// Creates a table with columns and foreign keys.
pub async fn table(
    manager: &SchemaManager<'_>,
    name: &'static str,
    columns: Vec<ColumnDef>,
    keys: Vec<ForeignKeyCreateStatement>,
) -> Result<(), DbErr> {
    let mut statement = Table::create();
    statement.table(name);
    for mut column in columns {
        statement.col(&mut column);
    }
    for mut key in keys {
        statement.foreign_key(&mut key);
    }
    manager.create_table(statement).await
}

/// Creates an index; `unique_where` makes it unique, optionally only among the rows the condition names.
pub async fn index(manager: &SchemaManager<'_>, name: &'static str, on: &'static str, columns: &[&'static str]) -> Result<(), DbErr> {
    let mut statement = Index::create();
    statement.name(name).table(on);
    for column in columns {
        statement.col(*column);
    }
    manager.create_index(statement).await
}

/// Creates an index of some rows alone.
pub async fn partial(
    manager: &SchemaManager<'_>,
    name: &'static str,
    on: &'static str,
    columns: &[&'static str],
    only: &'static str,
) -> Result<(), DbErr> {
    let columns = columns.join(", ");
    manager
        .get_connection()
        .execute_unprepared(&format!("CREATE INDEX {name} ON {on} ({columns}) WHERE {only}"))
        .await?;
    Ok(())
}

/// Creates a unique index, optionally partial.
pub async fn unique(
    manager: &SchemaManager<'_>,
    name: &'static str,
    on: &'static str,
    columns: &[&'static str],
    only: Option<&'static str>,
) -> Result<(), DbErr> {
    // Written out because sea-query's partial indexes differ per backend; the statement is the same on both.
    let condition = only.map(|only| format!(" WHERE {only}")).unwrap_or_default();
    let columns = columns.join(", ");
    manager
        .get_connection()
        .execute_unprepared(&format!("CREATE UNIQUE INDEX {name} ON {on} ({columns}){condition}"))
        .await?;
    Ok(())
}
