//! What errors of the database do not tell.

use sea_orm::{ColumnTrait as _, EntityTrait as _, QueryFilter as _};

use crate::{
    for_each_backend,
    store::{self, Db as _, entity::person},
};

for_each_backend!(a_value_that_cannot_be_read_is_in_no_log, |world| {
    let bo = world.person("Bo Lind").await;
    let cx = world.system().await;
    person::Entity::update_many()
        .col_expr(person::Column::Email, "a secret of bo's".into())
        .filter(person::Column::Id.eq(bo.id.0))
        .exec(cx.tx.connection())
        .await
        .unwrap();
    cx.commit().await.unwrap();
    let error = store::people::get(&world.portal.store.reader(), bo.id).await.unwrap_err();
    let told = format!("{error} {error:?}");
    assert!(told.contains("people.email") && !told.contains("secret"), "{told}");
});
