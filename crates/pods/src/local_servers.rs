//! MongoDB and NATS in containers of this machine's programs, in place of images that only a registry has.

use std::fs;
use std::net::Ipv4Addr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use servers::{Port, ReadinessProbe, mongodb, nats, poll_until, tools};

use crate::PodsError;
use crate::podman::{LABEL, MAX_LOG_LINES, address, log, podman, run};

/// The image of NATS: its server alone, as in the official image.
pub(crate) const NATS_IMAGE: &str = "localhost/ticketing/nats:here";

/// An empty image, for mounted programs.
const EMPTY_IMAGE: &str = "localhost/ticketing/empty:here";

/// Builds [`NATS_IMAGE`].
pub(crate) fn build_nats_image() -> Result<(), PodsError> {
    let folder = tempfile::tempdir().map_err(PodsError::file(&std::env::temp_dir()))?;
    let program = folder.path().join("nats-server");
    let found = nats::find()?;
    fs::copy(&found, &program).map_err(PodsError::file(&found))?;
    // At the path of the official image.
    build(NATS_IMAGE, "FROM scratch\nCOPY nats-server /usr/local/bin/nats-server\n", folder.path())
}

fn build(tag: &str, text: &str, folder: &Path) -> Result<(), PodsError> {
    let file = folder.join("Dockerfile");
    fs::write(&file, text).map_err(PodsError::file(&file))?;
    let file = file.display().to_string();
    let context = folder.display().to_string();
    run("buildah", &["bud", "--quiet", "--isolation", "chroot", "--file", &file, "--tag", tag, &context])
        .map(drop)
}

/// One server of MongoDB's protocol for all services, in a container with this machine's programs.
#[derive(Debug)]
pub(crate) struct Database {
    name: String,
    /// The host names in the network.
    names: Vec<String>,
    port: Port,
}

/// Timeout for the database to become ready.
const READY_TIMEOUT: Duration = Duration::from_mins(1);

/// MongoDB's port.
const PORT: u16 = 27017;

impl Database {
    /// Starts the server for these host names, which [`Database::hosts`] maps to its address.
    pub(crate) fn start(network: &str, names: Vec<String>) -> Result<Self, PodsError> {
        let program = mongodb::find()?;
        let program = fs::canonicalize(&program).map_err(PodsError::file(&program))?;
        let tools = fs::canonicalize(tools()).map_err(PodsError::file(&tools()))?;
        let folder = tempfile::tempdir().map_err(PodsError::file(&std::env::temp_dir()))?;
        build(EMPTY_IMAGE, "FROM scratch\nLABEL of=nothing\n", folder.path())?;
        let (name, port) = (format!("{network}-database"), Port::free()?);
        let mut arguments = vec![
            "run".to_owned(),
            "--detach".to_owned(),
            "--pull=never".to_owned(),
            format!("--name={name}"),
            format!("--label={LABEL}={}", std::process::id()),
            format!("--network={network}"),
            format!("--publish=127.0.0.1:{}:{PORT}", port.number()),
            "--volume=/data".to_owned(),
            "--tmpfs=/tmp".to_owned(),
        ];
        arguments.extend(shared(&tools).iter().map(|path| format!("--volume={0}:{0}:ro", path.display())));
        arguments.extend([EMPTY_IMAGE.to_owned(), program.display().to_string()]);
        let command = mongodb::arguments(&program, Ipv4Addr::UNSPECIFIED, PORT, Path::new("/data"), &[]);
        arguments.extend(command.iter().map(|word| word.to_string_lossy().into_owned()));
        podman(&arguments)?;
        Ok(Self { name, names, port })
    }

    pub(crate) fn wait_until_ready(&self) -> Result<(), PodsError> {
        let probe = ReadinessProbe::TcpConnect(([127, 0, 0, 1], self.port.number()).into());
        let ready = poll_until(READY_TIMEOUT, || probe.succeeds().then_some(()));
        ready.ok_or_else(|| PodsError::NotReady {
            name: "the database".to_owned(),
            seconds: READY_TIMEOUT.as_secs(),
            log: log(&self.name, MAX_LOG_LINES),
        })
    }

    /// The host names, with the address in the network.
    pub(crate) fn hosts(&self) -> Result<Vec<(String, String)>, PodsError> {
        let address = address(&self.name)?;
        Ok(self.names.iter().map(|name| (name.clone(), address.clone())).collect())
    }

    /// The URL of a service's database, for this machine.
    pub(crate) fn url(&self, service: &str) -> String {
        format!("mongodb://127.0.0.1:{}/{service}?directConnection=true", self.port.number())
    }
}

/// The folders of this machine that the server's program needs.
fn shared(tools: &Path) -> Vec<PathBuf> {
    let mut folders: Vec<_> = ["/usr", "/lib", "/lib64", "/bin"].map(PathBuf::from).into();
    folders.push(tools.to_owned());
    // The Python interpreter of the tools may have any prefix: `<prefix>/bin/python3`.
    let python = fs::canonicalize(tools.join("python/bin/python3")).ok();
    folders.extend(python.iter().filter_map(|python| python.ancestors().nth(2)).map(Path::to_owned));
    folders.retain(|folder| folder.exists());
    let all = folders.clone();
    folders.retain(|one| !all.iter().any(|other| one != other && one.starts_with(other)));
    folders
}
