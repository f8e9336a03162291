//! A running pod.

use std::collections::BTreeMap;
use std::fs;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;
use std::time::Duration;

use serde_json::Value;
use servers::{Port, ReadinessProbe, poll_until};

use crate::container_env::{EnvSources, list, text};
use crate::manifests::Object;
use crate::podman::{LABEL, MAX_LOG_LINES, address, log, podman};
use crate::{PodsError, container, volumes};

/// Timeout for a pod to become ready.
const READY_TIMEOUT: Duration = Duration::from_mins(2);

/// The context that all pods of a marketplace share.
#[derive(Debug, Clone, Copy)]
pub(crate) struct PodContext<'a> {
    pub(crate) objects: &'a [Object],
    pub(crate) secrets: &'a BTreeMap<(String, String), String>,
    /// The network's name, the prefix of all other names.
    pub(crate) network: &'a str,
    /// The folder of mounted files.
    pub(crate) folder: &'a Path,
    /// Host names of pods that are never replaced. They bypass podman's DNS, which is unavailable for a moment whenever a
    /// container starts or ends.
    pub(crate) hosts: &'a [(String, String)],
}

/// A running pod.
#[derive(Debug)]
pub(crate) struct Pod {
    name: String,
    owner: Object,
    /// The ports on 127.0.0.1, by the names of the container's ports.
    ports: BTreeMap<String, PublishedPort>,
}

/// A published port on 127.0.0.1.
#[derive(Debug)]
enum PublishedPort {
    Given(u16),
    Reserved(Port),
}

impl PublishedPort {
    fn number(&self) -> u16 {
        match self {
            Self::Given(number) => *number,
            Self::Reserved(port) => port.number(),
        }
    }
}

impl Pod {
    /// Starts a pod of an object with this image, without waiting until it is ready. `http` is the port on 127.0.0.1 for
    /// the container's port `http`; others are reserved.
    pub(crate) fn start(
        owner: &Object,
        number: usize,
        image: &str,
        http: Option<u16>,
        context: PodContext<'_>,
    ) -> Result<Self, PodsError> {
        let container = container::only_container(owner)?;
        let pod = format!("{}-{number}", owner.name());
        let name = format!("{}-{pod}", context.network);
        let sources = EnvSources { objects: context.objects, secrets: context.secrets, pod: &pod };
        let mut ports = BTreeMap::new();
        let mut arguments = vec![
            "run".to_owned(),
            "--detach".to_owned(),
            "--pull=never".to_owned(),
            format!("--name={name}"),
            format!("--label={LABEL}={}", std::process::id()),
            format!("--network={}", context.network),
        ];
        arguments.extend(aliases(owner, context.objects).map(|alias| format!("--network-alias={alias}")));
        arguments.extend(context.hosts.iter().map(|(name, address)| format!("--add-host={name}:{address}")));
        for port in list(&container["ports"]) {
            let (name, inside) = (text(&port["name"]), &port["containerPort"]);
            let given = match http.filter(|_| name == "http") {
                Some(number) => PublishedPort::Given(number),
                None => PublishedPort::Reserved(Port::free()?),
            };
            arguments.push(format!("--publish=127.0.0.1:{}:{inside}", given.number()));
            ports.insert(name, given);
        }
        arguments.extend(container::restrictions(owner)?);
        arguments.extend(volumes::arguments(owner, container, &sources, context.folder, context.network)?);
        // In a file: other users can read command lines.
        let environment = context.folder.join(format!("{pod}.env"));
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

    /// The address of a port on this machine.
    pub(crate) fn address(&self, port: &str) -> Result<SocketAddr, PodsError> {
        let found = self.ports.get(port);
        let found = found.ok_or_else(|| PodsError::manifest(format!("{} has no port {port}", self.owner)))?;
        Ok(SocketAddr::from((Ipv4Addr::LOCALHOST, found.number())))
    }

    /// The host names of the pod, with its address in the network.
    pub(crate) fn hosts(&self, context: PodContext<'_>) -> Result<Vec<(String, String)>, PodsError> {
        let address = address(&self.name)?;
        Ok(aliases(&self.owner, context.objects).map(|name| (name.to_owned(), address.clone())).collect())
    }

    /// The complete log.
    pub(crate) fn log(&self) -> String {
        log(&self.name, None)
    }

    /// Waits until the readiness probe succeeds.
    pub(crate) fn wait_until_ready(&self) -> Result<(), PodsError> {
        let (port, path) = container::readiness_probe(&self.owner)?;
        let probe = ReadinessProbe::HttpGet(self.address(&port)?, path);
        let ready = poll_until(READY_TIMEOUT, || probe.succeeds().then_some(()));
        ready.ok_or_else(|| PodsError::NotReady {
            name: self.name.clone(),
            seconds: READY_TIMEOUT.as_secs(),
            log: log(&self.name, MAX_LOG_LINES),
        })
    }

    /// Stops the pod as Kubernetes does: `preStop`, then SIGTERM. SIGKILL after the grace period is an error here.
    pub(crate) fn stop(&self) -> Result<(), PodsError> {
        let spec = &self.owner.pod_template().unwrap_or(&Value::Null)["spec"];
        let grace = spec["terminationGracePeriodSeconds"].as_u64().unwrap_or(30);
        let pre_stop =
            container::only_container(&self.owner)?["lifecycle"]["preStop"]["sleep"]["seconds"].as_u64();
        let pre_stop = pre_stop.unwrap_or(0);
        let _ = poll_until(Duration::from_secs(pre_stop), || None::<()>);
        podman(&["stop", "--time", &grace.saturating_sub(pre_stop).to_string(), &self.name])?;
        let status =
            podman(&["inspect", "--format", "{{.State.ExitCode}} {{.State.OOMKilled}}", &self.name])?;
        if status != "0 false" {
            let (name, log) = (&self.name, log(&self.name, MAX_LOG_LINES));
            return Err(PodsError::manifest(format!(
                "{name} exited with {status}; its log ends with:\n{log}"
            )));
        }
        podman(&["rm", &self.name]).map(drop)
    }
}

/// The names of the Services that select an object's pods.
fn aliases<'a>(owner: &'a Object, objects: &'a [Object]) -> impl Iterator<Item = &'a str> {
    let labels = owner.pod_labels();
    let services = objects.iter().filter(|object| object.kind() == "Service");
    let selects = move |service: &&Object| {
        let wanted = service.at("/spec/selector").as_object();
        wanted.is_some_and(|wanted| {
            wanted.iter().all(|(key, value)| labels.get(key.as_str()).copied() == value.as_str())
        })
    };
    services.filter(selects).map(Object::name)
}
