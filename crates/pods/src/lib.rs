//! Runs what the manifests of `infra/k8s` describe in podman: the same images, settings, users, limits and read-only
//! roots that Kubernetes would give them, read out of the rendered objects.
//!
//! Podman is no Kubernetes. Names lead to pods by podman's own DNS, nginx stands in for the ingress with the routes of
//! the `Ingress`, `NetworkPolicy` is not enforced, and two outside images that cannot be had without a registry are
//! replaced: NATS by one with the same server in it, MongoDB by a server that speaks its protocol.

mod container;
mod error;
pub mod manifests;
mod marketplace;
mod network;
mod pod;
mod podman;
mod quantity;
mod secrets;
mod settings;
mod stand_in;
mod volumes;

pub use error::PodsError;
pub use marketplace::Marketplace;
