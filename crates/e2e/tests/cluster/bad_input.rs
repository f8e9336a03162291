//! Programs that are started with servers that are not there, that refuse them, or that belong to the future.

use std::net::SocketAddr;
use std::path::Path;
use std::process::{Command, ExitStatus};
use std::time::Duration;

use e2e::cluster::programs;
use mongodb::bson::{Document, doc};
use servers::{Port, Program, ReadinessProbe, Server, ServerLocation, mongodb as mongodb_server, nats};
use tempfile::TempDir;

use crate::client::{now, pause};

pub(crate) const SERVICES: [&str; 5] = ["auth", "tickets", "orders", "expiration", "payments"];

/// What no output may show.
const SECRET: &str = "hunter2hunter2";

/// How long a program may take to see that something is wrong, or to end.
const PATIENCE: Duration = Duration::from_secs(30);

/// A program of ours with its addresses.
struct Given {
    folder: TempDir,
    server: Server,
    admin: String,
}

impl Given {
    /// Starts a service with these addresses of its database and its bus.
    fn start(service: &str, store: &str, bus: &str) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let (listen, admin) = (Port::free().expect("a port"), Port::free().expect("a port"));
        let address = |port: &Port| SocketAddr::from(([127, 0, 0, 1], port.number()));
        let mut environment = settings(store, bus);
        environment.push(("LISTEN".to_owned(), address(&listen).to_string()));
        environment.push(("ADMIN_LISTEN".to_owned(), address(&admin).to_string()));
        let program = Program {
            name: service.to_owned(),
            path: programs().join(service),
            arguments: Vec::new(),
            environment,
            folder: folder.path().to_owned(),
            log: folder.path().join("log"),
            probe: ReadinessProbe::HttpGet(address(&admin), "/livez".to_owned()),
            timeout: PATIENCE,
        };
        let url = format!("http://{}", address(&admin));
        let server = Server::spawn(program, url.clone(), vec![listen, admin]).expect("it starts");
        Self { folder, server, admin: url }
    }

    /// The status and the body of an answer of the admin address.
    async fn says(&self, path: &str) -> (u16, String) {
        let reply = reqwest::get(format!("{}{path}", self.admin)).await.expect("it answers");
        (reply.status().as_u16(), reply.text().await.expect("a text"))
    }

    fn log(&self) -> String {
        std::fs::read_to_string(self.folder.path().join("log")).expect("a log")
    }

    /// Waits until it says that it tries again.
    async fn tries_again(&self) {
        let began = now();
        while !self.log().contains("trying again") {
            assert!(began.elapsed() < PATIENCE, "{}", self.log());
            pause(Duration::from_millis(50)).await;
        }
    }

    /// How it ended by itself, and what it printed.
    async fn ends(mut self) -> (ExitStatus, String) {
        let began = now();
        loop {
            if let Some(status) = self.server.exit_status() {
                return (status, self.log());
            }
            assert!(began.elapsed() < PATIENCE, "it does not end: {}", self.log());
            pause(Duration::from_millis(50)).await;
        }
    }

    /// The last thing that it said, which is one sentence in its own name, and why it ended.
    async fn gives_up(self, service: &str) -> String {
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

/// A NATS server that lets one user in.
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
        timeout: PATIENCE,
    };
    Server::start(program, format!("nats://{address}"), vec![port]).expect("NATS starts")
}

#[tokio::test]
async fn a_service_whose_servers_come_late_waits_for_them_alive_and_not_ready() {
    let [store, bus] = [(); 2].map(|()| Port::free().expect("a port").number());
    let store_url = format!("mongodb://127.0.0.1:{store}/orders?directConnection=true");
    let mut given = Given::start("orders", &store_url, &format!("nats://127.0.0.1:{bus}"));
    given.server.wait_until_ready().expect("it is alive");
    assert_eq!(given.says("/livez").await, (200, "alive\n".to_owned()));
    assert_eq!(given.says("/readyz").await, (503, "starting\n".to_owned()));
    given.tries_again().await;

    let place = |port| ServerLocation { port: Some(port), ..ServerLocation::default() };
    let _database = mongodb_server::start(place(store)).expect("it starts");
    assert_eq!(given.says("/readyz").await.0, 503, "the bus is still away");
    let _bus = nats::start(place(bus)).expect("it starts");
    let began = now();
    while given.says("/readyz").await != (200, "ready\n".to_owned()) {
        assert!(began.elapsed() < PATIENCE, "{}", given.log());
        pause(Duration::from_millis(50)).await;
    }
    assert!(given.server.stop().expect("it stops").success());
}

#[tokio::test]
async fn asked_to_stop_while_its_servers_are_away_a_service_ends_at_once_and_well() {
    let [store, bus] = [(); 2].map(|()| Port::free().expect("a port").number());
    for service in SERVICES {
        let store = format!("mongodb://shop:{SECRET}@127.0.0.1:{store}/x?directConnection=true");
        let mut given = Given::start(service, &store, &format!("nats://shop:{SECRET}@127.0.0.1:{bus}"));
        given.server.wait_until_ready().expect("it is alive");
        given.tries_again().await;
        let began = now();
        let status = given.server.stop().expect("it stops");
        assert!(
            status.success() && began.elapsed() < Duration::from_secs(3),
            "{status} {:?}",
            began.elapsed()
        );
        assert!(!given.log().contains(SECRET), "{}", given.log());
    }
}

#[tokio::test]
async fn nats_that_refuses_us_is_told_in_one_sentence() {
    let folder = tempfile::tempdir().expect("a folder");
    let nats = guarded_nats(folder.path());
    let address = nats.url().trim_start_matches("nats://");
    let given = Given::start("orders", "sqlite:orders.sqlite", &format!("nats://shop:{SECRET}@{address}"));
    let said = given.gives_up("orders").await;
    assert!(said.contains("refuses these credentials") && said.contains(address), "{said}");
}

/// A MongoDB server that lets one user in, with a password that is not [`SECRET`].
async fn guarded_mongodb(folder: &Path) -> Server {
    let place = || ServerLocation::folder(folder.join("mongodb"));
    let mut open = mongodb_server::start(place()).expect("it starts");
    let client = mongodb::Client::with_uri_str(open.url()).await.expect("an address");
    let user =
        doc! { "createUser": "shop", "pwd": "right", "roles": [{ "role": "readWrite", "db": "orders" }] };
    client.database("orders").run_command(user).await.expect("the user is made");
    open.stop().expect("it stops");
    drop(open);
    mongodb_server::start_with_auth(place()).expect("it starts again")
}

#[tokio::test]
async fn mongodb_that_refuses_us_is_told_in_one_sentence() {
    let folder = tempfile::tempdir().expect("a folder");
    let server = guarded_mongodb(folder.path()).await;
    let (_, address) = server.url().split_once("//").expect("a url");
    let (address, _) = address.split_once('/').expect("a path");
    let url = |password| format!("mongodb://shop:{password}@{address}/orders?directConnection=true");
    let said = Given::start("orders", &url(SECRET), "nats://127.0.0.1:1").gives_up("orders").await;
    assert!(said.contains("the database orders refused the user or the password"), "{said}");

    // The same with the right password goes on to wait for the bus.
    let let_in = Given::start("orders", &url("right"), "nats://127.0.0.1:1");
    let_in.tries_again().await;
    assert!(let_in.log().contains("the database is open"), "{}", let_in.log());
}

#[tokio::test]
async fn a_database_of_a_newer_version_is_told_in_one_sentence_and_not_touched() {
    let server = mongodb_server::start(ServerLocation::default()).expect("it starts");
    let url = mongodb_server::with_database(server.url(), "tickets");
    let client = mongodb::Client::with_uri_str(&url).await.expect("an address");
    let meta = client.database("tickets").collection::<Document>("_meta");
    let newer = doc! { "_id": "format", "number": 99_i64 };
    meta.insert_one(&newer).await.expect("it is written");
    let said = Given::start("tickets", &url, "nats://127.0.0.1:1").gives_up("tickets").await;
    assert!(said.contains("newer version (format 99"), "{said}");
    assert_eq!(meta.find_one(doc! {}).await.expect("it is read"), Some(newer));
    let names = client.database("tickets").list_collection_names().await.expect("names");
    assert_eq!(names, ["_meta"]);
}

#[tokio::test]
async fn no_output_shows_a_password() {
    let store = format!("mongodb://shop:{SECRET}@127.0.0.1:1/x");
    let bus = format!("nats://shop:{SECRET}@127.0.0.1:1");
    for service in SERVICES {
        let help = Command::new(programs().join(service)).arg("--help").envs(settings(&store, &bus)).output();
        let help = help.expect("it runs");
        let said =
            String::from_utf8_lossy(&help.stdout).into_owned() + &String::from_utf8_lossy(&help.stderr);
        assert!(help.status.success() && said.contains("STORE_URL") && !said.contains(SECRET), "{said}");
    }
    // What cannot be understood is not repeated either.
    let wrong = [
        (format!("mongodb://shop:{SECRET}/x@host/y"), bus.clone()),
        (format!("postgres://shop:{SECRET}@host/y"), bus),
        ("sqlite:x.sqlite".to_owned(), format!("http://shop:{SECRET}@host")),
        ("sqlite:x.sqlite".to_owned(), format!("nats://shop:{SECRET}@host:port")),
    ];
    for (store, bus) in wrong {
        let (status, log) = Given::start("orders", &store, &bus).ends().await;
        assert!(!status.success() && !log.is_empty() && !log.contains(SECRET), "{log}");
    }
}
