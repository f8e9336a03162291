//! The whole marketplace of an environment in podman.

use std::collections::BTreeMap;
use std::net::{Ipv4Addr, SocketAddr};

use crate::manifests::{Environment, Object, overlay};
use serde_json::json;
use servers::cluster::front;
use servers::{Place, Port, Server, nginx};
use tempfile::TempDir;

use crate::network::Network;
use crate::pod::{Pod, Surroundings};
use crate::podman::{clean, podman};
use crate::stand_in::{Database, NATS, build_nats};
use crate::{PodsError, secrets};

/// The environment that is run: all of it fits on one machine.
const ENVIRONMENT: &str = "dev";

/// How many pods of a service there can be at once: one, and the one that replaces it.
const PLACES: usize = 2;

/// A marketplace in podman. Dropping it removes everything of it.
#[derive(Debug)]
pub struct Marketplace {
    nginx: Server,
    services: BTreeMap<String, Service>,
    /// What is there only once.
    broker: Pod,
    simulator: Pod,
    database: Database,
    environment: Environment,
    secrets: BTreeMap<(String, String), String>,
    /// The names of what is there only once.
    hosts: Vec<(String, String)>,
    started: usize,
    network: Network,
    folder: TempDir,
}

/// A service whose pod can be replaced.
#[derive(Debug)]
struct Service {
    pod: Pod,
    /// Which of the ports its pod has.
    place: usize,
    /// The ports that the router knows, one for each pod that there can be.
    ports: [Port; PLACES],
}

impl Marketplace {
    /// Starts the environment for developers and waits until all of it is ready. `settings` are added to what its config
    /// map tells all services.
    ///
    /// # Errors
    /// An image is missing (`cargo xtask images` builds them), the manifests cannot be run like this, or something
    /// does not get ready.
    pub fn start(settings: &[(&str, &str)]) -> Result<Self, PodsError> {
        clean()?;
        let environment = with_settings(overlay(ENVIRONMENT)?, settings);
        let folder = tempfile::tempdir().map_err(PodsError::file(&std::env::temp_dir()))?;
        let network = Network::create()?;
        let database = database(&environment, &network)?;
        let secrets = secrets::make(namespace(&environment), &addresses(&environment))?;
        let mut hosts = database.hosts()?;
        let surroundings = Surroundings {
            objects: &environment.objects,
            secrets: &secrets,
            network: network.name(),
            folder: folder.path(),
            hosts: &[],
        };
        build_nats()?;
        let broker = Pod::start(object(&environment, "StatefulSet", "nats")?, 0, NATS, None, surroundings)?;
        broker.wait_until_ready()?;
        let simulator = object(&environment, "Deployment", "stripe-sim")?;
        let simulator = Pod::start(simulator, 0, &image(simulator)?, None, surroundings)?;
        hosts.extend(broker.hosts(surroundings)?);
        hosts.extend(simulator.hosts(surroundings)?);
        let around = Surroundings { hosts: &hosts, ..surroundings };
        let mut services = BTreeMap::new();
        for owner in services_of(&environment) {
            let ports = [Port::free()?, Port::free()?];
            let pod = Pod::start(owner, 0, &image(owner)?, Some(ports[0].number()), around)?;
            services.insert(owner.name().to_owned(), Service { pod, place: 0, ports });
        }
        simulator.wait_until_ready()?;
        services.values().try_for_each(|service| service.pod.wait_until_ready())?;
        let nginx = router(&environment, &services)?;
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

    /// Where the marketplace is.
    pub fn url(&self) -> &str {
        self.nginx.url()
    }

    /// Where the Stripe simulator is.
    ///
    /// # Errors
    /// Its manifest gives it no port `http`.
    pub fn stripe_url(&self) -> Result<String, PodsError> {
        Ok(format!("http://{}", self.simulator.address("http")?))
    }

    /// Where the database of a service is, from this machine.
    pub fn database_url(&self, service: &str) -> String {
        self.database.url(service)
    }

    /// The names of the services whose pods can be replaced.
    pub fn services(&self) -> Vec<String> {
        self.services.keys().cloned().collect()
    }

    /// Replaces a service's pod as a rollout does: a new one is started, and once it is ready the old one is stopped.
    ///
    /// # Errors
    /// The new one does not get ready, or the old one does not end well in its time.
    pub fn roll(&mut self, name: &str) -> Result<(), PodsError> {
        let owner = object(&self.environment, "Deployment", name)?;
        let Some(service) = self.services.get_mut(name) else {
            return Err(PodsError::manifest(format!("there is no service {name}")));
        };
        let around = Surroundings {
            objects: &self.environment.objects,
            secrets: &self.secrets,
            network: self.network.name(),
            folder: self.folder.path(),
            hosts: &self.hosts,
        };
        let place = (service.place + 1) % PLACES;
        let port = service.ports[place].number();
        let pod = Pod::start(owner, self.started, &image(owner)?, Some(port), around)?;
        self.started += 1;
        pod.wait_until_ready()?;
        service.place = place;
        std::mem::replace(&mut service.pod, pod).stop()
    }

    /// Stops everything as Kubernetes does when a namespace is deleted.
    ///
    /// # Errors
    /// A pod does not end well in its time.
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

/// What is replaced pod by pod. The simulator is not: it is there only once.
fn services_of(environment: &Environment) -> impl Iterator<Item = &Object> {
    environment.of_kind("Deployment").filter(|owner| owner.text("/spec/strategy/type") != "Recreate")
}

/// The image of an object's pods, which must have been built.
fn image(owner: &Object) -> Result<String, PodsError> {
    let name = format!("localhost/{}", crate::settings::text(&crate::container::only(owner)?["image"]));
    podman(&["image", "exists", &name]).map_err(|_| PodsError::NoImage(name.clone()))?;
    Ok(name)
}

/// The objects whose pods hold databases.
fn databases(environment: &Environment) -> impl Iterator<Item = &Object> {
    let sets = environment.of_kind("StatefulSet");
    sets.filter(|set| set.labels().get("app.kubernetes.io/component") == Some(&"database"))
}

/// One server under the names of all.
fn database(environment: &Environment, network: &Network) -> Result<Database, PodsError> {
    let names: Vec<_> = databases(environment).map(|set| set.name().to_owned()).collect();
    let database = Database::start(network.name(), names)?;
    database.wait_until_ready()?;
    Ok(database)
}

/// What each service is told of its database: it is alone, and asks for no password.
fn addresses(environment: &Environment) -> Vec<(String, String)> {
    let address = |set: &Object| {
        let (name, service) = (set.name(), set.name().trim_end_matches("-mongodb"));
        (service.to_owned(), format!("mongodb://{name}:27017/{service}?directConnection=true"))
    };
    databases(environment).map(address).collect()
}

/// nginx with the routes of the ingress.
fn router(environment: &Environment, services: &BTreeMap<String, Service>) -> Result<Server, PodsError> {
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
    let http = |port| front(SocketAddr::from((Ipv4Addr::LOCALHOST, port)), upstreams, routes);
    Ok(nginx::start(Place::default(), http)?)
}
