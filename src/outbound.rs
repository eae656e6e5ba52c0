//! Requests to addresses that others gave us (discovery documents, metadata, logout endpoints): never into the networks this machine
//! can reach but strangers cannot, no redirects, bounded in time and size.

use std::{
    net::{IpAddr, SocketAddr},
    sync::Arc,
    time::Duration,
};

use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use thiserror::Error;
use url::Url;

/// An answer longer than this many bytes is refused.
pub const MAX_ANSWER: usize = 1_048_576;

/// Why there is no answer. The text is for administrators who set up a connection.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum OutboundError {
    /// Not an https address, or one that names a network of ours.
    #[error("The address {0} cannot be used: it must begin with https:// and be reachable from the internet.")]
    Forbidden(String),
    /// No connection, a broken certificate, or no answer in time.
    #[error("{0} does not answer: {1}.")]
    Unreachable(String, &'static str),
    /// An answer that says no.
    #[error("{0} answered with status {1}.")]
    Status(String, u16),
    /// More than [`MAX_ANSWER`].
    #[error("{0} sent more than a megabyte.")]
    TooLong(String),
}

/// An HTTP client for such requests.
#[derive(Clone, Debug)]
pub struct Outbound {
    client: reqwest::Client,
    private_networks: bool,
}

/// Answers only with addresses on the public internet.
#[derive(Debug)]
struct PublicAddresses {
    private_networks: bool,
}

impl Resolve for PublicAddresses {
    fn resolve(&self, name: Name) -> Resolving {
        let private = self.private_networks;
        Box::pin(async move {
            let found = tokio::net::lookup_host((name.as_str(), 0)).await?;
            let usable: Vec<SocketAddr> = found.filter(|address| private || is_public(address.ip())).collect();
            if usable.is_empty() {
                return Err("the name has no public address".into());
            }
            Ok(Box::new(usable.into_iter()) as Addrs)
        })
    }
}

/// Whether an address is on the public internet (IANA special-purpose registries, RFC 6890).
#[must_use]
pub fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(v4) => {
            let [a, b, ..] = v4.octets();
            !(v4.is_private()
                || v4.is_loopback()
                || v4.is_link_local()
                || v4.is_broadcast()
                || v4.is_documentation()
                || v4.is_unspecified()
                || v4.is_multicast()
                || a == 0
                || a >= 240
                || (a == 100 && (64..128).contains(&b))
                || (a == 192 && b == 0)
                || (a == 198 && (b == 18 || b == 19)))
        }
        IpAddr::V6(v6) => {
            if let Some(v4) = v6.to_ipv4_mapped() {
                return is_public(IpAddr::V4(v4));
            }
            let [first, second, ..] = v6.segments();
            // Only global unicast, without documentation, Teredo and the translations that lead to IPv4 addresses.
            (first & 0xe000) == 0x2000 && first != 0x2002 && !(first == 0x2001 && (second == 0xdb8 || second < 0x200))
        }
    }
}

impl Outbound {
    /// A client; `private_networks` allows http and addresses of private networks (for demonstrations and tests).
    ///
    /// # Errors
    /// The text of what is wrong with the machine's TLS set-up.
    pub fn new(private_networks: bool) -> Result<Self, String> {
        let client = reqwest::Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            .connect_timeout(Duration::from_secs(5))
            .timeout(Duration::from_secs(10))
            .no_proxy()
            .user_agent(concat!("portico/", env!("CARGO_PKG_VERSION")))
            .dns_resolver(Arc::new(PublicAddresses { private_networks }))
            .build()
            .map_err(|error| error.to_string())?;
        Ok(Self { client, private_networks })
    }

    /// Whether an address may be asked at all; what its name leads to is checked again when it is asked.
    ///
    /// # Errors
    /// [`OutboundError::Forbidden`].
    pub fn check(&self, address: &Url) -> Result<(), OutboundError> {
        let forbidden = || Err(OutboundError::Forbidden(place(address)));
        if !address.username().is_empty() || address.password().is_some() {
            return forbidden();
        }
        if self.private_networks && matches!(address.scheme(), "http" | "https") {
            return Ok(());
        }
        let public = match address.host() {
            Some(url::Host::Domain(name)) => name.contains('.') && !name.ends_with(".localhost"),
            Some(url::Host::Ipv4(ip)) => is_public(ip.into()),
            Some(url::Host::Ipv6(ip)) => is_public(ip.into()),
            None => false,
        };
        if address.scheme() == "https" && public {
            Ok(())
        } else {
            forbidden()
        }
    }

    /// Fetches a document.
    ///
    /// # Errors
    /// [`OutboundError`], also for any status but 200.
    pub async fn get(&self, address: &Url, accept: &'static str) -> Result<Vec<u8>, OutboundError> {
        let request = http::Request::get(address.as_str())
            .header(http::header::ACCEPT, accept)
            .body(Vec::new());
        let request = request.map_err(|_| OutboundError::Forbidden(place(address)))?;
        let answer = self.send(request).await?;
        match answer.status().as_u16() {
            200 => Ok(answer.into_body()),
            status => Err(OutboundError::Status(place(address), status)),
        }
    }

    /// Sends a request and reads the answer, whatever its status.
    ///
    /// # Errors
    /// [`OutboundError`] when there is none.
    pub async fn send(&self, request: http::Request<Vec<u8>>) -> Result<http::Response<Vec<u8>>, OutboundError> {
        let forbidden = || OutboundError::Forbidden(request.uri().to_string());
        let address = Url::parse(&request.uri().to_string()).map_err(|_| forbidden())?;
        self.check(&address)?;
        let request = reqwest::Request::try_from(request).map_err(|_| OutboundError::Forbidden(place(&address)))?;
        let unreachable = |error: &reqwest::Error| OutboundError::Unreachable(place(&address), why(error));
        let mut answer = self.client.execute(request).await.map_err(|error| unreachable(&error))?;
        let mut whole = http::Response::builder().status(answer.status());
        if let Some(headers) = whole.headers_mut() {
            *headers = answer.headers().clone();
        }
        let mut body = Vec::new();
        while let Some(part) = answer.chunk().await.map_err(|error| unreachable(&error))? {
            if body.len() + part.len() > MAX_ANSWER {
                return Err(OutboundError::TooLong(place(&address)));
            }
            body.extend_from_slice(&part);
        }
        whole
            .body(body)
            .map_err(|_| OutboundError::Unreachable(place(&address), "its answer cannot be read"))
    }
}

/// Host and path, without what may be secret in a query.
fn place(address: &Url) -> String {
    let port = address.port().map(|port| format!(":{port}")).unwrap_or_default();
    format!(
        "{}://{}{port}{}",
        address.scheme(),
        address.host_str().unwrap_or_default(),
        address.path()
    )
}

fn why(error: &reqwest::Error) -> &'static str {
    if error.is_timeout() {
        "it took longer than 10 seconds"
    } else if error.is_connect() {
        "no connection, or its certificate is not valid"
    } else {
        "the connection broke off"
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case::loopback("127.0.0.1", false)]
    #[case::private("10.1.2.3", false)]
    #[case::metadata_service("169.254.169.254", false)]
    #[case::shared("100.64.0.1", false)]
    #[case::mapped("::ffff:10.0.0.1", false)]
    #[case::unique_local("fd00::1", false)]
    #[case::six_to_four("2002:0a00:0001::1", false)]
    #[case::translated("64:ff9b::a00:1", false)]
    #[case::public("93.184.215.14", true)]
    #[case::public_six("2606:2800:21f:cb07:6820:80da:af6b:8b2c", true)]
    fn only_public_addresses_count(#[case] address: IpAddr, #[case] public: bool) {
        assert_eq!(is_public(address), public);
    }

    #[rstest]
    #[case("https://login.acme.example/realms/a", true)]
    #[case("http://login.acme.example/", false)]
    #[case("https://127.0.0.1/", false)]
    #[case("https://[::1]/", false)]
    #[case("https://localhost/", false)]
    #[case("https://user:secret@login.acme.example/", false)]
    #[case("ftp://login.acme.example/", false)]
    fn strangers_addresses_are_checked(#[case] address: &str, #[case] allowed: bool) {
        let outbound = Outbound::new(false).expect("a client");
        assert_eq!(outbound.check(&address.parse().expect("a URL")).is_ok(), allowed);
    }

    #[tokio::test]
    async fn a_name_that_leads_to_this_machine_is_not_asked() {
        let outbound = Outbound::new(false).expect("a client");
        let answer = outbound
            .get(&"https://localhost.localdomain/".parse().expect("a URL"), "text/html")
            .await;
        assert!(matches!(answer, Err(OutboundError::Unreachable(..))), "{answer:?}");
    }
}
