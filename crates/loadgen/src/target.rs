//! The deployment under load, as people use it.

use std::convert::Infallible;
use std::time::Duration;

use common::poll_until;
use parking_lot::Mutex;

use crate::LoadError;
use crate::client::{Client, Reply};
use crate::clock::Stopwatch;
use crate::contract::Contract;
use crate::recorder::{Outcome, Recorder};
use crate::request::Request;

/// How long one service may need for the event of another, where the client must try again.
const BEHIND_TIMEOUT: Duration = Duration::from_secs(5);

/// A person with an account.
#[derive(Debug)]
pub(crate) struct Person {
    /// The account's id.
    pub(crate) id: String,
    pub(crate) email: String,
    cookies: Mutex<String>,
}

/// The deployment, and the record of what it replied.
pub(crate) struct Target {
    pub(crate) contract: Contract,
    pub(crate) client: Client,
    pub(crate) recorder: Recorder,
}

impl Target {
    /// Signs a person up, or in if a former run did.
    pub(crate) async fn enter(&self, number: usize) -> Result<Person, LoadError> {
        let email = format!("load-{number}@example.com");
        let mut reply = self.client.send(&Request::sign_up(&email), None).await;
        if reply.status != 201 {
            let signed_in = self.client.send(&Request::sign_in(&email), None).await;
            // The refusal of the sign-up says more than that of a sign-in without an account.
            if signed_in.status != 200 {
                return Err(self.refused("an account", &reply));
            }
            reply = signed_in;
        }
        let id = reply.json()["id"].as_str().map(str::to_owned);
        let cookies = Mutex::new(reply.cookies.clone().unwrap_or_default());
        Ok(Person { id: id.ok_or_else(|| self.refused("an account", &reply))?, email, cookies })
    }

    /// Sends a request of a journey and records its outcome. Its latency counts from `since`. Returns the reply of a
    /// success.
    pub(crate) async fn send(
        &self,
        request: Request,
        person: Option<&Person>,
        since: Stopwatch,
    ) -> Option<Reply> {
        let reply = self.ask(&request, person).await;
        let latency = since.elapsed();
        let is_success = reply.status == request.success;
        let code = if is_success { String::new() } else { self.contract.code(&reply) };
        let expected = is_success || (request.is_contested && self.contract.is_taken(&reply));
        let outcome = Outcome { operation: request.operation, status: reply.status, code, expected };
        self.recorder.request(latency, outcome);
        is_success.then_some(reply)
    }

    /// Sends a request, with the session of this person, without a record.
    pub(crate) async fn ask(&self, request: &Request, person: Option<&Person>) -> Reply {
        let ask = async || {
            let cookies = person.map(|person| person.cookies.lock().clone());
            let reply = self.client.send(request, cookies.as_deref()).await;
            Ok::<_, Infallible>((!self.contract.is_behind(request, &reply)).then_some(reply))
        };
        let Ok(reply) = poll_until(BEHIND_TIMEOUT, ask).await;
        let reply = reply.unwrap_or_else(|| Reply::none("not known in time"));
        // The token of a long run expires, and the session behind it gives a new one. The session ends, too, if its person
        // has too many.
        let Some(person) = person.filter(|_| reply.status == 401) else { return reply };
        let cookies = person.cookies.lock().clone();
        let mut renewed = self.client.send(&Request::current_user(), Some(&cookies)).await;
        if renewed.cookies.is_none() {
            renewed = self.client.send(&Request::sign_in(&person.email), None).await;
        }
        let Some(cookies) = renewed.cookies else { return reply };
        person.cookies.lock().clone_from(&cookies);
        self.client.send(request, Some(&cookies)).await
    }

    /// Why a run cannot be prepared.
    pub(crate) fn refused(&self, subject: &'static str, reply: &Reply) -> LoadError {
        match reply.failure {
            Some(failure) => LoadError::NoReply(failure),
            None => LoadError::Refused { subject, status: reply.status, code: self.contract.code(reply) },
        }
    }
}
