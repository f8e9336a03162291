//! A cluster of one process of each service.

use std::net::SocketAddr;

use servers::Server;
use servers::cluster::{Cluster, ClusterConfig, SERVICES};
use tempfile::TempDir;

use crate::program::{Failure, folder, folder_of_programs, until_idle};

/// A running cluster. Killed when dropped.
pub(super) struct Running {
    cluster: Cluster,
    /// Dropped after the cluster whose data it holds.
    _folder: TempDir,
}

impl Running {
    /// Starts the programs that stand beside the bench.
    pub(super) fn start() -> Result<Self, Failure> {
        let folder = folder()?;
        let config = ClusterConfig {
            replicas: 1,
            // One person of a measurement does the work of many.
            environment: ["MAX_WRITES", "MAX_SIGN_UPS", "MAX_STREAMS"]
                .map(|limit| (limit.to_owned(), "0".to_owned()))
                .to_vec(),
            ..ClusterConfig::new(folder_of_programs()?, folder.path())
        };
        Ok(Self { cluster: Cluster::start(config)?, _folder: folder })
    }

    /// The address of nginx.
    pub(super) fn gateway(&self) -> Result<SocketAddr, Failure> {
        address(self.cluster.url())
    }

    /// The address of a service, with nothing in front of it.
    pub(super) fn address(&mut self, service: &str) -> Result<SocketAddr, Failure> {
        address(self.process(service)?.url())
    }

    /// A service's process id.
    pub(super) fn id(&mut self, service: &str) -> Result<u32, Failure> {
        let process = self.process(service)?;
        process.id().ok_or_else(|| format!("{service} does not run").into())
    }

    /// The address of NATS.
    pub(super) fn nats(&self) -> &str {
        self.cluster.nats_url()
    }

    /// The address of a database on the cluster's server.
    pub(super) fn database(&self, name: &str) -> String {
        self.cluster.database_url(name)
    }

    /// Stops these services (SIGSTOP) until [`Running::resume`].
    pub(super) fn pause(&mut self, services: &[&str]) -> Result<(), Failure> {
        services.iter().try_for_each(|service| Ok(self.process(service)?.pause()?))
    }

    pub(super) fn resume(&mut self, services: &[&str]) -> Result<(), Failure> {
        services.iter().try_for_each(|service| Ok(self.process(service)?.resume()?))
    }

    /// Waits until every service is idle.
    pub(super) async fn until_idle(&mut self) -> Result<(), Failure> {
        for service in SERVICES {
            until_idle(self.id(service.name)?).await?;
        }
        Ok(())
    }

    /// Stops the cluster as an operator does.
    pub(super) fn stop(self) -> Result<(), Failure> {
        Ok(self.cluster.stop()?)
    }

    fn process(&mut self, service: &str) -> Result<&mut Server, Failure> {
        let process = self.cluster.process(&format!("{service}-1"));
        process.ok_or_else(|| format!("the cluster has no {service}").into())
    }
}

fn address(url: &str) -> Result<SocketAddr, Failure> {
    Ok(url.trim_start_matches("http://").parse()?)
}
