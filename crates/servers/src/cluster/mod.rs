//! The whole cluster on one machine: what Kubernetes runs, as child processes.
//!
//! Every service has its replicas, its own database and one stable address; nginx is both the ingress and what a
//! Kubernetes `Service` is: an address that leads to whichever replica is there. One MongoDB server holds the databases
//! of all services, which know only their own.

mod gateway;
mod member;
mod plan;
mod routes;
mod start;

use std::process::ExitStatus;

use crate::{Port, Server, ServerError, mongodb};

pub use gateway::front;
pub use member::{SERVICES, Service};
pub use plan::Plan;
pub use routes::{ROUTES, Route};

/// A cluster that runs. Killed when dropped; [`Cluster::stop`] stops it gracefully.
#[derive(Debug)]
pub struct Cluster {
    plan: Plan,
    mongodb_url: String,
    /// The services' processes and the simulator, in the order in which they were started.
    members: Vec<Member>,
    /// nginx and, unless they run elsewhere, NATS and MongoDB; in the order in which they are stopped.
    servers: Vec<Server>,
    url: String,
    stripe_url: String,
    nats_url: String,
    /// The services' stable addresses, which nginx listens on.
    _addresses: Vec<Port>,
}

/// One process of a service.
#[derive(Debug)]
pub(crate) struct Member {
    server: Server,
    /// Where `/livez`, `/readyz` and `/metrics` are. The simulator has none.
    admin_url: Option<String>,
}

impl Cluster {
    /// Where people and programs reach the marketplace.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Where the Stripe simulator is.
    pub fn stripe_url(&self) -> &str {
        &self.stripe_url
    }

    /// Where NATS is.
    pub fn nats_url(&self) -> &str {
        &self.nats_url
    }

    /// The database of a service.
    pub fn database_url(&self, service: &str) -> String {
        mongodb::with_database(&self.mongodb_url, &self.plan.database(service))
    }

    /// The names of all processes that belong to it: `auth-1`, `auth-2`, …, `stripe-sim`, `nginx`, `nats`, `mongodb`.
    pub fn names(&self) -> Vec<&str> {
        let members = self.members.iter().map(|member| &member.server);
        members.chain(&self.servers).map(Server::name).collect()
    }

    /// A process by its name, to kill, pause or restart it.
    pub fn process(&mut self, name: &str) -> Option<&mut Server> {
        self.processes().find(|server| server.name() == name)
    }

    /// All processes: the services' first, then the servers.
    pub fn processes(&mut self) -> impl Iterator<Item = &mut Server> {
        let members = self.members.iter_mut().map(|member| &mut member.server);
        members.chain(&mut self.servers)
    }

    /// The admin address of each process that has one, by name.
    pub fn admin_urls(&self) -> impl Iterator<Item = (&str, &str)> {
        self.members.iter().filter_map(|member| Some((member.server.name(), member.admin_url.as_deref()?)))
    }

    /// Starts again whatever ended by itself, as Kubernetes would, and says what did. It does not wait until they are
    /// ready.
    ///
    /// # Errors
    /// One cannot be started.
    pub fn revive(&mut self) -> Result<Vec<Loss>, ServerError> {
        let mut losses = Vec::new();
        for server in self.processes() {
            if let Some(status) = server.ended() {
                losses.push(Loss { name: server.name().to_owned(), status, log: server.log_end() });
                server.restart_unready()?;
            }
        }
        Ok(losses)
    }

    /// Stops everything gracefully: the gateway, then the services all at once, then what they stand on. Whatever does
    /// not stop is killed.
    ///
    /// # Errors
    /// Something did not stop by itself: the first one.
    pub fn stop(mut self) -> Result<(), ServerError> {
        let servers = std::mem::take(&mut self.servers);
        let (gateway, below): (Vec<_>, Vec<_>) =
            servers.into_iter().partition(|server| server.name() == "nginx");
        let members = std::mem::take(&mut self.members).into_iter().map(|member| member.server).collect();
        let outcomes = [stop_all(gateway), stop_all(members), stop_all(below)];
        outcomes.into_iter().find(Result::is_err).unwrap_or(Ok(()))
    }
}

/// A process that ended by itself.
#[derive(Debug)]
pub struct Loss {
    /// Its name.
    pub name: String,
    /// How it ended.
    pub status: ExitStatus,
    /// The end of its log.
    pub log: String,
}

fn stop_all(mut servers: Vec<Server>) -> Result<(), ServerError> {
    // Those that were killed on purpose are down already.
    servers.retain(|server| server.id().is_some());
    let asked: Vec<_> = servers.iter_mut().map(Server::ask_to_stop).collect();
    let stopped = servers.iter_mut().map(|server| server.wait_until_stopped().map(|_| ()));
    // Every one is waited for before the first failure is told.
    let outcomes: Vec<_> = asked.into_iter().chain(stopped).collect();
    outcomes.into_iter().find(Result::is_err).unwrap_or(Ok(()))
}
