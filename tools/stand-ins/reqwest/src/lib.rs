//! Stands in for the HTTP client with which cargo-leptos fetches other tools: here they are installed by npm before a build, so what it
//! would fetch is missing, and it says so.

use std::fmt;

use bytes::Bytes;
use serde::de::DeserializeOwned;

/// The only answer.
#[derive(Debug)]
pub struct Error;

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("this build of cargo-leptos downloads nothing: scripts/setup.sh installs what a build needs")
    }
}

impl std::error::Error for Error {}

/// Never made.
#[derive(Debug)]
pub enum Response {}

#[derive(Debug)]
pub enum StatusCode {}

impl StatusCode {
    pub fn is_success(&self) -> bool {
        match *self {}
    }
}

impl fmt::Display for StatusCode {
    fn fmt(&self, _: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {}
    }
}

impl Response {
    pub fn status(&self) -> StatusCode {
        match *self {}
    }

    pub async fn bytes(self) -> Result<Bytes, Error> {
        match self {}
    }

    pub async fn json<T: DeserializeOwned>(self) -> Result<T, Error> {
        match self {}
    }

    pub async fn text(self) -> Result<String, Error> {
        match self {}
    }
}

pub async fn get(_address: &str) -> Result<Response, Error> {
    Err(Error)
}

#[derive(Debug, Default)]
pub struct Client;

#[derive(Debug, Default)]
pub struct ClientBuilder;

#[derive(Debug)]
pub struct RequestBuilder;

impl ClientBuilder {
    pub fn user_agent(self, _name: &str) -> Self {
        self
    }

    pub fn build(self) -> Result<Client, Error> {
        Ok(Client)
    }
}

impl Client {
    pub fn get(&self, _address: impl AsRef<str>) -> RequestBuilder {
        RequestBuilder
    }
}

impl RequestBuilder {
    pub async fn send(self) -> Result<Response, Error> {
        Err(Error)
    }
}
