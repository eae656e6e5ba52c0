//! Looking for the TXT record that proves a domain (RFC 1035 §3.3.14).

use std::{net::SocketAddr, time::Duration};

use futures::{StreamExt as _, stream::FuturesUnordered};
use hickory_resolver::{
    TokioResolver,
    config::{ConnectionConfig, NameServerConfig, ResolverConfig, ResolverOpts},
    net::runtime::TokioRuntimeProvider,
    proto::rr::RData,
};

use super::Domain;

/// What came of looking.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Found {
    /// The record is there.
    Yes,
    /// The name servers answer, and it is not.
    No,
    /// Nobody answered, which says nothing about the record.
    NoAnswer,
}

/// The longest wait for an answer.
const PATIENCE: Duration = Duration::from_secs(5);

fn resolver(server: Option<SocketAddr>) -> Option<TokioResolver> {
    let mut options = ResolverOpts::default();
    options.timeout = Duration::from_secs(2);
    options.attempts = 2;
    // A record that was just set must be seen at once.
    options.cache_size = 0;
    let builder = match server {
        None => TokioResolver::builder_tokio().ok()?,
        Some(server) => {
            let mut udp = ConnectionConfig::udp();
            udp.port = server.port();
            let mut tcp = ConnectionConfig::tcp();
            tcp.port = server.port();
            let config = ResolverConfig::from_parts(None, vec![], vec![NameServerConfig::new(server.ip(), true, vec![udp, tcp])]);
            TokioResolver::builder_with_config(config, TokioRuntimeProvider::default())
        }
    };
    builder.with_options(options).build().ok()
}

/// Looks for a domain's record. Asks the network, so no transaction may be open.
pub async fn look(domain: &Domain, server: Option<SocketAddr>) -> Found {
    let Some(resolver) = resolver(server) else { return Found::NoAnswer };
    let names = domain.record_names();
    let mut asked: FuturesUnordered<_> = names.iter().map(|name| ask(&resolver, name, &domain.proof)).collect();
    let mut everywhere = true;
    while let Some(found) = asked.next().await {
        match found {
            Found::Yes => return Found::Yes,
            Found::No => {}
            // The record may be at the name that nobody answered for.
            Found::NoAnswer => everywhere = false,
        }
    }
    if everywhere { Found::No } else { Found::NoAnswer }
}

async fn ask(resolver: &TokioResolver, name: &str, proof: &str) -> Found {
    // The dot keeps the machine's search list out of it.
    match tokio::time::timeout(PATIENCE, resolver.txt_lookup(format!("{name}."))).await {
        Ok(Ok(answer)) => {
            let proven = answer.answers().iter().any(|record| match &record.data {
                RData::TXT(text) => text.txt_data.concat() == proof.as_bytes(),
                _ => false,
            });
            if proven { Found::Yes } else { Found::No }
        }
        Ok(Err(error)) if error.is_no_records_found() || error.is_nx_domain() => Found::No,
        Ok(Err(error)) => {
            tracing::debug!(name, %error, "a domain's name servers did not answer");
            Found::NoAnswer
        }
        Err(_) => Found::NoAnswer,
    }
}
