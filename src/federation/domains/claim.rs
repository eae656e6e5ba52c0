//! Claiming a domain: what may be typed, what the record must hold, and what seeing it or missing it means.

use chrono::Duration;

use super::{
    model::{Domain, DomainError, DomainStatus, ascii},
    public_mail,
};
use crate::kernel::{BearerSecret, DomainId, OrganizationId, Rng, Timestamp};

/// Where the record is looked for, below the domain. The domain itself counts too.
pub const PROOF_LABEL: &str = "_portico";
/// What stands before the random part of the record.
const PROOF_PREFIX: &str = "portico-domain=";
/// A record may be missing for so long before the domain is lost: name servers have bad days.
pub const GRACE_DAYS: i64 = 3;

impl Domain {
    /// A new claim of what was typed; `*.` before the name means names below it too.
    ///
    /// # Errors
    /// [`DomainError`] says what to type instead.
    pub fn claim(typed: &str, organization: OrganizationId, now: Timestamp, rng: &mut Rng) -> Result<Self, DomainError> {
        let typed = typed.trim().to_lowercase();
        let (subdomains, bare) = match typed.strip_prefix("*.") {
            Some(rest) => (true, rest),
            None => (false, typed.as_str()),
        };
        let name = checked(bare)?;
        Ok(Self {
            id: DomainId::new(now, rng),
            organization,
            name,
            subdomains,
            proof: format!("{PROOF_PREFIX}{}", BearerSecret::generate(rng).reveal()),
            status: DomainStatus::Pending,
            provider: None,
            proven_at: None,
            checked_at: None,
            missing_since: None,
            created_at: now,
            version: 1,
        })
    }

    /// The names at which the record is looked for, the usual one first.
    #[must_use]
    pub fn record_names(&self) -> [String; 2] {
        [format!("{PROOF_LABEL}.{}", self.name), self.name.clone()]
    }

    /// The record was seen.
    #[must_use]
    pub fn seen(mut self, now: Timestamp) -> Self {
        if self.status != DomainStatus::Proven {
            self.proven_at = Some(now);
        }
        self.status = DomainStatus::Proven;
        self.missing_since = None;
        self.checked_at = Some(now);
        self
    }

    /// Nobody answered: that says nothing about the record, and the next look is due as after any other.
    #[must_use]
    pub fn not_answered(mut self, now: Timestamp) -> Self {
        self.checked_at = Some(now);
        self
    }

    /// The record was not there. A proven domain is lost when that lasts.
    #[must_use]
    pub fn not_seen(mut self, now: Timestamp) -> Self {
        self.checked_at = Some(now);
        if self.status == DomainStatus::Proven {
            let since = *self.missing_since.get_or_insert(now);
            if now - since >= Duration::days(GRACE_DAYS) {
                self.status = DomainStatus::Lost;
            }
        }
        self
    }
}

fn checked(typed: &str) -> Result<String, DomainError> {
    let name = ascii(typed).ok_or(DomainError::Malformed)?;
    let label_fits = |label: &str| {
        !label.is_empty()
            && label.len() <= 63
            && !label.starts_with('-')
            && !label.ends_with('-')
            && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
    };
    if name.len() > 253 || !name.contains('.') || !name.split('.').all(label_fits) {
        return Err(DomainError::Malformed);
    }
    if public_mail::is_public_mail(&name) {
        return Err(DomainError::PublicMail);
    }
    // A name without a registrable part is itself a suffix that anybody registers below (publicsuffix.org).
    match psl::domain_str(&name) {
        Some(_) => Ok(name),
        None => Err(DomainError::PublicSuffix),
    }
}

#[cfg(test)]
mod tests {
    use chrono::{TimeZone as _, Utc};
    use rand::SeedableRng as _;
    use rstest::rstest;

    use super::*;

    fn claim(typed: &str) -> Result<Domain, DomainError> {
        let now = Utc.with_ymd_and_hms(2026, 6, 1, 12, 0, 0).single().expect("a moment");
        let mut rng = Rng::seed_from_u64(1);
        let organization = OrganizationId::new(now, &mut rng);
        Domain::claim(typed, organization, now, &mut rng)
    }

    #[rstest]
    #[case("Acme.example", "acme.example", false)]
    #[case(" *.acme.co.uk. ", "acme.co.uk", true)]
    #[case("bücher.example", "xn--bcher-kva.example", false)]
    #[case("people.acme.example", "people.acme.example", false)]
    fn a_domain_is_kept_in_its_ascii_form(#[case] typed: &str, #[case] name: &str, #[case] subdomains: bool) {
        let domain = claim(typed).expect("a domain");
        assert_eq!((domain.name.as_str(), domain.subdomains), (name, subdomains));
        assert!(domain.proof.len() > 40 && domain.status == DomainStatus::Pending);
    }

    #[rstest]
    #[case("", DomainError::Malformed)]
    #[case("acme", DomainError::Malformed)]
    #[case("192.0.2.1", DomainError::Malformed)]
    #[case("a b.example", DomainError::Malformed)]
    #[case("ada@acme.example", DomainError::Malformed)]
    #[case("co.uk", DomainError::PublicSuffix)]
    #[case("*.github.io", DomainError::PublicSuffix)]
    #[case("gmail.com", DomainError::PublicMail)]
    #[case("Web.de", DomainError::PublicMail)]
    #[case("yahoo.co.jp", DomainError::PublicMail)]
    #[case("*.mail.tutanota.com", DomainError::PublicMail)]
    fn what_belongs_to_nobody_cannot_be_claimed(#[case] typed: &str, #[case] error: DomainError) {
        assert_eq!(claim(typed), Err(error));
    }

    #[test]
    fn a_record_that_is_missing_for_three_days_loses_the_domain_and_seeing_it_again_proves_it() {
        let domain = claim("acme.example").expect("a domain");
        let day = |days: i64| domain.created_at + Duration::days(days);
        let never = domain.clone().not_seen(day(9));
        assert_eq!(never.status, DomainStatus::Pending, "what was never proven cannot be lost");
        let missing = domain.clone().seen(day(1)).not_seen(day(2)).not_seen(day(4));
        assert_eq!(missing.status, DomainStatus::Proven);
        let silent = missing.clone().not_answered(day(40));
        assert_eq!(
            (silent.status, silent.missing_since),
            (DomainStatus::Proven, Some(day(2))),
            "silence loses nothing"
        );
        let lost = missing.not_seen(day(5));
        assert_eq!((lost.status, lost.missing_since), (DomainStatus::Lost, Some(day(2))));
        let again = lost.seen(day(6));
        assert_eq!((again.status, again.missing_since), (DomainStatus::Proven, None));
    }
}
