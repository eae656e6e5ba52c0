//! How often something may be tried per account and per address. The counters are in the database, so all replicas share them,
//! and they count what was typed, so they say nothing about which accounts exist.

use chrono::Duration;

use crate::{
    cx::Cx,
    kernel::Timestamp,
    store::{StoreError, credentials},
};

/// So many attempts within a window that begins with the first.
#[derive(Clone, Copy, Debug)]
pub struct Limit {
    /// Keeps the counters of different limits apart.
    name: &'static str,
    /// Attempts that are still looked at.
    pub most: i32,
    /// Length of the window.
    pub minutes: i64,
}

/// Passwords per account in a short time.
pub const PASSWORDS_PER_ACCOUNT: Limit = Limit {
    name: "password-account",
    most: 10,
    minutes: 15,
};
/// Passwords per account in a day (NIST SP 800-63B §3.2.2 allows 100 in a row).
pub const PASSWORDS_PER_DAY: Limit = Limit {
    name: "password-day",
    most: 60,
    minutes: 24 * 60,
};
/// Passwords per address; offices share one.
pub const PASSWORDS_PER_ADDRESS: Limit = Limit {
    name: "password-address",
    most: 100,
    minutes: 15,
};
/// Codes of the second factor per account.
pub const CODES_PER_ACCOUNT: Limit = Limit {
    name: "code-account",
    most: 5,
    minutes: 15,
};
/// Wrong codes of the second factor per account in a day: whoever knows the password has so many tries, and no more tomorrow than today.
pub const CODES_PER_DAY: Limit = Limit {
    name: "code-day",
    most: 30,
    minutes: 24 * 60,
};
/// Reset links per account.
pub const RESETS_PER_ACCOUNT: Limit = Limit {
    name: "reset-account",
    most: 5,
    minutes: 60,
};
/// Reset links per address.
pub const RESETS_PER_ADDRESS: Limit = Limit {
    name: "reset-address",
    most: 30,
    minutes: 60,
};

/// Reading a provider's keys anew because of a message that anybody could have sent.
pub const KEYS_PER_PROVIDER: Limit = Limit {
    name: "keys-provider",
    most: 3,
    minutes: 5,
};

/// Wrong proofs of one client of the authorization server at one address; right ones are not counted.
pub const PROOFS_PER_CLIENT: Limit = Limit {
    name: "client-proof",
    most: 20,
    minutes: 15,
};

/// Too many attempts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Throttled {
    /// When attempts are looked at again.
    pub until: Timestamp,
    /// This was the first attempt too many: the trail tells it once.
    pub first: bool,
}

impl Throttled {
    /// Minutes to wait, rounded up.
    #[must_use]
    pub fn minutes_from(&self, now: Timestamp) -> i64 {
        ((self.until - now).num_seconds() + 59).max(60) / 60
    }
}

/// The counter of a limit for an account or address.
fn key(cx: &Cx, limit: &Limit, whose: &str) -> Vec<u8> {
    cx.master_key.mac(limit.name, whose.as_bytes())
}

/// Counts one attempt against every limit and tells whether one is exceeded. The caller commits, whatever comes of the attempt.
///
/// # Errors
/// [`StoreError`] when it cannot be counted; the attempt must then not be looked at.
pub async fn count(cx: &Cx, limits: &[(Limit, &str)]) -> Result<Option<Throttled>, StoreError> {
    let mut throttled: Option<Throttled> = None;
    for (limit, whose) in limits {
        let ends = cx.now + Duration::minutes(limit.minutes);
        let attempts = credentials::count_attempt(&cx.tx, &key(cx, limit, whose), cx.now, ends).await?;
        if attempts.count > limit.most {
            let here = Throttled {
                until: attempts.window_ends_at,
                first: attempts.count == limit.most + 1,
            };
            throttled = Some(throttled.map_or(here, |other| Throttled {
                until: other.until.max(here.until),
                first: other.first || here.first,
            }));
        }
    }
    Ok(throttled)
}

/// When the attempt that was counted last was the last one that a limit allows: until when no more are looked at.
///
/// # Errors
/// [`StoreError`] when the database does not answer.
pub async fn used_up(cx: &Cx, limit: &Limit, whose: &str) -> Result<Option<Timestamp>, StoreError> {
    let attempts = credentials::attempts(&cx.tx, &key(cx, limit, whose)).await?;
    Ok(attempts
        .filter(|attempts| attempts.count == limit.most)
        .map(|attempts| attempts.window_ends_at))
}

/// Forgets what was counted for an account, after a success.
///
/// # Errors
/// [`StoreError`] when it cannot be written.
pub async fn forget(cx: &Cx, limits: &[Limit], whose: &str) -> Result<(), StoreError> {
    for limit in limits {
        credentials::forget_attempts(&cx.tx, &key(cx, limit, whose)).await?;
    }
    Ok(())
}

/// Takes one attempt back, after a success; the failures of others at the same address, or of whoever else guesses, stay counted.
///
/// # Errors
/// [`StoreError`] when it cannot be written.
pub async fn take_back(cx: &Cx, limit: &Limit, whose: &str) -> Result<(), StoreError> {
    credentials::uncount_attempt(&cx.tx, &key(cx, limit, whose)).await
}

/// What is counted of a peer's address: IPv6 by the network of one customer (/64). None when the address is not known.
#[must_use]
pub fn network(address: Option<&str>) -> Option<String> {
    match address?.parse::<std::net::IpAddr>() {
        Ok(std::net::IpAddr::V6(v6)) if v6.to_ipv4_mapped().is_none() => {
            let [a, b, c, d, ..] = v6.segments();
            Some(format!("{a:x}:{b:x}:{c:x}:{d:x}::/64"))
        }
        Ok(address) => Some(address.to_canonical().to_string()),
        Err(_) => None,
    }
}
