//! Where a page about an organization's sign-in stands: in its own settings, or on the page of one partner.

use crate::{
    access::{Action, Refused},
    cx::Qx,
    kernel::ProviderId,
    organizations::Organization,
    store,
    web::{PageCx, PageError, routes},
};

/// Whose sign-in, and from which side.
#[derive(Clone, Debug)]
pub struct Place {
    /// Whose.
    pub organization: Organization,
    /// In its own portal.
    pub is_own: bool,
}

impl Place {
    /// The organization of the page: the partner in the address, else one's own.
    ///
    /// # Errors
    /// [`PageError`] when it is not theirs to manage.
    pub async fn of(cx: &PageCx) -> Result<Self, PageError> {
        match cx.param::<String>("org") {
            Ok(slug) => Self::find(&cx.qx, Some(&slug)).await,
            Err(_) => Self::find(&cx.qx, None).await,
        }
    }

    async fn find(qx: &Qx, slug: Option<&str>) -> Result<Self, PageError> {
        let found = match (slug, qx.actor.organization()) {
            (Some(slug), _) => store::organizations::find_by_slug(&qx.db, slug).await?,
            (None, Some(id)) => store::organizations::get(&qx.db, id).await?,
            (None, None) => None,
        };
        let organization = found.ok_or(Refused::NotFound)?;
        qx.authorise(Action::ManageSignIn, &organization)?;
        Ok(Self {
            organization,
            is_own: slug.is_none(),
        })
    }

    /// What forms say about the organization: nothing in its own portal.
    #[must_use]
    pub fn slug(&self) -> String {
        if self.is_own {
            String::new()
        } else {
            self.organization.slug.clone()
        }
    }

    /// What forms that begin something say about whose they are in the own portal, where the hat alone decides.
    #[must_use]
    pub fn team(&self) -> String {
        if self.is_own {
            self.organization.id.to_string()
        } else {
            String::new()
        }
    }

    /// The page of the domains.
    #[must_use]
    pub fn domains(&self) -> String {
        domains_of(&self.slug())
    }

    /// The page of the connections.
    #[must_use]
    pub fn sign_in(&self) -> String {
        sign_in_of(&self.slug())
    }
}

/// A name in addresses; what is none is taken for no name.
fn plain(slug: &str) -> &str {
    let fits = slug.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
    if fits { slug } else { "" }
}

/// The page of the domains; an empty name is the own organization.
#[must_use]
pub fn domains_of(slug: &str) -> String {
    let slug = plain(slug);
    if slug.is_empty() {
        routes::TEAM_DOMAINS.to_owned()
    } else {
        routes::partner_part(slug, "domains")
    }
}

/// The page of the connections; an empty name is the own organization.
#[must_use]
pub fn sign_in_of(slug: &str) -> String {
    let slug = plain(slug);
    if slug.is_empty() {
        routes::TEAM_SIGN_IN.to_owned()
    } else {
        routes::partner_part(slug, "sign-in")
    }
}

/// The page of one connection; an empty name is the own organization. What is no id is left out.
#[must_use]
pub fn connection_of(slug: &str, provider: &str) -> String {
    let id = provider.parse::<ProviderId>().map(|id| id.to_string()).unwrap_or_default();
    format!("{}/{id}", sign_in_of(slug))
}
