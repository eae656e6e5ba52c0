//! The running service told to stop, as systemd or a container does it: by signals to the process.
#![cfg(all(unix, feature = "ssr"))]

use std::{
    io::{BufRead as _, BufReader, Read as _, Write as _},
    net::{TcpListener, TcpStream},
    process::{Child, ChildStderr, Command, Stdio},
};

struct Service {
    child: Child,
    log: BufReader<ChildStderr>,
    address: String,
    _folder: tempfile::TempDir,
}

impl Service {
    /// Starts `portico serve` on an empty database and waits until it says that it serves.
    fn start() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let address = {
            let free = TcpListener::bind("127.0.0.1:0").expect("a port");
            free.local_addr().expect("an address").to_string()
        };
        let mut child = Command::new(env!("CARGO_BIN_EXE_portico"))
            .arg("serve")
            .current_dir(folder.path())
            .env("LEPTOS_SITE_ADDR", &address)
            .env("LEPTOS_OUTPUT_NAME", "portico")
            .env(
                "PORTICO_DATABASE_URL",
                format!("sqlite:{}", folder.path().join("portico.db").display()),
            )
            .env("PORTICO_MASTER_KEY_FILE", folder.path().join("master.key"))
            .env("PORTICO_SHUTDOWN_SECONDS", "600")
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .expect("portico starts");
        let log = BufReader::new(child.stderr.take().expect("its log"));
        let mut service = Self {
            child,
            log,
            address,
            _folder: folder,
        };
        service.says("serving");
        service
    }

    /// Waits for a line of the log.
    fn says(&mut self, words: &str) {
        let mut seen = String::new();
        loop {
            let before = seen.len();
            let read = self.log.read_line(&mut seen).expect("the log");
            assert!(read > 0, "portico ended without saying {words:?}:\n{seen}");
            if seen[before..].contains(words) {
                return;
            }
        }
    }

    fn signal(&self, name: &str) {
        let sent = Command::new("kill").args(["-s", name, &self.child.id().to_string()]).status();
        assert!(sent.expect("kill").success());
    }

    /// Sends a form but for its last byte, so that a request is under way.
    fn begin_request(&self) -> TcpStream {
        let mut connection = TcpStream::connect(&self.address).expect("a connection");
        let body = "email=bo.lind%40example.com";
        let head = format!(
            "POST /do/begin-sign-in HTTP/1.1\r\nhost: {}\r\naccept: text/html\r\nsec-fetch-site: same-origin\r\n\
             content-type: application/x-www-form-urlencoded\r\ncontent-length: {}\r\nexpect: 100-continue\r\n\r\n",
            self.address,
            body.len()
        );
        connection.write_all(head.as_bytes()).expect("the head is sent");
        // The service asks for the body: the request has reached the portal.
        let mut answer = [0; 25];
        connection.read_exact(&mut answer).expect("an interim answer");
        assert!(answer.starts_with(b"HTTP/1.1 100 Continue"), "{}", String::from_utf8_lossy(&answer));
        connection
            .write_all(&body.as_bytes()[..body.len() - 1])
            .expect("most of the body is sent");
        connection
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn a_running_request_is_finished_before_the_process_ends() {
    let mut service = Service::start();
    let mut connection = service.begin_request();
    service.signal("TERM");
    service.says("told to stop");
    assert!(
        service.child.try_wait().expect("status").is_none(),
        "the request is still under way"
    );
    connection.write_all(b"m").expect("the last byte is sent");
    let mut answer = String::new();
    connection.read_to_string(&mut answer).expect("an answer");
    assert!(answer.starts_with("HTTP/1.1 303"), "{answer}");
    assert!(answer.contains("location: /sign-in/password"), "{answer}");
    service.says("stopped");
    assert_eq!(service.child.wait().expect("status").code(), Some(0));
}

#[test]
fn a_second_signal_ends_the_process_at_once() {
    let mut service = Service::start();
    let _connection = service.begin_request();
    service.signal("TERM");
    service.says("told to stop");
    assert!(
        service.child.try_wait().expect("status").is_none(),
        "the request is still under way"
    );
    service.signal("INT");
    assert_eq!(service.child.wait().expect("status").code(), Some(130));
}
