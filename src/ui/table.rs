//! Tables whose rows become cards at phone width, with filters above and bulk actions below.
//! Explicit roles keep the table a table for screen readers when CSS changes its display.

use leptos::prelude::*;

use super::form::Form;
use super::{Icon, Text};

/// How a column is sorted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sort {
    /// Smallest first.
    Ascending,
    /// Largest first.
    Descending,
}

/// The head of a column.
#[derive(Debug, Clone, Default)]
pub struct Column {
    title: String,
    class: &'static str,
    hidden_title: bool,
    sort: Option<(String, Option<Sort>)>,
}

impl Column {
    /// A column of words.
    pub fn new(title: impl Into<String>) -> Self {
        Self {
            title: title.into(),
            ..Self::default()
        }
    }

    /// A column of numbers, aligned to the right.
    pub fn number(title: impl Into<String>) -> Self {
        Self {
            class: "number",
            ..Self::new(title)
        }
    }

    /// The column of a row's main action; its title is read aloud only.
    pub fn action(title: impl Into<String>) -> Self {
        Self {
            class: "action",
            hidden_title: true,
            ..Self::new(title)
        }
    }

    /// The column of checkboxes for bulk actions.
    #[must_use]
    pub fn select() -> Self {
        Self {
            class: "select",
            hidden_title: true,
            ..Self::new("Select")
        }
    }

    /// Makes the title a link that sorts; `now` is how the column is sorted at present.
    #[must_use]
    pub fn sort(mut self, href: impl Into<String>, now: Option<Sort>) -> Self {
        self.sort = Some((href.into(), now));
        self
    }

    fn view(self) -> AnyView {
        let sorted = self.sort.as_ref().and_then(|(_, now)| *now);
        let (aria, icon) = match sorted {
            Some(Sort::Ascending) => (Some("ascending"), Some("arrow-up")),
            Some(Sort::Descending) => (Some("descending"), Some("arrow-down")),
            None => (None, None),
        };
        let title = match self.sort {
            Some((href, _)) => {
                let icon = icon.map(|name| view! { <Icon name=name /> });
                view! { <a href=href>{self.title}{icon}</a> }.into_any()
            }
            None if self.hidden_title => view! { <span class="sr-only">{self.title}</span> }.into_any(),
            None => self.title.into_any(),
        };
        view! { <th role="columnheader" scope="col" class=self.class aria-sort=aria>{title}</th> }.into_any()
    }
}

/// A table of `Row`s; `caption` names it for screen readers.
#[component]
pub fn Table(#[prop(into)] caption: String, columns: Vec<Column>, children: Children) -> impl IntoView {
    let heads = columns.into_iter().map(Column::view).collect::<Vec<_>>();
    // A section around the table often has the same title; landmarks need names of their own.
    let label = format!("{caption}, table");
    view! {
        <div class="table-frame" role="region" tabindex="0" aria-label=label>
            <table role="table" class="rows">
                <caption class="sr-only">{caption}</caption>
                <thead role="rowgroup"><tr role="row">{heads}</tr></thead>
                <tbody role="rowgroup">{children()}</tbody>
            </table>
        </div>
    }
}

/// One row; `ended` shows that it is over.
#[component]
pub fn Row(#[prop(optional)] ended: bool, children: Children) -> impl IntoView {
    view! { <tr role="row" class=ended.then_some("over")>{children()}</tr> }
}

/// The cell that names its row.
#[component]
pub fn HeadCell(#[prop(into)] label: String, children: Children) -> impl IntoView {
    view! { <th role="rowheader" scope="row" data-label=label><div>{children()}</div></th> }
}

/// A cell; `label` repeats the column's title where rows are cards.
#[component]
pub fn Cell(#[prop(into)] label: String, children: Children) -> impl IntoView {
    view! { <td role="cell" data-label=label><div>{children()}</div></td> }
}

/// A cell of a number column.
#[component]
pub fn NumberCell(#[prop(into)] label: String, children: Children) -> impl IntoView {
    view! { <td role="cell" class="number" data-label=label><div>{children()}</div></td> }
}

/// The cell of a row's actions.
#[component]
pub fn ActionCell(children: Children) -> impl IntoView {
    view! { <td role="cell" class="action"><div>{children()}</div></td> }
}

/// The checkbox of a row for the bulk form with the id `form`; `label` says which row.
#[component]
pub fn SelectCell(
    #[prop(into)] name: String,
    #[prop(into)] value: String,
    #[prop(into)] label: String,
    #[prop(into)] form: String,
    #[prop(optional)] disabled: bool,
) -> impl IntoView {
    view! {
        <td role="cell" class="select">
            <input type="checkbox" name=name value=value form=form aria-label=label disabled=disabled />
        </td>
    }
}

/// Filters above a table: a GET form with its own button; `reset` is where all filters are off.
#[component]
pub fn FilterBar(
    #[prop(into)] action: String,
    #[prop(optional, into)] reset: Text,
    #[prop(default = "Filter".into(), into)] verb: String,
    children: Children,
) -> impl IntoView {
    let reset = reset.given().map(|href| view! { <a class="button ghost" href=href>"Reset"</a> });
    view! {
        <form class="filters" method="get" action=action role="search" aria-label="Filter">
            {children()}
            <div class="filter-buttons">
                <button type="submit" class="button"><Icon name="filter" />{verb}</button>
                {reset}
            </div>
        </form>
    }
}

/// The form of the bulk actions on the rows that `SelectCell`s chose.
#[component]
pub fn BulkBar(#[prop(into)] id: String, #[prop(into)] action: String, children: Children) -> impl IntoView {
    view! {
        <div class="bulk">
            <span class="muted">"With the selected:"</span>
            <Form id=id action=action>{children()}</Form>
        </div>
    }
}
