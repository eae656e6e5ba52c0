//! The frame around every page of a signed-in person: top bar, navigation, flash, and the page itself.

use leptos::prelude::*;
use serde::{Deserialize, Serialize};

use super::{Avatar, Icon, OrganizationMark, Tone};
use crate::islands::Sharpen;

/// A membership the person can switch to.
#[derive(Debug, Clone, Default)]
pub struct Hat {
    /// The organization's name.
    pub label: String,
    /// The role there, in words.
    pub sublabel: String,
    /// What the switch form sends.
    pub value: String,
    /// Whether it is the present one.
    pub active: bool,
}

/// A link of the navigation or a menu.
#[derive(Debug, Clone, Default)]
pub struct NavItem {
    href: String,
    label: String,
    icon: String,
    active: bool,
    count: Option<u32>,
}

impl NavItem {
    /// A link with an icon by name.
    pub fn new(href: impl Into<String>, label: impl Into<String>, icon: impl Into<String>) -> Self {
        Self {
            href: href.into(),
            label: label.into(),
            icon: icon.into(),
            active: false,
            count: None,
        }
    }

    /// Marks the page that is open.
    #[must_use]
    pub fn active(mut self, active: bool) -> Self {
        self.active = active;
        self
    }

    /// Shows how much waits there; nothing for zero.
    #[must_use]
    pub fn count(mut self, count: u32) -> Self {
        self.count = (count > 0).then_some(count);
        self
    }

    /// Where it leads.
    #[must_use]
    pub fn href(&self) -> &str {
        &self.href
    }
}

/// A group of the navigation.
#[derive(Debug, Clone, Default)]
pub struct NavSection {
    /// Heading; empty for none.
    pub title: String,
    /// Its links.
    pub items: Vec<NavItem>,
}

/// A message about what just happened, shown once.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Flash {
    /// Good news or bad.
    pub tone: Tone,
    /// One sentence.
    pub text: String,
}

impl Flash {
    /// It worked.
    pub fn good(text: impl Into<String>) -> Self {
        Self {
            tone: Tone::Good,
            text: text.into(),
        }
    }
    /// It worked, with something to look at.
    pub fn warn(text: impl Into<String>) -> Self {
        Self {
            tone: Tone::Warn,
            text: text.into(),
        }
    }
    /// It did not work.
    pub fn bad(text: impl Into<String>) -> Self {
        Self {
            tone: Tone::Bad,
            text: text.into(),
        }
    }
    /// Something to know.
    pub fn info(text: impl Into<String>) -> Self {
        Self {
            tone: Tone::Info,
            text: text.into(),
        }
    }
}

/// Everything the frame shows.
#[derive(Debug, Clone)]
pub struct FrameData {
    /// The organization the person acts for.
    pub organization_name: String,
    /// URL of its logo.
    pub organization_logo: Option<String>,
    /// The person's memberships; a switcher appears for two or more.
    pub hats: Vec<Hat>,
    /// Where the switch form posts to.
    pub hat_action: String,
    /// The field that carries the chosen hat.
    pub hat_field: String,
    /// The person.
    pub person_name: String,
    /// Their address.
    pub person_email: String,
    /// Links of the person menu.
    pub person_links: Vec<NavItem>,
    /// Where the sign-out form posts to.
    pub sign_out_action: String,
    /// Where the organization's mark leads.
    pub home_href: String,
    /// Where the search form goes (GET, field `q`); empty for no search.
    pub search_action: String,
    /// What was searched for.
    pub search_query: String,
    /// The inbox; empty for none.
    pub inbox_href: String,
    /// How much waits there.
    pub inbox_count: u32,
    /// Whether the inbox is open.
    pub inbox_active: bool,
    /// The navigation at the left, by role.
    pub navigation: Vec<NavSection>,
    /// What just happened.
    pub flash: Option<Flash>,
}

impl Default for FrameData {
    fn default() -> Self {
        Self {
            organization_name: String::new(),
            organization_logo: None,
            hats: Vec::new(),
            hat_action: "/hat".to_owned(),
            hat_field: "organization".to_owned(),
            person_name: String::new(),
            person_email: String::new(),
            person_links: vec![
                NavItem::new("/me", "Profile", "user"),
                NavItem::new("/me/security", "Security", "shield"),
                NavItem::new("/me/sessions", "Sessions", "monitor"),
                NavItem::new("/me/activity", "My activity", "activity"),
            ],
            sign_out_action: "/sign-out".to_owned(),
            home_href: "/".to_owned(),
            search_action: "/search".to_owned(),
            search_query: String::new(),
            inbox_href: "/inbox".to_owned(),
            inbox_count: 0,
            inbox_active: false,
            navigation: Vec::new(),
            flash: None,
        }
    }
}

/// The whole body of a page for a signed-in person.
#[component]
pub fn Frame(data: FrameData, children: Children) -> impl IntoView {
    let brand = brand(&data);
    let search = (!data.search_action.is_empty()).then(|| search(data.search_action, data.search_query));
    let inbox = (!data.inbox_href.is_empty()).then(|| inbox(data.inbox_href, data.inbox_count, data.inbox_active));
    let person = person(data.person_name, data.person_email, data.person_links, data.sign_out_action);
    let navigation = data.navigation.into_iter().map(nav_section).collect::<Vec<_>>();
    view! {
        <a class="skip" href="#main">"Skip to content"</a>
        <header class="topbar">
            <button type="button" class="icon-button nav-toggle" popovertarget="navigation" aria-label="Navigation">
                <Icon name="menu" />
            </button>
            {brand} {search} {inbox} {person}
        </header>
        <div class="frame">
            <nav class="sidenav" id="navigation" popover="auto" aria-label="Main">{navigation}</nav>
            <main id="main" tabindex="-1">{data.flash.map(flash_view)} {children()}</main>
        </div>
        <Sharpen />
    }
}

/// The flash region: a status, or an alert for what did not work.
pub(super) fn flash_view(flash: Flash) -> AnyView {
    let role = if flash.tone == Tone::Bad { "alert" } else { "status" };
    view! {
        <div class=format!("notice flash {}", flash.tone.class()) role=role>
            <Icon name=flash.tone.icon() />
            <p>{flash.text}</p>
        </div>
    }
    .into_any()
}

fn brand(data: &FrameData) -> AnyView {
    let (name, logo) = (data.organization_name.clone(), data.organization_logo.clone());
    let mark = view! { <OrganizationMark name=name.clone() logo=logo /> };
    if data.hats.len() < 2 {
        return view! {
            <a class="brand" href=data.home_href.clone()>{mark}<span>{name}</span></a>
        }
        .into_any();
    }
    let field = data.hat_field.clone();
    let hats = data.hats.iter().cloned().map(|hat| {
        view! {
            <button type="submit" class="menu-item" name=field.clone() value=hat.value
                aria-current=hat.active.then_some("true")>
                <span class="two-lines"><span>{hat.label}</span><span class="muted">{hat.sublabel}</span></span>
                {hat.active.then(|| view! { <Icon name="check" /> })}
            </button>
        }
        .into_any()
    });
    view! {
        <a class="brand-mark" href=data.home_href.clone()>{mark}<span class="sr-only">"Home"</span></a>
        <button type="button" class="brand" popovertarget="hats">
            <span>{name}</span><span class="sr-only">", switch organization"</span><Icon name="chevrons" />
        </button>
        <div class="menu at-start" id="hats" popover="auto">
            <form method="post" action=data.hat_action.clone()>
                <p class="menu-title">"Act for"</p>
                {hats.collect::<Vec<_>>()}
            </form>
        </div>
    }
    .into_any()
}

fn search(action: String, query: String) -> AnyView {
    view! {
        <form class="search" role="search" method="get" action=action>
            <Icon name="search" />
            <input type="search" name="q" value=query placeholder="Search" aria-label="Search" aria-keyshortcuts="/"
                data-search="frame" />
            <kbd aria-hidden="true">"/"</kbd>
        </form>
    }
    .into_any()
}

fn inbox(href: String, count: u32, active: bool) -> AnyView {
    let label = match count {
        0 => "Inbox, nothing waits".to_owned(),
        count => format!("Inbox, {count} waiting"),
    };
    let count = (count > 0).then(|| view! { <span class="count" aria-hidden="true">{count.min(99)}</span> });
    view! { <a class="icon-button" href=href aria-label=label aria-current=active.then_some("page")><Icon name="inbox" />{count}</a> }
        .into_any()
}

fn person(name: String, email: String, links: Vec<NavItem>, sign_out: String) -> AnyView {
    let links = links
        .into_iter()
        .map(|item| {
            let current = item.active.then_some("page");
            view! {
                <a class="menu-item" href=item.href aria-current=current><Icon name=item.icon />{item.label}</a>
            }
            .into_any()
        })
        .collect::<Vec<_>>();
    let themes = [("light", "Light", "sun"), ("dark", "Dark", "moon"), ("system", "System", "monitor")].map(|(theme, label, icon)| {
        view! {
            <button type="button" data-theme-choice=theme aria-pressed="false"><Icon name=icon />{label}</button>
        }
        .into_any()
    });
    view! {
        <button type="button" class="icon-button" popovertarget="person" >
            <Avatar name=name.clone() /><span class="sr-only">{format!("{name}, account menu")}</span>
        </button>
        <div class="menu at-end" id="person" popover="auto">
            <p class="two-lines menu-head"><strong>{name}</strong><span class="muted">{email}</span></p>
            {links}
            <div class="theme-choice" role="group" aria-label="Colours">{Vec::from(themes)}</div>
            <form method="post" action=sign_out>
                <button type="submit" class="menu-item"><Icon name="sign-out" />"Sign out"</button>
            </form>
        </div>
    }
    .into_any()
}

fn nav_section(section: NavSection) -> AnyView {
    let title = (!section.title.is_empty()).then(|| view! { <p class="nav-title">{section.title}</p> });
    let items = section
        .items
        .into_iter()
        .map(|item| {
            let count = item.count.map(|count| view! { <span class="count">{count}</span> });
            view! {
                <li>
                    <a href=item.href aria-current=item.active.then_some("page")>
                        <Icon name=item.icon /><span>{item.label}</span>{count}
                    </a>
                </li>
            }
            .into_any()
        })
        .collect::<Vec<_>>();
    view! { <div class="nav-section">{title}<ul>{items}</ul></div> }.into_any()
}
