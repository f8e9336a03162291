//! Runs the manifests of `infra/k8s` in podman, with the images, settings, users, limits and read-only roots of the
//! rendered objects.
//!
//! Differences from Kubernetes: podman's DNS resolves names, nginx replaces the ingress (with the routes of the
//! `Ingress`), and `NetworkPolicy` is not enforced. Two images that only a registry has are replaced: NATS by an image
//! with the same server, MongoDB by a server of its protocol.

mod container;
mod container_env;
mod error;
mod local_servers;
pub mod manifests;
mod marketplace;
pub mod monitoring;
mod pod;
mod podman;
mod secrets;
mod volumes;

pub use error::PodsError;
pub use marketplace::Marketplace;
