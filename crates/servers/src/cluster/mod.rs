//! The cluster that Kubernetes runs, as child processes on one machine.
//!
//! Every service has replicas, its own database and one stable address. nginx is both the ingress and the Kubernetes
//! `Service`s: it balances over the available replicas. One MongoDB server holds the databases of all services.

mod config;
mod gateway;
mod services;
mod start;

use std::process::ExitStatus;

use crate::{Port, Server, ServerError, mongodb};

pub use config::ClusterConfig;
pub use gateway::ingress_config;
pub use services::{ROUTES, Route, SERVICES, Service};

/// A running cluster. Killed when dropped; [`Cluster::stop`] stops it gracefully.
#[derive(Debug)]
pub struct Cluster {
    config: ClusterConfig,
    mongodb_url: String,
    /// The services' processes and the simulators, in start order.
    members: Vec<Member>,
    /// nginx and, unless they run elsewhere, NATS and MongoDB; in stop order.
    servers: Vec<Server>,
    url: String,
    stripe_url: String,
    mailbox_url: String,
    nats_url: String,
    /// The services' stable ports, which nginx listens on.
    _service_ports: Vec<Port>,
}

/// One process of a service.
#[derive(Debug)]
pub(crate) struct Member {
    server: Server,
    /// The address of `/livez`, `/readyz` and `/metrics`; `None` for the simulators.
    admin_url: Option<String>,
}

impl Cluster {
    /// The marketplace's URL.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// The Stripe simulator's URL.
    pub fn stripe_url(&self) -> &str {
        &self.stripe_url
    }

    /// The mailbox's URL.
    pub fn mailbox_url(&self) -> &str {
        &self.mailbox_url
    }

    /// The NATS server's URL.
    pub fn nats_url(&self) -> &str {
        &self.nats_url
    }

    /// The URL of a service's database.
    pub fn database_url(&self, service: &str) -> String {
        mongodb::with_database(&self.mongodb_url, &self.config.database(service))
    }

    /// The names of all processes: `auth-1`, `auth-2`, …, `stripe-sim`, `mail-sim`, `nginx`, `nats`, `mongodb`.
    pub fn names(&self) -> Vec<&str> {
        let members = self.members.iter().map(|member| &member.server);
        members.chain(&self.servers).map(Server::name).collect()
    }

    /// A process by name, to kill, pause or restart it.
    pub fn process(&mut self, name: &str) -> Option<&mut Server> {
        self.processes().find(|server| server.name() == name)
    }

    /// All processes: the services, the simulators, then the servers.
    pub fn processes(&mut self) -> impl Iterator<Item = &mut Server> {
        let members = self.members.iter_mut().map(|member| &mut member.server);
        members.chain(&mut self.servers)
    }

    /// The names and admin addresses of all processes that have one.
    pub fn admin_urls(&self) -> impl Iterator<Item = (&str, &str)> {
        self.members.iter().filter_map(|member| Some((member.server.name(), member.admin_url.as_deref()?)))
    }

    /// Restarts processes that have exited, as Kubernetes would, without waiting until they are ready.
    ///
    /// # Errors
    /// A process cannot be started.
    pub fn restart_exited(&mut self) -> Result<Vec<ProcessExit>, ServerError> {
        let mut exits = Vec::new();
        for server in self.processes() {
            if let Some(status) = server.exit_status() {
                exits.push(ProcessExit { name: server.name().to_owned(), status, log: server.log_tail() });
                server.respawn()?;
            }
        }
        Ok(exits)
    }

    /// Stops everything gracefully: nginx, then the services concurrently, then NATS and MongoDB. A process that does
    /// not stop in time is killed.
    ///
    /// # Errors
    /// The first process that had to be killed.
    pub fn stop(mut self) -> Result<(), ServerError> {
        let servers = std::mem::take(&mut self.servers);
        let (gateway, backing): (Vec<_>, Vec<_>) =
            servers.into_iter().partition(|server| server.name() == "nginx");
        let members = std::mem::take(&mut self.members).into_iter().map(|member| member.server).collect();
        let outcomes = [stop_all(gateway), stop_all(members), stop_all(backing)];
        outcomes.into_iter().find(Result::is_err).unwrap_or(Ok(()))
    }
}

/// A process that exited without being stopped.
#[derive(Debug)]
pub struct ProcessExit {
    /// The process's name.
    pub name: String,
    /// The exit status.
    pub status: ExitStatus,
    /// The end of the log.
    pub log: String,
}

fn stop_all(mut servers: Vec<Server>) -> Result<(), ServerError> {
    // Without those that were killed on purpose.
    servers.retain(|server| server.id().is_some());
    let requested: Vec<_> = servers.iter_mut().map(Server::request_stop).collect();
    let stopped = servers.iter_mut().map(|server| server.wait_until_stopped().map(|_| ()));
    // All of them are awaited before the first failure is returned.
    let outcomes: Vec<_> = requested.into_iter().chain(stopped).collect();
    outcomes.into_iter().find(Result::is_err).unwrap_or(Ok(()))
}
