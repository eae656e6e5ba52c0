//! How much ended at once.

/// What ended together: browsers' sessions, what clients held of sign-ins, and what people had let them do.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Ended {
    /// So many sessions.
    pub sessions: u64,
    /// So many grants of clients.
    pub grants: u64,
    /// So many delegations to clients.
    pub delegations: u64,
}

impl Ended {
    /// Whether there was nothing to end.
    #[must_use]
    pub fn is_nothing(self) -> bool {
        self == Self::default()
    }
}
