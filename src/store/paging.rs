//! Keyset pages over rows ordered by a time and an id: the condition of a page, its order, and its edges.

use sea_orm::{ColumnTrait, Condition, EntityTrait, Order, QueryFilter as _, QueryOrder as _, QuerySelect as _, Select};

use crate::kernel::{Cursor, Page, PageRequest};

/// Narrows and orders a query to one page and one row more, which tells whether there is a next one.
pub(crate) fn keyset<E: EntityTrait, C: ColumnTrait>(query: Select<E>, at: C, id: C, page: &PageRequest, size: usize) -> Select<E> {
    let order = if matches!(page, PageRequest::Newer(_)) {
        Order::Asc
    } else {
        Order::Desc
    };
    let query = match page {
        PageRequest::Newest => query,
        // The first bound alone is what an index can use; the second tells rows of the same microsecond apart.
        PageRequest::Older(edge) => query.filter(at.lte(edge.at)).filter(
            Condition::any()
                .add(at.lt(edge.at))
                .add(Condition::all().add(at.eq(edge.at)).add(id.lt(edge.id))),
        ),
        PageRequest::Newer(edge) => query.filter(at.gte(edge.at)).filter(
            Condition::any()
                .add(at.gt(edge.at))
                .add(Condition::all().add(at.eq(edge.at)).add(id.gt(edge.id))),
        ),
    };
    query.order_by(at, order.clone()).order_by(id, order).limit(size as u64 + 1)
}

/// Makes a page of the rows a [`keyset`] query gave.
pub(crate) fn paged<T>(mut rows: Vec<T>, page: PageRequest, size: usize, cursor: impl Fn(&T) -> Cursor) -> Page<T> {
    let more = rows.len() > size;
    rows.truncate(size);
    let backwards = matches!(page, PageRequest::Newer(_));
    if backwards {
        rows.reverse();
    }
    let (first, last) = (rows.first().map(&cursor), rows.last().map(&cursor));
    let (older, newer) = match page {
        PageRequest::Newest => (more, false),
        PageRequest::Older(_) => (more, true),
        PageRequest::Newer(_) => (true, more),
    };
    Page {
        older: last.filter(|_| older),
        newer: first.filter(|_| newer),
        rows,
    }
}
