//! buildah and podman, which build and run images without a daemon, with the project's settings.

use std::fs;
use std::path::PathBuf;

use servers::tools;

use super::{install_debian_packages, is_installed};
use crate::run::{TaskError, output, output_with, unusable};

/// Both, with their runtime `runc` and their network `netavark` and `aardvark-dns`.
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

const HELP: &str = "install buildah and podman with runc and netavark, and add them to the PATH";

/// Without systemd and high limits, which a container or a small virtual machine may not have.
const SETTINGS: &str = r#"[containers]
default_ulimits = ["nofile=1024:1024", "nproc=1024:1024"]

[engine]
runtime = "runc"
cgroup_manager = "cgroupfs"
events_logger = "file"

[network]
network_backend = "netavark"
"#;

/// The settings of buildah and podman.
#[derive(Debug)]
pub(crate) struct Containers {
    settings: PathBuf,
}

impl Containers {
    /// The environment variable of the settings.
    pub(crate) fn environment(&self) -> [(&'static str, &str); 1] {
        [("CONTAINERS_CONF", self.settings.to_str().unwrap_or_default())]
    }

    /// The output of one of them.
    pub(crate) fn output(&self, program: &str, arguments: &[&str]) -> Result<String, TaskError> {
        output_with(program, arguments, &self.environment())
    }
}

/// Finds or installs both, and writes the settings.
pub(crate) fn provide() -> Result<Containers, TaskError> {
    if !["buildah", "podman", "runc"].into_iter().all(is_installed) {
        install_debian_packages("buildah or podman", &PACKAGES, HELP)?;
    }
    let settings = tools().join("containers.conf");
    let written = fs::create_dir_all(tools()).and_then(|()| fs::write(&settings, SETTINGS));
    written.map_err(unusable(&settings))?;
    let containers = Containers { settings };
    eprintln!(
        "setup: {}, podman {}",
        output("buildah", &["--version"])?,
        containers.output("podman", &["version", "--format", "{{.Client.Version}}"])?
    );
    Ok(containers)
}
