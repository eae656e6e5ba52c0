//! Which of several sign-ins this browser used last for a domain. A note of convenience: it holds ids alone, is compared with the
//! connections in use whenever it is read, and decides nothing but where a browser is sent first.

use crate::kernel::{DomainId, ProviderId};

/// The note's name, after the prefix that the portal's cookies have.
pub const NOTE: &str = "sign-ins";
/// So many domains are remembered; the one that was used longest ago makes room.
const MOST: usize = 5;

/// What a browser remembers, last used first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Remembered(Vec<(DomainId, ProviderId)>);

impl Remembered {
    /// From the note's text; what is not ours is left out, also when there is too much of it.
    #[must_use]
    pub fn parse(text: &str) -> Self {
        let pair = |text: &str| {
            let (domain, provider) = text.split_once(':')?;
            Some((domain.parse().ok()?, provider.parse().ok()?))
        };
        Self(text.split('.').take(MOST).filter_map(pair).collect())
    }

    /// The note's text.
    #[must_use]
    pub fn to_text(&self) -> String {
        let pairs: Vec<String> = self.0.iter().map(|(domain, provider)| format!("{domain}:{provider}")).collect();
        pairs.join(".")
    }

    /// The connection used last for a domain.
    #[must_use]
    pub fn of(&self, domain: DomainId) -> Option<ProviderId> {
        self.0.iter().find(|(known, _)| *known == domain).map(|(_, provider)| *provider)
    }

    /// The connections it names.
    pub fn providers(&self) -> impl Iterator<Item = ProviderId> {
        self.0.iter().map(|(_, provider)| *provider)
    }

    /// Nothing is remembered.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// With the choice for a domain in front.
    #[must_use]
    pub fn with(mut self, domain: DomainId, provider: ProviderId) -> Self {
        self.0.retain(|(known, _)| *known != domain);
        self.0.insert(0, (domain, provider));
        self.0.truncate(MOST);
        self
    }

    /// Without a connection.
    #[must_use]
    pub fn without(mut self, provider: ProviderId) -> Self {
        self.0.retain(|(_, known)| *known != provider);
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::Rng;
    use rand::SeedableRng as _;

    fn ids(count: u64) -> Vec<(DomainId, ProviderId)> {
        let mut rng = Rng::seed_from_u64(count);
        let now = chrono::DateTime::UNIX_EPOCH;
        (0..count)
            .map(|_| (DomainId::new(now, &mut rng), ProviderId::new(now, &mut rng)))
            .collect()
    }

    #[test]
    fn the_last_choice_of_a_handful_of_domains_is_kept() {
        let ids = ids(7);
        let all = ids
            .iter()
            .fold(Remembered::default(), |all, (domain, provider)| all.with(*domain, *provider));
        let again = Remembered::parse(&all.to_text());
        assert_eq!(again, all);
        assert_eq!(again.providers().count(), MOST);
        assert_eq!(again.of(ids[6].0), Some(ids[6].1));
        assert_eq!(again.of(ids[0].0), None, "the oldest made room");
        let changed = again.with(ids[6].0, ids[0].1);
        assert_eq!((changed.of(ids[6].0), changed.providers().count()), (Some(ids[0].1), MOST));
        assert_eq!(changed.without(ids[0].1).of(ids[6].0), None);
    }

    #[test]
    fn what_is_not_ours_is_nothing() {
        let (domain, provider) = ids(1)[0];
        for text in ["", ".", ":", "a:b", "../..", &format!("{domain}"), &format!("{domain}:{provider}x")] {
            assert!(Remembered::parse(text).is_empty(), "{text}");
        }
        let long = vec![format!("{domain}:{provider}"); 5000].join(".");
        assert_eq!(Remembered::parse(&long).providers().count(), MOST);
    }
}
