//! What takes the place of images that only a registry has.

use std::fs;
use std::net::Ipv4Addr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use servers::{Port, Ready, mongodb, nats, tools, until};

use crate::PodsError;
use crate::podman::{LABEL, LAST, address, log, podman, run};

/// NATS's image here: its real server alone, as the official image has it, too.
pub(crate) const NATS: &str = "localhost/ticketing/nats:here";

/// An image of nothing, for programs of this machine.
const EMPTY: &str = "localhost/ticketing/empty:here";

/// Builds [`NATS`].
pub(crate) fn build_nats() -> Result<(), PodsError> {
    let folder = tempfile::tempdir().map_err(PodsError::file(&std::env::temp_dir()))?;
    let program = folder.path().join("nats-server");
    let found = nats::find()?;
    fs::copy(&found, &program).map_err(PodsError::file(&found))?;
    // Where the official image has it.
    build(NATS, "FROM scratch\nCOPY nats-server /usr/local/bin/nats-server\n", folder.path())
}

fn build(tag: &str, text: &str, folder: &Path) -> Result<(), PodsError> {
    let file = folder.join("Dockerfile");
    fs::write(&file, text).map_err(PodsError::file(&file))?;
    let file = file.display().to_string();
    let context = folder.display().to_string();
    run("buildah", &["bud", "--quiet", "--isolation", "chroot", "--file", &file, "--tag", tag, &context])
        .map(drop)
}

/// A server that speaks MongoDB's protocol, for all services, in a container with this machine's own programs.
#[derive(Debug)]
pub(crate) struct Database {
    name: String,
    /// By which it is known in the network.
    names: Vec<String>,
    port: Port,
}

/// How long it may take to get ready.
const PATIENCE: Duration = Duration::from_mins(1);

/// The port that MongoDB has.
const PORT: u16 = 27017;

impl Database {
    /// Starts it. Those who are to know it by these names are told where it is ([`Database::hosts`]).
    pub(crate) fn start(network: &str, names: Vec<String>) -> Result<Self, PodsError> {
        let program = mongodb::find()?;
        let program = fs::canonicalize(&program).map_err(PodsError::file(&program))?;
        let tools = fs::canonicalize(tools()).map_err(PodsError::file(&tools()))?;
        let folder = tempfile::tempdir().map_err(PodsError::file(&std::env::temp_dir()))?;
        build(EMPTY, "FROM scratch\nLABEL of=nothing\n", folder.path())?;
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
        arguments.extend([EMPTY.to_owned(), program.display().to_string()]);
        let told = mongodb::arguments(&program, Ipv4Addr::UNSPECIFIED, PORT, Path::new("/data"), &[]);
        arguments.extend(told.iter().map(|word| word.to_string_lossy().into_owned()));
        podman(&arguments)?;
        Ok(Self { name, names, port })
    }

    pub(crate) fn wait_until_ready(&self) -> Result<(), PodsError> {
        let ready = Ready::Accepts(([127, 0, 0, 1], self.port.number()).into());
        let answers = || ready.now().then_some(());
        until(PATIENCE, answers).ok_or_else(|| PodsError::Silent {
            name: "the database".to_owned(),
            seconds: PATIENCE.as_secs(),
            log: log(&self.name, LAST),
        })
    }

    /// Its names, with its address in the network.
    pub(crate) fn hosts(&self) -> Result<Vec<(String, String)>, PodsError> {
        let address = address(&self.name)?;
        Ok(self.names.iter().map(|name| (name.clone(), address.clone())).collect())
    }

    /// The address of a service's database from this machine.
    pub(crate) fn url(&self, service: &str) -> String {
        format!("mongodb://127.0.0.1:{}/{service}?directConnection=true", self.port.number())
    }
}

/// The folders of this machine that its programs need, be they of the system or of the tools.
fn shared(tools: &Path) -> Vec<PathBuf> {
    let mut folders: Vec<_> = ["/usr", "/lib", "/lib64", "/bin"].map(PathBuf::from).into();
    folders.push(tools.to_owned());
    // The interpreter of the tools may be anywhere: `<prefix>/bin/python3`.
    let python = fs::canonicalize(tools.join("python/bin/python3")).ok();
    folders.extend(python.iter().filter_map(|python| python.ancestors().nth(2)).map(Path::to_owned));
    folders.retain(|folder| folder.exists());
    let all = folders.clone();
    folders.retain(|one| !all.iter().any(|other| one != other && one.starts_with(other)));
    folders
}
