//! The marketplace of an environment in podman.

use std::collections::BTreeMap;
use std::net::{Ipv4Addr, SocketAddr};

use serde_json::json;
use servers::cluster::ingress_config;
use servers::{Port, Server, ServerLocation, nginx};
use tempfile::TempDir;

use crate::container::only_container;
use crate::container_env::text;
use crate::local_servers::{Database, NATS_IMAGE, build_nats_image};
use crate::manifests::{Environment, Object, render_overlay};
use crate::pod::{Pod, PodContext};
use crate::podman::{Network, podman, remove_orphans};
use crate::{PodsError, secrets};

/// The environment that fits on one machine.
const ENVIRONMENT: &str = "dev";

/// Pods of a service during a rollout: the old one and the new one.
const MAX_PODS: usize = 2;

/// A marketplace in podman. Dropping it removes all of its containers.
#[derive(Debug)]
pub struct Marketplace {
    nginx: Server,
    services: BTreeMap<String, Service>,
    /// The broker, the simulator and the database are never replaced.
    broker: Pod,
    simulator: Pod,
    database: Database,
    environment: Environment,
    secrets: BTreeMap<(String, String), String>,
    /// The host names of those.
    hosts: Vec<(String, String)>,
    started: usize,
    network: Network,
    folder: TempDir,
}

/// A service whose pod can be replaced.
#[derive(Debug)]
struct Service {
    pod: Pod,
    /// The index of the pod's port.
    slot: usize,
    /// The ports that nginx balances over, one for each pod.
    ports: [Port; MAX_PODS],
}

impl Marketplace {
    /// Starts the environment `dev` and waits until all pods are ready. `settings` are added to the services' config map.
    ///
    /// # Errors
    /// An image is missing (`cargo xtask images` builds them), a manifest is not supported, or a pod does not become
    /// ready.
    pub fn start(settings: &[(&str, &str)]) -> Result<Self, PodsError> {
        remove_orphans()?;
        let environment = with_settings(render_overlay(ENVIRONMENT)?, settings);
        let folder = tempfile::tempdir().map_err(PodsError::file(&std::env::temp_dir()))?;
        let network = Network::create()?;
        let database = database(&environment, &network)?;
        let secrets = secrets::generate(namespace(&environment), &database_urls(&environment))?;
        let mut hosts = database.hosts()?;
        let context = PodContext {
            objects: &environment.objects,
            secrets: &secrets,
            network: network.name(),
            folder: folder.path(),
            hosts: &[],
        };
        build_nats_image()?;
        let broker = Pod::start(object(&environment, "StatefulSet", "nats")?, 0, NATS_IMAGE, None, context)?;
        broker.wait_until_ready()?;
        let simulator = object(&environment, "Deployment", "stripe-sim")?;
        let simulator = Pod::start(simulator, 0, &image(simulator)?, None, context)?;
        hosts.extend(broker.hosts(context)?);
        hosts.extend(simulator.hosts(context)?);
        let context = PodContext { hosts: &hosts, ..context };
        let mut services = BTreeMap::new();
        for owner in services_of(&environment) {
            let ports = [Port::free()?, Port::free()?];
            let pod = Pod::start(owner, 0, &image(owner)?, Some(ports[0].number()), context)?;
            services.insert(owner.name().to_owned(), Service { pod, slot: 0, ports });
        }
        simulator.wait_until_ready()?;
        services.values().try_for_each(|service| service.pod.wait_until_ready())?;
        let nginx = start_nginx(&environment, &services)?;
        Ok(Self {
            nginx,
            services,
            broker,
            simulator,
            database,
            environment,
            secrets,
            hosts,
            started: 1,
            network,
            folder,
        })
    }

    /// The marketplace's URL.
    pub fn url(&self) -> &str {
        self.nginx.url()
    }

    /// The Stripe simulator's URL.
    ///
    /// # Errors
    /// Its manifest has no port `http`.
    pub fn stripe_url(&self) -> Result<String, PodsError> {
        Ok(format!("http://{}", self.simulator.address("http")?))
    }

    /// The URL of a service's database, for this machine.
    pub fn database_url(&self, service: &str) -> String {
        self.database.url(service)
    }

    /// The broker's log. `Violation` means that a service lacked a permission.
    pub fn broker_log(&self) -> String {
        self.broker.log()
    }

    /// The names of the services whose pods can be replaced.
    pub fn services(&self) -> Vec<String> {
        self.services.keys().cloned().collect()
    }

    /// Replaces a service's pod as a rollout does: the old pod is stopped when the new one is ready.
    ///
    /// # Errors
    /// The new pod does not become ready, or the old one does not stop gracefully.
    pub fn roll(&mut self, name: &str) -> Result<(), PodsError> {
        let owner = object(&self.environment, "Deployment", name)?;
        let Some(service) = self.services.get_mut(name) else {
            return Err(PodsError::manifest(format!("there is no service {name}")));
        };
        let context = PodContext {
            objects: &self.environment.objects,
            secrets: &self.secrets,
            network: self.network.name(),
            folder: self.folder.path(),
            hosts: &self.hosts,
        };
        let slot = (service.slot + 1) % MAX_PODS;
        let port = service.ports[slot].number();
        let pod = Pod::start(owner, self.started, &image(owner)?, Some(port), context)?;
        self.started += 1;
        pod.wait_until_ready()?;
        service.slot = slot;
        std::mem::replace(&mut service.pod, pod).stop()
    }

    /// Stops all pods, as Kubernetes does when a namespace is deleted.
    ///
    /// # Errors
    /// A pod does not stop gracefully.
    pub fn stop(mut self) -> Result<(), PodsError> {
        self.nginx.stop()?;
        let services = std::mem::take(&mut self.services);
        services.values().try_for_each(|service| service.pod.stop())?;
        self.simulator.stop()?;
        self.broker.stop()
    }
}

fn with_settings(mut environment: Environment, settings: &[(&str, &str)]) -> Environment {
    let is_settings = |map: &&mut Object| map.kind() == "ConfigMap" && map.name().starts_with("settings-");
    if let Some(map) = environment.objects.iter_mut().find(is_settings) {
        for (key, value) in settings {
            map.0["data"][*key] = json!(value);
        }
    }
    environment
}

fn object<'a>(environment: &'a Environment, kind: &str, name: &str) -> Result<&'a Object, PodsError> {
    let found = environment.find(kind, name);
    found.ok_or_else(|| PodsError::manifest(format!("{} has no {kind} {name}", environment.name)))
}

fn namespace(environment: &Environment) -> &str {
    environment.objects.iter().find(|object| object.kind() == "Namespace").map_or("", Object::name)
}

/// The services with rolling updates. The simulator is recreated instead.
fn services_of(environment: &Environment) -> impl Iterator<Item = &Object> {
    environment.of_kind("Deployment").filter(|owner| owner.text("/spec/strategy/type") != "Recreate")
}

/// The image of an object's pods, which must have been built.
fn image(owner: &Object) -> Result<String, PodsError> {
    let name = format!("localhost/{}", text(&only_container(owner)?["image"]));
    podman(&["image", "exists", &name]).map_err(|_| PodsError::NoImage(name.clone()))?;
    Ok(name)
}

/// The `StatefulSet`s of databases.
fn databases(environment: &Environment) -> impl Iterator<Item = &Object> {
    let sets = environment.of_kind("StatefulSet");
    sets.filter(|set| set.labels().get("app.kubernetes.io/component") == Some(&"database"))
}

/// One server with the host names of all databases.
fn database(environment: &Environment, network: &Network) -> Result<Database, PodsError> {
    let names: Vec<_> = databases(environment).map(|set| set.name().to_owned()).collect();
    let database = Database::start(network.name(), names)?;
    database.wait_until_ready()?;
    Ok(database)
}

/// The URL of each service's database: a standalone server without authentication.
fn database_urls(environment: &Environment) -> Vec<(String, String)> {
    let url = |set: &Object| {
        let (name, service) = (set.name(), set.name().trim_end_matches("-mongodb"));
        (service.to_owned(), format!("mongodb://{name}:27017/{service}?directConnection=true"))
    };
    databases(environment).map(url).collect()
}

/// Starts nginx with the routes of the ingress.
fn start_nginx(environment: &Environment, services: &BTreeMap<String, Service>) -> Result<Server, PodsError> {
    let ingress = object(environment, "Ingress", "marketplace")?;
    let paths = ingress.list("/spec/rules/0/http/paths");
    let routes = paths
        .iter()
        .filter_map(|path| Some((path["path"].as_str()?, path["backend"]["service"]["name"].as_str()?)));
    let ports: Vec<_> = services
        .iter()
        .map(|(name, service)| (name.as_str(), service.ports.each_ref().map(Port::number)))
        .collect();
    let upstreams = ports.iter().map(|(name, ports)| (*name, ports.as_slice()));
    let http = |port| ingress_config(SocketAddr::from((Ipv4Addr::LOCALHOST, port)), upstreams, routes);
    Ok(nginx::start(ServerLocation::default(), http)?)
}
