//! Startup of a cluster: the servers, then the services concurrently, then nginx.

use std::fs;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;
use std::time::Duration;

use crate::cluster::gateway::{self, Backend};
use crate::cluster::services::Endpoints;
use crate::cluster::{Cluster, ClusterConfig, Member, SERVICES, Service};
use crate::{Port, Program, ReadinessProbe, Server, ServerError, ServerLocation, mongodb, nats, nginx};

/// Timeout for a service to become ready, and to stop; all of them start at once.
const SERVICE_TIMEOUT: Duration = Duration::from_mins(1);

impl Cluster {
    /// Starts all processes and waits until they are ready.
    ///
    /// # Errors
    /// A program is missing, does not start, or does not become ready.
    pub fn start(config: ClusterConfig) -> Result<Self, ServerError> {
        fs::create_dir_all(config.logs()).map_err(ServerError::file(config.logs()))?;
        // First of all, so that a second cluster on the same port fails at once.
        let gateway =
            if config.listen.port() == 0 { Port::free()? } else { Port::reserve(config.listen.port())? };
        let service_ports = service_ports()?;
        let (nats_url, nats) = server(config.nats_url.as_ref(), || nats::start(location(&config, "nats")))?;
        let (mongodb_url, mongodb) =
            server(config.mongodb_url.as_ref(), || mongodb::start(location(&config, "mongodb")))?;
        let stripe = stripe(&config, &gateway)?;
        let (mail, smtp_url) = mail(&config)?;
        let endpoints = Endpoints {
            public_url: url(&gateway),
            smtp_url,
            mongodb_url,
            nats_url,
            stripe_url: stripe.url().to_owned(),
            service_urls: service_ports.iter().map(|(service, port)| (service.name, url(port))).collect(),
        };
        let (members, backends) = members(&config, &endpoints, &service_ports)?;
        let nginx = start_nginx(&config, gateway, &backends)?;
        let mut cluster = Self {
            url: nginx.url().to_owned(),
            stripe_url: endpoints.stripe_url,
            mailbox_url: mail.url().to_owned(),
            nats_url: endpoints.nats_url,
            mongodb_url: endpoints.mongodb_url,
            members: members
                .into_iter()
                .chain([stripe, mail].map(|server| Member { server, admin_url: None }))
                .collect(),
            servers: [nginx].into_iter().chain(nats).chain(mongodb).collect(),
            config,
            _service_ports: service_ports.into_iter().map(|(_, port)| port).collect(),
        };
        cluster.members.iter_mut().try_for_each(|member| member.server.wait_until_ready())?;
        Ok(cluster)
    }
}

/// The URL of a running server, or of one that is started here.
fn server(
    running: Option<&String>,
    start: impl FnOnce() -> Result<Server, ServerError>,
) -> Result<(String, Option<Server>), ServerError> {
    match running {
        Some(url) => Ok((url.clone(), None)),
        None => start().map(|server| (server.url().to_owned(), Some(server))),
    }
}

fn location(config: &ClusterConfig, name: &str) -> ServerLocation {
    ServerLocation { folder: Some(config.data(name)), logs: Some(config.logs()), port: None }
}

/// A stable port for each service that others connect to.
fn service_ports() -> Result<Vec<(Service, Port)>, ServerError> {
    let addressed = SERVICES.into_iter().filter(|service| service.is_addressed);
    addressed.map(|service| Ok((service, Port::free()?))).collect()
}

/// The key of auth's secrets: the same in every cluster, since none has real users.
const AUTH_KEY: &str = "YSBrZXkgb2YgYSBjbHVzdGVyIHdpdGhvdXQgdXNlcnM=\n";

/// Spawns every replica of every service.
fn members(
    config: &ClusterConfig,
    endpoints: &Endpoints,
    service_ports: &[(Service, Port)],
) -> Result<(Vec<Member>, Vec<Backend>), ServerError> {
    let file = config.auth_key_file();
    std::fs::write(&file, AUTH_KEY).map_err(ServerError::file(&file))?;
    let (mut members, mut backends) = (Vec::new(), Vec::new());
    for service in SERVICES {
        let mut replicas = Vec::new();
        for replica in 1..=config.replicas {
            let (listen, admin) = (Port::free()?, Port::free()?);
            replicas.push(listen.number());
            let mut environment = endpoints.environment(service, config);
            environment.push(("LISTEN".to_owned(), local(&listen).to_string()));
            environment.push(("ADMIN_LISTEN".to_owned(), local(&admin).to_string()));
            let (url, admin_url) = (url(&listen), url(&admin));
            let probe = ReadinessProbe::HttpGet(local(&admin), "/readyz".to_owned());
            let program =
                program(config, service.name, &format!("{}-{replica}", service.name), environment, probe)?;
            let server = Server::spawn(program, url, vec![listen, admin])?;
            members.push(Member { server, admin_url: Some(admin_url) });
        }
        if let Some((_, port)) = service_ports.iter().find(|(other, _)| other.name == service.name) {
            backends.push(Backend { service: service.name, port: port.number(), replicas });
        }
    }
    Ok((members, backends))
}

fn stripe(config: &ClusterConfig, gateway: &Port) -> Result<Server, ServerError> {
    let name = "stripe-sim";
    let port = Port::free()?;
    let environment = [
        ("STRIPE_SIM_LISTEN", local(&port).to_string()),
        ("STRIPE_SIM_DATABASE", "stripe.sqlite".to_owned()),
        ("STRIPE_SIM_WEBHOOK_URL", format!("{}/api/payments/webhook", url(gateway))),
        ("STRIPE_SIM_WEBHOOK_SECRET", "whsec_sim".to_owned()),
        ("STRIPE_SIM_SECRET_KEY", "sk_test_sim".to_owned()),
        ("STRIPE_SIM_PUBLISHABLE_KEY", "pk_test_sim".to_owned()),
    ];
    let environment = environment.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
    let program = program(config, name, name, environment, ReadinessProbe::TcpConnect(local(&port)))?;
    Server::spawn(program, url(&port), vec![port])
}

/// The mailbox, and the URL of its SMTP server.
fn mail(config: &ClusterConfig) -> Result<(Server, String), ServerError> {
    let name = "mail-sim";
    let (smtp, mailbox) = (Port::free()?, Port::free()?);
    let environment = [("MAIL_SIM_LISTEN", &smtp), ("MAILBOX_LISTEN", &mailbox)];
    let environment =
        environment.into_iter().map(|(name, port)| (name.to_owned(), local(port).to_string())).collect();
    let program = program(config, name, name, environment, ReadinessProbe::TcpConnect(local(&mailbox)))?;
    let smtp_url = format!("smtp://{}", local(&smtp));
    Ok((Server::spawn(program, url(&mailbox), vec![smtp, mailbox])?, smtp_url))
}

fn start_nginx(config: &ClusterConfig, gateway: Port, backends: &[Backend]) -> Result<Server, ServerError> {
    let listen = SocketAddr::new(config.listen.ip(), gateway.number());
    nginx::start_on(gateway, &config.data("nginx"), &config.logs(), &gateway::configuration(listen, backends))
}

/// A program of a service. `environment` takes precedence over the config, and that over this process's environment.
fn program(
    config: &ClusterConfig,
    file: &str,
    name: &str,
    environment: Vec<(String, String)>,
    probe: ReadinessProbe,
) -> Result<Program, ServerError> {
    let folder = config.data(name);
    fs::create_dir_all(&folder).map_err(ServerError::file(&folder))?;
    Ok(Program {
        name: name.to_owned(),
        path: executable(&config.programs, file),
        arguments: Vec::new(),
        environment: config.environment.iter().cloned().chain(environment).collect(),
        folder,
        log: config.logs().join(format!("{name}.log")),
        probe,
        timeout: SERVICE_TIMEOUT,
    })
}

fn executable(folder: &Path, name: &str) -> std::path::PathBuf {
    folder.join(format!("{name}{}", std::env::consts::EXE_SUFFIX))
}

fn local(port: &Port) -> SocketAddr {
    SocketAddr::from((Ipv4Addr::LOCALHOST, port.number()))
}

fn url(port: &Port) -> String {
    format!("http://{}", local(port))
}
