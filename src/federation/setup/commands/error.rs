//! Why nothing is done with a connection, and where in its forms that is said.

use thiserror::Error;

use super::{MAX_BY_LINK, MAX_PROVIDERS};
use crate::{access::Refused, federation::saml::MetadataError, store::StoreError, web::Refusal};

/// Why nothing is done with a connection.
#[derive(Debug, Error)]
pub enum SetupError {
    /// Too many.
    #[error("An organization can have at most {MAX_PROVIDERS} connections.")]
    TooMany,
    /// Too many by one set-up link.
    #[error("You can begin at most {MAX_BY_LINK} connections. Go on with one of those that you began.")]
    TooManyByLink,
    /// The name is taken.
    #[error("There is a connection with this name already.")]
    NameTaken,
    /// The machine's cryptography refuses.
    #[error("No key could be made for this connection. Try again; if it goes on, tell the company that runs this portal.")]
    NoKey,
    /// A SAML provider's metadata.
    #[error(transparent)]
    Metadata(#[from] MetadataError),
    /// A secret is needed.
    #[error("Enter the client secret that the provider shows for this portal.")]
    NoSecret,
    /// The secret of another provider must not travel to this one.
    #[error("Enter the client secret of this issuer. The one that is saved belongs to the issuer before.")]
    OtherIssuersSecret,
    /// A group gives an application that the organization does not hold.
    #[error("{0} is no short name of an application that your organization holds.")]
    GroupNotHeld(String),
    /// A role above one's own.
    #[error("You cannot let people join with a role above your own.")]
    RoleTooHigh,
    /// An application the organization does not hold.
    #[error("Choose applications that your organization holds.")]
    NotHeld,
    /// Nothing is proven.
    #[error("Prove a domain first, so that the portal knows whose addresses sign in there.")]
    NoDomain,
    /// Not tried since it was changed.
    #[error("Try the connection first. Since it was last changed, nobody has come in by it in a trial.")]
    NotTried,
    /// Nobody is left who could get in when the provider fails.
    #[error("Choose a partner admin with a password and an authenticator app who can still sign in here if your company's sign-in fails.")]
    NoBreakGlass,
    /// In use.
    #[error("Switch the connection off before you remove it.")]
    InUse,
    /// Already so.
    #[error("This was done already.")]
    AlreadySo,
    /// Not allowed, or not theirs.
    #[error(transparent)]
    Access(#[from] Refused),
    /// The database.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<SetupError> for Refusal {
    fn from(error: SetupError) -> Self {
        let field = match &error {
            SetupError::Access(_) | SetupError::Store(_) => "",
            SetupError::NameTaken => "name",
            SetupError::Metadata(_) => "metadata",
            SetupError::NoSecret | SetupError::OtherIssuersSecret => "client_secret",
            SetupError::GroupNotHeld(_) => "group_applications",
            SetupError::RoleTooHigh => "role",
            SetupError::NoBreakGlass => "break_glass",
            _ => "",
        };
        match error {
            SetupError::Access(refused) => refused.into(),
            SetupError::Store(error) => error.into(),
            other if field.is_empty() => Self::because(other.to_string()),
            other => Self::field(field, other.to_string()),
        }
    }
}
