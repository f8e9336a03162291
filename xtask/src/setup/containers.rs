//! What builds and runs images without a daemon: buildah and podman, with settings of our own.

use std::fs;
use std::path::PathBuf;

use servers::tools;

use super::debian;
use crate::run::{Failed, output, output_with};

/// Both, and what they need to run a container: `runc` runs it, `netavark` and `aardvark-dns` are its network.
const PACKAGES: [&str; 10] = [
    "buildah",
    "podman",
    "runc",
    "netavark",
    "aardvark-dns",
    "iptables",
    "catatonit",
    "fuse-overlayfs",
    "uidmap",
    "ca-certificates",
];

const HELP: &str = "install buildah and podman with runc and netavark so that they are found";

/// No systemd and no high limits are asked for, which a container or a small virtual machine may not have.
const SETTINGS: &str = r#"[containers]
default_ulimits = ["nofile=1024:1024", "nproc=1024:1024"]

[engine]
runtime = "runc"
cgroup_manager = "cgroupfs"
events_logger = "file"

[network]
network_backend = "netavark"
"#;

/// How buildah and podman are run.
#[derive(Debug)]
pub(crate) struct Containers {
    settings: PathBuf,
}

impl Containers {
    /// What tells both of our settings.
    pub(crate) fn environment(&self) -> [(&'static str, &str); 1] {
        [("CONTAINERS_CONF", self.settings.to_str().unwrap_or_default())]
    }

    /// What one of them prints.
    pub(crate) fn output(&self, program: &str, arguments: &[&str]) -> Result<String, Failed> {
        output_with(program, arguments, &self.environment())
    }
}

/// Finds or installs both.
pub(crate) fn provide() -> Result<Containers, Failed> {
    let is_missing = |program| output(program, &["--version"]).is_err();
    if ["buildah", "podman", "runc"].into_iter().any(is_missing) {
        debian::install("what builds and runs containers", &PACKAGES, HELP)?;
    }
    let settings = tools().join("containers.conf");
    let written = fs::create_dir_all(tools()).and_then(|()| fs::write(&settings, SETTINGS));
    written.map_err(|error| Failed(format!("{} cannot be written: {error}", settings.display())))?;
    let containers = Containers { settings };
    eprintln!(
        "setup: {}, podman {}",
        output("buildah", &["--version"])?,
        containers.output("podman", &["version", "--format", "{{.Client.Version}}"])?
    );
    Ok(containers)
}
