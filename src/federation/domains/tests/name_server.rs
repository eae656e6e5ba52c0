//! A name server on the loopback interface whose TXT records a test sets as it goes.

use std::{
    collections::BTreeMap,
    net::SocketAddr,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use hickory_server::{
    Server,
    net::{runtime::Time, xfer::Protocol},
    proto::{
        op::{Edns, Header, HeaderCounts, Metadata, ResponseCode},
        rr::{Name, RData, Record, RecordType, rdata::TXT},
    },
    server::{Request, RequestHandler, ResponseHandler, ResponseInfo},
    zone_handler::MessageResponseBuilder,
};
use tokio::net::{TcpListener, UdpSocket};

/// Whether questions for a name are answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mood {
    /// With SERVFAIL (RFC 1035 §4.1.1).
    Fails,
    /// Not at all.
    Silent,
}

#[derive(Default)]
struct State {
    texts: BTreeMap<String, Vec<String>>,
    moods: BTreeMap<String, Mood>,
    asked: Vec<(String, Protocol)>,
}

#[derive(Clone, Default)]
struct Names(Arc<Mutex<State>>);

impl Names {
    fn with<T>(&self, act: impl FnOnce(&mut State) -> T) -> T {
        act(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// A running name server; it ends when dropped.
pub struct NameServer {
    /// Where it listens, over UDP and TCP.
    pub address: SocketAddr,
    names: Names,
    _server: Server<Names>,
}

impl NameServer {
    /// Starts it without any record.
    pub async fn start() -> Self {
        let names = Names::default();
        let mut server = Server::new(names.clone());
        let (udp, tcp) = sockets().await;
        let address = udp.local_addr().expect("an address");
        server.register_socket(udp);
        server.register_listener(tcp, Duration::from_secs(5), 64);
        Self {
            address,
            names,
            _server: server,
        }
    }

    /// Replaces the TXT records of a name; none at all makes the name unknown.
    pub fn set(&self, name: &str, values: &[&str]) {
        let values: Vec<String> = values.iter().map(|value| (*value).to_owned()).collect();
        self.names.with(|state| {
            if values.is_empty() {
                state.texts.remove(name);
            } else {
                state.texts.insert(name.to_owned(), values);
            }
        });
    }

    /// Stops answering for a name, or goes on.
    pub fn mood(&self, name: &str, mood: Option<Mood>) {
        self.names.with(|state| match mood {
            Some(mood) => drop(state.moods.insert(name.to_owned(), mood)),
            None => drop(state.moods.remove(name)),
        });
    }

    /// The names that were asked for, and how.
    pub fn asked(&self) -> Vec<(String, Protocol)> {
        self.names.with(|state| state.asked.clone())
    }
}

/// The same free port for UDP and TCP.
async fn sockets() -> (UdpSocket, TcpListener) {
    for _ in 0..20 {
        let udp = UdpSocket::bind("127.0.0.1:0").await.expect("a free port");
        if let Ok(tcp) = TcpListener::bind(udp.local_addr().expect("an address")).await {
            return (udp, tcp);
        }
    }
    panic!("no port is free for UDP and TCP both");
}

#[async_trait::async_trait]
impl RequestHandler for Names {
    async fn handle_request<R: ResponseHandler, T: Time>(&self, request: &Request, mut reply: R) -> ResponseInfo {
        let asked = request.request_info().expect("one question");
        let name: Name = asked.query.name().clone().into();
        let key = name.to_ascii().trim_end_matches('.').to_owned();
        let (values, mood) = self.with(|state| {
            state.asked.push((key.clone(), asked.protocol));
            (state.texts.get(&key).cloned(), state.moods.get(&key).copied())
        });
        let mut metadata = Metadata::response_from_request(asked.metadata);
        metadata.authoritative = true;
        metadata.response_code = match (&values, mood) {
            (_, Some(Mood::Fails)) => ResponseCode::ServFail,
            (None, _) => ResponseCode::NXDomain,
            _ => ResponseCode::NoError,
        };
        if mood == Some(Mood::Silent) {
            let counts = HeaderCounts::default();
            return Header { metadata, counts }.into();
        }
        let answers: Vec<Record> = match mood {
            None if asked.query.query_type() == RecordType::TXT => values
                .into_iter()
                .flatten()
                .map(|value| Record::from_rdata(name.clone(), 300, RData::TXT(TXT::new(strings(&value)))))
                .collect(),
            _ => Vec::new(),
        };
        let edns = Edns::new();
        let mut builder = MessageResponseBuilder::from_message_request(request);
        builder.edns(&edns);
        let response = builder.build(metadata, &answers, [], [], []);
        reply.send_response(response).await.expect("an answer is sent")
    }
}

/// A string of a TXT record holds 255 bytes at most (RFC 1035 §3.3).
fn strings(value: &str) -> Vec<String> {
    let chars: Vec<char> = value.chars().collect();
    chars.chunks(255).map(|part| part.iter().collect()).collect()
}
