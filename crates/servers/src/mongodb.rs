//! A server of MongoDB's wire protocol: `mongod`, or SecantusDB in its place.

use std::ffi::OsString;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};

use crate::find::ProgramLookup;
use crate::location::ReservedLocation;
use crate::server::SERVER_TIMEOUT;
use crate::{Program, ReadinessProbe, Server, ServerError, ServerLocation};

const LOOKUP: ProgramLookup = ProgramLookup {
    name: "a MongoDB server",
    variable: "MONGOD",
    on_path: "mongod",
    is_acceptable: |_| true,
    in_tools: "secantusd-py",
    help: "install MongoDB so that `mongod` is found, name one with the environment variable MONGOD, or set \
           TEST_MONGODB_URI to a server that runs",
};

/// Finds the program: `MONGOD`, `mongod` on the `PATH`, or SecantusDB below `.tools`.
///
/// # Errors
/// No program was found.
pub fn find() -> Result<PathBuf, ServerError> {
    LOOKUP.find()
}

/// Starts a server without authentication. Acknowledged writes survive a kill.
///
/// # Errors
/// The server is not installed, or does not start.
pub fn start(location: ServerLocation) -> Result<Server, ServerError> {
    start_with_options(location, &[])
}

/// Starts a server with authentication. Its users must have been created by [`start`] in the same folder.
///
/// # Errors
/// The server is not installed, or does not start.
pub fn start_with_auth(location: ServerLocation) -> Result<Server, ServerError> {
    start_with_options(location, &["--auth"])
}

fn start_with_options(location: ServerLocation, options: &[&str]) -> Result<Server, ServerError> {
    let path = find()?;
    let ReservedLocation { folder, log, port } = location.reserve("mongodb")?;
    let data = folder.path().join("data");
    std::fs::create_dir_all(&data).map_err(ServerError::file(&data))?;
    let program = Program {
        name: "mongodb".to_owned(),
        arguments: arguments(&path, Ipv4Addr::LOCALHOST, port.number(), &data, options),
        path,
        environment: Vec::new(),
        folder: folder.path().to_owned(),
        log,
        probe: ReadinessProbe::TcpConnect(SocketAddr::from((Ipv4Addr::LOCALHOST, port.number()))),
        timeout: SERVER_TIMEOUT,
    };
    let url = format!("mongodb://127.0.0.1:{}/?directConnection=true", port.number());
    Server::start_in(folder, program, url, port)
}

/// Arguments of the program: the address to listen on, and the data folder.
pub fn arguments(
    program: &Path,
    listen: Ipv4Addr,
    port: u16,
    data: &Path,
    options: &[&str],
) -> Vec<OsString> {
    let is_secantus = program.file_name().is_some_and(|name| name.to_string_lossy().starts_with("secantusd"));
    // Without `--sync-on-commit` a kill loses acknowledged writes.
    let (folder, listens, rest): (_, _, &[&str]) = if is_secantus {
        ("--storage-path", "--host", &["--sync-on-commit"])
    } else {
        ("--dbpath", "--bind_ip", &[])
    };
    let mut arguments: Vec<OsString> =
        vec!["--port".into(), port.to_string().into(), folder.into(), data.into()];
    arguments.extend([listens.into(), listen.to_string().into()]);
    arguments.extend(rest.iter().chain(options).map(OsString::from));
    arguments
}

/// Sets or replaces the database of a URL: `mongodb://host/?x` becomes `mongodb://host/database?x`.
pub fn with_database(url: &str, database: &str) -> String {
    let (address, options) =
        url.split_once('?').map_or((url, None), |(address, options)| (address, Some(options)));
    let hosts = address.find("://").map_or(0, |at| at + 3);
    let end = address[hosts..].find('/').map_or(address.len(), |at| hosts + at);
    let options = options.map(|options| format!("?{options}")).unwrap_or_default();
    format!("{}/{database}{options}", &address[..end])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_database_takes_its_place_before_the_options() {
        for (url, expected) in [
            (
                "mongodb://127.0.0.1:1/?directConnection=true",
                "mongodb://127.0.0.1:1/auth?directConnection=true",
            ),
            ("mongodb://a:1,b:2/other?x=y", "mongodb://a:1,b:2/auth?x=y"),
            ("mongodb://host", "mongodb://host/auth"),
            ("mongodb+srv://u:p@host/", "mongodb+srv://u:p@host/auth"),
            ("mongodb://host?x=y", "mongodb://host/auth?x=y"),
        ] {
            assert_eq!(with_database(url, "auth"), expected);
        }
    }

    #[test]
    fn each_kind_of_server_is_given_its_own_options() {
        let secantus =
            arguments(Path::new("/x/secantusd-py"), Ipv4Addr::LOCALHOST, 1, Path::new("/data"), &[]);
        assert!(secantus.contains(&"--sync-on-commit".into()) && secantus.contains(&"--storage-path".into()));
        let mongod =
            arguments(Path::new("/usr/bin/mongod"), Ipv4Addr::LOCALHOST, 1, Path::new("/data"), &["--auth"]);
        assert_eq!(mongod, ["--port", "1", "--dbpath", "/data", "--bind_ip", "127.0.0.1", "--auth"]);
    }
}
