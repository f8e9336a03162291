//! One pod that runs.

use std::collections::BTreeMap;
use std::fs;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;
use std::time::Duration;

use crate::manifests::Object;
use serde_json::Value;
use servers::{Port, Ready, until};

use crate::container;
use crate::podman::{LABEL, LAST, address, log, podman};
use crate::settings::{Sources, list, text};
use crate::{PodsError, volumes};

/// How long a pod may take to get ready.
const PATIENCE: Duration = Duration::from_mins(2);

/// What all pods of a marketplace share.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Surroundings<'a> {
    pub(crate) objects: &'a [Object],
    pub(crate) secrets: &'a BTreeMap<(String, String), String>,
    /// The network, whose name all other names begin with.
    pub(crate) network: &'a str,
    /// For files that are mounted.
    pub(crate) folder: &'a Path,
    /// Names that lead to one pod for as long as all runs. They are asked of nobody: podman's DNS is away for a moment
    /// whenever a container starts or ends, as a cluster's is not.
    pub(crate) hosts: &'a [(String, String)],
}

/// A pod that runs.
#[derive(Debug)]
pub(crate) struct Pod {
    name: String,
    owner: Object,
    /// The ports on 127.0.0.1, by the names of the container's.
    ports: BTreeMap<String, Published>,
}

/// A port on 127.0.0.1.
#[derive(Debug)]
enum Published {
    Given(u16),
    Found(Port),
}

impl Published {
    fn number(&self) -> u16 {
        match self {
            Self::Given(number) => *number,
            Self::Found(port) => port.number(),
        }
    }
}

impl Pod {
    /// Starts a pod of an object, with this image. `http` is the port on 127.0.0.1 for the container's port of that
    /// name, others are found. It does not wait until it is ready.
    pub(crate) fn start(
        owner: &Object,
        number: usize,
        image: &str,
        http: Option<u16>,
        around: Surroundings<'_>,
    ) -> Result<Self, PodsError> {
        let container = container::only(owner)?;
        let pod = format!("{}-{number}", owner.name());
        let name = format!("{}-{pod}", around.network);
        let sources = Sources { objects: around.objects, secrets: around.secrets, pod: &pod };
        let mut ports = BTreeMap::new();
        let mut arguments = vec![
            "run".to_owned(),
            "--detach".to_owned(),
            "--pull=never".to_owned(),
            format!("--name={name}"),
            format!("--label={LABEL}={}", std::process::id()),
            format!("--network={}", around.network),
        ];
        arguments.extend(aliases(owner, around.objects).map(|alias| format!("--network-alias={alias}")));
        arguments.extend(around.hosts.iter().map(|(name, address)| format!("--add-host={name}:{address}")));
        for port in list(&container["ports"]) {
            let (name, inside) = (text(&port["name"]), &port["containerPort"]);
            let given = match http.filter(|_| name == "http") {
                Some(number) => Published::Given(number),
                None => Published::Found(Port::free()?),
            };
            arguments.push(format!("--publish=127.0.0.1:{}:{inside}", given.number()));
            ports.insert(name, given);
        }
        arguments.extend(container::limits(owner)?);
        arguments.extend(volumes::arguments(owner, container, &sources, around.folder, around.network)?);
        // In a file, since what is on a command line can be seen by everybody.
        let environment = around.folder.join(format!("{pod}.env"));
        let values = sources.environment(container)?;
        let lines: Vec<_> = values.iter().map(|(key, value)| format!("{key}={value}\n")).collect();
        fs::write(&environment, lines.concat()).map_err(PodsError::file(&environment))?;
        arguments.push(format!("--env-file={}", environment.display()));
        if container["command"].is_array() {
            arguments.push(format!("--entrypoint={}", container["command"]));
        }
        arguments.push(image.to_owned());
        arguments.extend(list(&container["args"]).iter().map(text));
        podman(&arguments)?;
        Ok(Self { name, owner: owner.clone(), ports })
    }

    /// Where one of its ports is on this machine.
    pub(crate) fn address(&self, port: &str) -> Result<SocketAddr, PodsError> {
        let found = self.ports.get(port);
        let found = found.ok_or_else(|| PodsError::manifest(format!("{} has no port {port}", self.owner)))?;
        Ok(SocketAddr::from((Ipv4Addr::LOCALHOST, found.number())))
    }

    /// The names that lead to it, with its address in the network.
    pub(crate) fn hosts(&self, around: Surroundings<'_>) -> Result<Vec<(String, String)>, PodsError> {
        let address = address(&self.name)?;
        Ok(aliases(&self.owner, around.objects).map(|name| (name.to_owned(), address.clone())).collect())
    }

    /// All that it has said.
    pub(crate) fn log(&self) -> String {
        log(&self.name, None)
    }

    /// Waits until its readiness probe is answered well.
    pub(crate) fn wait_until_ready(&self) -> Result<(), PodsError> {
        let (port, path) = container::readiness(&self.owner)?;
        let ready = Ready::Answers(self.address(&port)?, path);
        let seen = until(PATIENCE, || ready.now().then_some(()));
        seen.ok_or_else(|| PodsError::Silent {
            name: self.name.clone(),
            seconds: PATIENCE.as_secs(),
            log: log(&self.name, LAST),
        })
    }

    /// Ends it as Kubernetes does: first what is to be done before (`preStop`), then SIGTERM, and only when the whole
    /// grace is over SIGKILL, which is an error here.
    pub(crate) fn stop(&self) -> Result<(), PodsError> {
        let spec = &self.owner.pod_template().unwrap_or(&Value::Null)["spec"];
        let grace = spec["terminationGracePeriodSeconds"].as_u64().unwrap_or(30);
        let before = container::only(&self.owner)?["lifecycle"]["preStop"]["sleep"]["seconds"].as_u64();
        let before = before.unwrap_or(0);
        let _ = until(Duration::from_secs(before), || None::<()>);
        podman(&["stop", "--time", &grace.saturating_sub(before).to_string(), &self.name])?;
        let status =
            podman(&["inspect", "--format", "{{.State.ExitCode}} {{.State.OOMKilled}}", &self.name])?;
        if status != "0 false" {
            let (name, log) = (&self.name, log(&self.name, LAST));
            return Err(PodsError::manifest(format!(
                "{name} ended with {status}; its log ends with:\n{log}"
            )));
        }
        podman(&["rm", &self.name]).map(drop)
    }
}

/// The names of the services that lead to an object's pods.
fn aliases<'a>(owner: &'a Object, objects: &'a [Object]) -> impl Iterator<Item = &'a str> {
    let labels = owner.pod_labels();
    let services = objects.iter().filter(|object| object.kind() == "Service");
    let leads = move |service: &&Object| {
        let wanted = service.at("/spec/selector").as_object();
        wanted.is_some_and(|wanted| {
            wanted.iter().all(|(key, value)| labels.get(key.as_str()).copied() == value.as_str())
        })
    };
    services.filter(leads).map(Object::name)
}
