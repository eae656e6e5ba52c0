//! Clients as this process last read them, for those who come a thousand times a second for tokens of their own.
//!
//! What is concluded from memory counts only if client and application are still the same rows when its event is written
//! ([`crate::grouped::Basis`]); so a client that was switched off, or got a new secret, gets nothing from the moment that was committed,
//! on every replica.

use std::{
    collections::HashMap,
    sync::{Arc, PoisonError, RwLock},
};

use super::Client;
use crate::{apps::Application, grouped::Basis};

/// So many are remembered at most.
const MOST: usize = 1_000;

/// A client with its application.
#[derive(Debug)]
pub struct Known {
    /// The client.
    pub client: Client,
    /// Its application.
    pub application: Application,
}

impl Known {
    /// The versions of both.
    #[must_use]
    pub const fn basis(&self) -> Basis {
        Basis {
            client: (self.client.id, self.client.version),
            application: (self.application.id, self.application.version),
        }
    }
}

/// Clients by the name they call themselves.
#[derive(Clone, Debug, Default)]
pub struct KnownClients(Arc<RwLock<HashMap<String, Arc<Known>>>>);

impl KnownClients {
    /// A client, if it is remembered.
    #[must_use]
    pub fn get(&self, client_id: &str) -> Option<Arc<Known>> {
        self.0.read().unwrap_or_else(PoisonError::into_inner).get(client_id).cloned()
    }

    /// Remembers a client.
    pub fn remember(&self, client: Client, application: Application) {
        let mut known = self.0.write().unwrap_or_else(PoisonError::into_inner);
        if known.len() >= MOST {
            known.clear();
        }
        known.insert(client.terms.client_id.clone(), Arc::new(Known { client, application }));
    }

    /// Forgets a client that has changed.
    pub fn forget(&self, client_id: &str) {
        self.0.write().unwrap_or_else(PoisonError::into_inner).remove(client_id);
    }
}
