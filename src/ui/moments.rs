//! Moments on a page: the time left of a grant, dates and relative times. They read `Viewing` from the context and
//! fall back to plain UTC dates without it.

use chrono::{DateTime, TimeDelta, Utc};
use leptos::prelude::*;

use super::time::{self, Standing, Viewing};
use super::{Icon, Text};

/// How long a grant still lasts: "until 31 Mar 2027, in 9 days". Amber within `warn_days`, struck through when
/// over; `start` adds a bar of time used, `href` makes it answer "why?".
#[component]
pub fn TimeLeft(
    #[prop(into)] end: Option<DateTime<Utc>>,
    #[prop(optional_no_strip, into)] start: Option<DateTime<Utc>>,
    #[prop(optional, into)] href: Text,
    #[prop(default = 30)] warn_days: i64,
) -> impl IntoView {
    let viewing = use_context::<Viewing>();
    let Some(end) = end else {
        return wrap("time-left", href, view! { <span>"no end date"</span> }.into_any());
    };
    let Some(Viewing { now, zone }) = viewing else {
        let words = time::date(end, chrono_tz::UTC);
        let machine = time::machine(end);
        let body = view! { <time datetime=machine>"until " {words}</time> }.into_any();
        return wrap("time-left", href, body);
    };
    let standing = time::standing(Some(end), now, TimeDelta::days(warn_days));
    let bar = start.map(|start| used_bar(time::percent_used(start, end, now)));
    let (day, title, machine) = (time::last_day(end, now, zone), time::exact(end, zone), time::machine(end));
    let far = time::relative(end, now);
    let fresh = machine.clone();
    let body = if standing == Standing::Ended {
        view! {
            <s><time datetime=machine title=title>"until " {day}</time></s>
            " ended "
            <time datetime=fresh data-relative="">{far}</time>
        }
        .into_any()
    } else {
        let warning = (standing == Standing::EndsSoon).then(|| view! { <Icon name="clock-alert" /> });
        view! {
            <time datetime=machine title=title>{warning} "until " {day} ","</time>
            " "
            <time datetime=fresh data-relative="">{far}</time>
        }
        .into_any()
    };
    let class = match standing {
        Standing::Ended => "time-left ended",
        Standing::EndsSoon => "time-left soon",
        Standing::Running | Standing::Endless => "time-left",
    };
    wrap(class, href, view! { <span>{body}</span> {bar} }.into_any())
}

/// A day by which something has to be done: not an end, so it says "due" and is never struck through. Amber within
/// `warn_days`, red when it has passed; `href` leads to where it is done.
#[component]
pub fn DueBy(#[prop(into)] at: DateTime<Utc>, #[prop(optional, into)] href: Text, #[prop(default = 30)] warn_days: i64) -> impl IntoView {
    let Viewing { now, zone } = use_context::<Viewing>().unwrap_or(Viewing {
        now: at,
        zone: chrono_tz::UTC,
    });
    let (class, icon, words) = match time::standing(Some(at), now, TimeDelta::days(warn_days)) {
        Standing::Ended => ("time-left late", Some("alert"), "overdue since "),
        Standing::EndsSoon => ("time-left soon", Some("clock-alert"), "due "),
        Standing::Running | Standing::Endless => ("time-left", None, "due "),
    };
    let icon = icon.map(|name| view! { <Icon name=name /> });
    let (day, title, machine) = (time::last_day(at, now, zone), time::exact(at, zone), time::machine(at));
    let (far, fresh) = (time::relative(at, now), machine.clone());
    let body = view! {
        <span>
            <time datetime=machine title=title>{icon}{words}{day}","</time>" "<time datetime=fresh data-relative="">{far}</time>
        </span>
    };
    match href.given() {
        Some(href) => view! { <a class=class href=href>{body}</a> }.into_any(),
        None => view! { <span class=class>{body}</span> }.into_any(),
    }
}

fn wrap(class: &'static str, href: Text, body: AnyView) -> AnyView {
    match href.given() {
        Some(href) => view! { <a class=class href=href>{body}<span class="sr-only">" (why?)"</span></a> }.into_any(),
        None => view! { <span class=class>{body}</span> }.into_any(),
    }
}

fn used_bar(percent: u8) -> AnyView {
    view! {
        <svg class="used" viewBox="0 0 100 4" preserveAspectRatio="none" aria-hidden="true">
            <rect width="100" height="4" />
            <rect width=percent.to_string() height="4" />
        </svg>
    }
    .into_any()
}

/// A moment in the reader's time zone, "31 Mar 2027, 14:05", with the exact form and the distance as its title.
#[component]
pub fn DateTimeText(#[prop(into)] at: DateTime<Utc>, #[prop(optional)] date_only: bool) -> impl IntoView {
    let viewing = use_context::<Viewing>();
    let zone = viewing.map_or(chrono_tz::UTC, |viewing| viewing.zone);
    let title = match viewing {
        Some(Viewing { now, .. }) => {
            format!("{} ({})", time::exact(at, zone), time::relative(at, now))
        }
        None => time::exact(at, zone),
    };
    let words = if date_only {
        time::date(at, zone)
    } else {
        time::date_time(at, zone)
    };
    view! { <time datetime=time::machine(at) title=title>{words}</time> }
}

/// How far away a moment is, "3 hours ago", with the exact form as its title.
#[component]
pub fn RelativeTime(#[prop(into)] at: DateTime<Utc>) -> impl IntoView {
    match use_context::<Viewing>() {
        Some(Viewing { now, zone }) => view! {
            <time datetime=time::machine(at) title=time::exact(at, zone) data-relative="">{time::relative(at, now)}</time>
        }
        .into_any(),
        None => view! { <DateTimeText at=at /> }.into_any(),
    }
}
