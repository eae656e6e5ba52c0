//! Who is signed in, who is on the way, and which logout tokens came already: in memory, each with an end and bounded in number.

use std::{
    collections::HashMap,
    sync::{Mutex, MutexGuard, PoisonError},
};

use chrono::Duration;

use super::party::{Asked, Person};
use crate::kernel::{BearerSecret, Rng, Timestamp, sha256};

/// So many of each are kept; the oldest go first.
const MOST: usize = 2_000;

/// Values that are found by the hash of a secret the browser holds.
#[derive(Debug)]
struct Kept<T> {
    rows: HashMap<Vec<u8>, (Timestamp, T)>,
}

impl<T> Default for Kept<T> {
    fn default() -> Self {
        Self { rows: HashMap::new() }
    }
}

impl<T> Kept<T> {
    fn put(&mut self, key: Vec<u8>, ends_at: Timestamp, value: T, now: Timestamp) {
        self.rows.retain(|_, (end, _)| *end > now);
        if self.rows.len() >= MOST {
            let first = self.rows.iter().min_by_key(|(_, (end, _))| *end).map(|(key, _)| key.clone());
            first.and_then(|key| self.rows.remove(&key));
        }
        self.rows.insert(key, (ends_at, value));
    }

    fn get(&self, key: &[u8], now: Timestamp) -> Option<&T> {
        self.rows.get(key).filter(|(end, _)| *end > now).map(|(_, value)| value)
    }

    fn take(&mut self, key: &[u8], now: Timestamp) -> Option<T> {
        self.rows.remove(key).filter(|(end, _)| *end > now).map(|(_, value)| value)
    }
}

#[derive(Debug, Default)]
struct Inside {
    asked: Kept<Asked>,
    people: Kept<Person>,
    spent: Kept<()>,
}

/// All of it.
#[derive(Debug, Default)]
pub struct Memory(Mutex<Inside>);

impl Memory {
    fn inside(&self) -> MutexGuard<'_, Inside> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Remembers a request on its way; answers what the browser has to bring back.
    pub fn remember(&self, asked: Asked, rng: &mut Rng, now: Timestamp) -> BearerSecret {
        let secret = BearerSecret::generate(rng);
        self.inside().asked.put(secret.hash(), now + Duration::minutes(10), asked, now);
        secret
    }

    /// The request that this browser comes back with, once.
    pub fn take_asked(&self, secret: &str, now: Timestamp) -> Option<Asked> {
        self.inside().asked.take(&sha256(secret), now)
    }

    /// Opens a session; answers its cookie.
    pub fn sign_in(&self, person: Person, rng: &mut Rng, now: Timestamp) -> BearerSecret {
        let secret = BearerSecret::generate(rng);
        self.inside().people.put(secret.hash(), now + Duration::hours(8), person, now);
        secret
    }

    /// Who is signed in with this cookie.
    pub fn person(&self, secret: &str, now: Timestamp) -> Option<Person> {
        self.inside().people.get(&sha256(secret), now).cloned()
    }

    /// Ends a session; answers whose it was.
    pub fn sign_out(&self, secret: &str, now: Timestamp) -> Option<Person> {
        self.inside().people.take(&sha256(secret), now)
    }

    /// Ends the sessions that a logout token names; answers how many. None when the token came already.
    pub fn end(&self, id: &str, ends_at: Timestamp, subject: Option<&str>, session: Option<&str>, now: Timestamp) -> Option<usize> {
        let mut inside = self.inside();
        if inside.spent.get(&sha256(id), now).is_some() {
            return None;
        }
        inside.spent.put(sha256(id), ends_at, (), now);
        let before = inside.people.rows.len();
        inside.people.rows.retain(|_, (_, person)| {
            let meant = subject.is_none_or(|subject| person.subject() == Some(subject))
                && session.is_none_or(|session| person.session().is_none_or(|known| known == session));
            !meant
        });
        Some(before - inside.people.rows.len())
    }
}
