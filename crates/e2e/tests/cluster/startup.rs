//! The start of a service whose servers are unavailable, refuse it, or have a newer format.

use std::convert::Infallible;
use std::future::ready;
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Command, ExitStatus};
use std::time::Duration;

use common::poll_until;
use e2e::cluster::programs;
use mongodb::bson::{Document, doc};
use servers::{Port, Program, ReadinessProbe, Server, ServerLocation, mongodb as mongodb_server, nats};
use tempfile::TempDir;

use crate::client::now;

pub(crate) const SERVICES: [&str; 6] =
    ["auth", "tickets", "orders", "expiration", "payments", "notifications"];

/// No output may contain this.
const SECRET: &str = "hunter2hunter2";

/// For a program to find a fault, or to end.
const TIMEOUT: Duration = Duration::from_secs(30);

/// A service's process.
struct Service {
    folder: TempDir,
    server: Server,
    admin: String,
}

impl Service {
    /// Starts a service with these URLs of its database and its bus.
    fn start(name: &str, store: &str, bus: &str) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let (listen, admin) = (Port::free().expect("a port"), Port::free().expect("a port"));
        let address = |port: &Port| SocketAddr::from(([127, 0, 0, 1], port.number()));
        let mut environment = settings(store, bus);
        environment.push(("LISTEN".to_owned(), address(&listen).to_string()));
        environment.push(("ADMIN_LISTEN".to_owned(), address(&admin).to_string()));
        let program = Program {
            name: name.to_owned(),
            path: programs().join(name),
            arguments: Vec::new(),
            environment,
            folder: folder.path().to_owned(),
            log: folder.path().join("log"),
            probe: ReadinessProbe::HttpGet(address(&admin), "/livez".to_owned()),
            timeout: TIMEOUT,
        };
        let url = format!("http://{}", address(&admin));
        let server = Server::spawn(program, url.clone(), vec![listen, admin]).expect("the service starts");
        Self { folder, server, admin: url }
    }

    /// The status and the body of a reply of the admin address.
    async fn get(&self, path: &str) -> (u16, String) {
        let reply = reqwest::get(format!("{}{path}", self.admin)).await.expect("a reply");
        (reply.status().as_u16(), reply.text().await.expect("a text"))
    }

    fn log(&self) -> String {
        std::fs::read_to_string(self.folder.path().join("log")).expect("a log")
    }

    /// Waits until the log reports a retry.
    async fn retries(&self) {
        let retries = || ready(Ok::<_, Infallible>(self.log().contains("retrying").then_some(())));
        assert!(poll_until(TIMEOUT, retries).await == Ok(Some(())), "no retry: {}", self.log());
    }

    /// Waits for the end of the process. Returns its status and its log.
    async fn ends(mut self) -> (ExitStatus, String) {
        let Ok(status) = poll_until(TIMEOUT, || ready(Ok::<_, Infallible>(self.server.exit_status()))).await;
        (status.unwrap_or_else(|| panic!("still running: {}", self.log())), self.log())
    }

    /// Waits for the failure of the service. Returns its error: one sentence, the last line of the log.
    async fn fails(self, service: &str) -> String {
        let (status, log) = self.ends().await;
        assert_eq!(status.code(), Some(1), "{log}");
        let own: Vec<_> = log.lines().filter(|line| line.starts_with(&format!("{service}: "))).collect();
        assert_eq!((own.len(), log.lines().last()), (1, own.first().copied()), "{log}");
        assert!(!log.contains(SECRET), "{log}");
        own[0].to_owned()
    }
}

pub(crate) fn settings(store: &str, bus: &str) -> Vec<(String, String)> {
    let settings = [
        ("STORE_URL", store),
        ("BUS_URL", bus),
        ("STRIPE_SECRET_KEY", &format!("sk_test_{SECRET}")),
        ("STRIPE_PUBLISHABLE_KEY", "pk_test_sim"),
        ("STRIPE_WEBHOOK_SECRET", &format!("whsec_{SECRET}")),
        ("LOG", "debug"),
    ];
    settings.map(|(name, value)| (name.to_owned(), value.to_owned())).to_vec()
}

/// A NATS server with one user.
fn guarded_nats(folder: &Path) -> Server {
    let port = Port::free().expect("a port");
    let number = port.number().to_string();
    let address = SocketAddr::from(([127, 0, 0, 1], port.number()));
    let arguments =
        ["-js", "-a", "127.0.0.1", "-p", &number, "--user", "shop", "--pass", "right", "-sd", "data"];
    let program = Program {
        name: "nats".to_owned(),
        path: nats::find().expect("NATS is installed"),
        arguments: arguments.into_iter().map(Into::into).collect(),
        environment: Vec::new(),
        folder: folder.to_owned(),
        log: folder.join("nats.log"),
        probe: ReadinessProbe::Greeting(address, "INFO "),
        timeout: TIMEOUT,
    };
    Server::start(program, format!("nats://{address}"), vec![port]).expect("NATS starts")
}

#[tokio::test]
async fn a_service_whose_servers_start_late_waits_for_them_alive_and_not_ready() {
    let [store, bus] = [(); 2].map(|()| Port::free().expect("a port").number());
    let store_url = format!("mongodb://127.0.0.1:{store}/orders?directConnection=true");
    let mut service = Service::start("orders", &store_url, &format!("nats://127.0.0.1:{bus}"));
    service.server.wait_until_ready().expect("the service is alive");
    assert_eq!(service.get("/livez").await, (200, "alive\n".to_owned()));
    assert_eq!(service.get("/readyz").await, (503, "starting\n".to_owned()));
    service.retries().await;

    let at = |port| ServerLocation { port: Some(port), ..ServerLocation::default() };
    let _database = mongodb_server::start(at(store)).expect("the server starts");
    assert_eq!(service.get("/readyz").await.0, 503, "the bus is still unavailable");
    let _bus = nats::start(at(bus)).expect("the server starts");
    let is_ready = async || {
        let is_ready = service.get("/readyz").await == (200, "ready\n".to_owned());
        Ok::<_, Infallible>(is_ready.then_some(()))
    };
    assert!(poll_until(TIMEOUT, is_ready).await == Ok(Some(())), "not ready: {}", service.log());
    assert!(service.server.stop().expect("a clean stop").success());
}

#[tokio::test]
async fn stopped_while_its_servers_are_unavailable_a_service_ends_at_once_and_cleanly() {
    let [store, bus] = [(); 2].map(|()| Port::free().expect("a port").number());
    for name in SERVICES {
        let store = format!("mongodb://shop:{SECRET}@127.0.0.1:{store}/x?directConnection=true");
        let mut service = Service::start(name, &store, &format!("nats://shop:{SECRET}@127.0.0.1:{bus}"));
        service.server.wait_until_ready().expect("the service is alive");
        service.retries().await;
        let began = now();
        let status = service.server.stop().expect("a clean stop");
        assert!(
            status.success() && began.elapsed() < Duration::from_secs(3),
            "{status} {:?}",
            began.elapsed()
        );
        assert!(!service.log().contains(SECRET), "{}", service.log());
    }
}

#[tokio::test]
async fn a_refusal_of_nats_is_reported_in_one_sentence() {
    let folder = tempfile::tempdir().expect("a folder");
    let nats = guarded_nats(folder.path());
    let address = nats.url().trim_start_matches("nats://");
    let service =
        Service::start("orders", "sqlite:orders.sqlite", &format!("nats://shop:{SECRET}@{address}"));
    let error = service.fails("orders").await;
    assert!(error.contains("refuses these credentials") && error.contains(address), "{error}");
}

/// A MongoDB server with one user, whose password is not [`SECRET`].
async fn guarded_mongodb(folder: &Path) -> Server {
    let location = || ServerLocation::folder(folder.join("mongodb"));
    let mut open = mongodb_server::start(location()).expect("the server starts");
    let client = mongodb::Client::with_uri_str(open.url()).await.expect("an address");
    let user =
        doc! { "createUser": "shop", "pwd": "right", "roles": [{ "role": "readWrite", "db": "orders" }] };
    client.database("orders").run_command(user).await.expect("the user is made");
    open.stop().expect("a clean stop");
    drop(open);
    mongodb_server::start_with_auth(location()).expect("the server starts")
}

#[tokio::test]
async fn a_refusal_of_mongodb_is_reported_in_one_sentence() {
    let folder = tempfile::tempdir().expect("a folder");
    let server = guarded_mongodb(folder.path()).await;
    let (_, address) = server.url().split_once("//").expect("a url");
    let (address, _) = address.split_once('/').expect("a path");
    let url = |password| format!("mongodb://shop:{password}@{address}/orders?directConnection=true");
    let error = Service::start("orders", &url(SECRET), "nats://127.0.0.1:1").fails("orders").await;
    assert!(error.contains("the database orders refused the user or the password"), "{error}");

    // With the right password the service waits for the bus.
    let accepted = Service::start("orders", &url("right"), "nats://127.0.0.1:1");
    accepted.retries().await;
    assert!(accepted.log().contains("the database is open"), "{}", accepted.log());
}

#[tokio::test]
async fn a_database_of_a_newer_version_is_reported_in_one_sentence_and_not_changed() {
    let server = mongodb_server::start(ServerLocation::default()).expect("the server starts");
    let url = mongodb_server::with_database(server.url(), "tickets");
    let client = mongodb::Client::with_uri_str(&url).await.expect("an address");
    let meta = client.database("tickets").collection::<Document>("_meta");
    let newer = doc! { "_id": "format", "number": 99_i64 };
    meta.insert_one(&newer).await.expect("the format is written");
    let error = Service::start("tickets", &url, "nats://127.0.0.1:1").fails("tickets").await;
    assert!(error.contains("newer version (format 99"), "{error}");
    assert_eq!(meta.find_one(doc! {}).await.expect("the format is read"), Some(newer));
    let names = client.database("tickets").list_collection_names().await.expect("names");
    assert_eq!(names, ["_meta"]);
}

#[tokio::test]
async fn no_output_shows_a_password() {
    let store = format!("mongodb://shop:{SECRET}@127.0.0.1:1/x");
    let bus = format!("nats://shop:{SECRET}@127.0.0.1:1");
    for service in SERVICES {
        let help = Command::new(programs().join(service)).arg("--help").envs(settings(&store, &bus)).output();
        let help = help.expect("the program runs");
        let output =
            String::from_utf8_lossy(&help.stdout).into_owned() + &String::from_utf8_lossy(&help.stderr);
        assert!(
            help.status.success() && output.contains("STORE_URL") && !output.contains(SECRET),
            "{output}"
        );
    }
    // An error does not quote an invalid URL.
    let wrong = [
        (format!("mongodb://shop:{SECRET}/x@host/y"), bus.clone()),
        (format!("postgres://shop:{SECRET}@host/y"), bus),
        ("sqlite:x.sqlite".to_owned(), format!("http://shop:{SECRET}@host")),
        ("sqlite:x.sqlite".to_owned(), format!("nats://shop:{SECRET}@host:port")),
    ];
    for (store, bus) in wrong {
        let (status, log) = Service::start("orders", &store, &bus).ends().await;
        assert!(!status.success() && !log.is_empty() && !log.contains(SECRET), "{log}");
    }
}
