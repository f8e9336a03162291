//! Starts a cluster: the servers, then the services all at once, then the gateway.

use std::fs;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;
use std::time::Duration;

use crate::cluster::gateway::{self, Backend};
use crate::cluster::member::Surroundings;
use crate::cluster::{Cluster, Member, Plan, SERVICES, Service};
use crate::{Place, Port, Program, Ready, Server, ServerError, mongodb, nats, nginx};

/// How long a service may take to get ready, and to stop; many start at once.
const PATIENCE: Duration = Duration::from_mins(1);

impl Cluster {
    /// Starts everything and waits until all of it is ready.
    ///
    /// # Errors
    /// Something is missing, does not start, or does not get ready.
    pub fn start(plan: Plan) -> Result<Self, ServerError> {
        fs::create_dir_all(plan.logs()).map_err(ServerError::file(plan.logs()))?;
        // First of all: whoever starts a second cluster by mistake is told that before anything else happens.
        let gateway = if plan.listen.port() == 0 { Port::free()? } else { Port::given(plan.listen.port())? };
        let addresses = addresses()?;
        let (nats_url, nats) = server(plan.nats_url.as_ref(), || nats::start(place(&plan, "nats")))?;
        let (mongodb_url, mongodb) =
            server(plan.mongodb_url.as_ref(), || mongodb::start(place(&plan, "mongodb")))?;
        let stripe = stripe(&plan, &gateway)?;
        let surroundings = Surroundings {
            mongodb_url,
            nats_url,
            stripe_url: stripe.url().to_owned(),
            service_urls: addresses.iter().map(|(service, port)| (service.name, url(port))).collect(),
        };
        let (members, backends) = members(&plan, &surroundings, &addresses)?;
        let nginx = front(&plan, gateway, &backends)?;
        let mut cluster = Self {
            url: nginx.url().to_owned(),
            stripe_url: surroundings.stripe_url,
            nats_url: surroundings.nats_url,
            mongodb_url: surroundings.mongodb_url,
            members: members.into_iter().chain([Member { server: stripe, admin_url: None }]).collect(),
            servers: [nginx].into_iter().chain(nats).chain(mongodb).collect(),
            plan,
            _addresses: addresses.into_iter().map(|(_, port)| port).collect(),
        };
        cluster.members.iter_mut().try_for_each(|member| member.server.wait_until_ready())?;
        Ok(cluster)
    }
}

/// The address of a server that runs elsewhere, or of one that is started.
fn server(
    elsewhere: Option<&String>,
    start: impl FnOnce() -> Result<Server, ServerError>,
) -> Result<(String, Option<Server>), ServerError> {
    match elsewhere {
        Some(url) => Ok((url.clone(), None)),
        None => start().map(|server| (server.url().to_owned(), Some(server))),
    }
}

fn place(plan: &Plan, name: &str) -> Place {
    Place { folder: Some(plan.data(name)), logs: Some(plan.logs()), port: None }
}

/// A port for each service that others reach.
fn addresses() -> Result<Vec<(Service, Port)>, ServerError> {
    let addressed = SERVICES.into_iter().filter(|service| service.is_addressed);
    addressed.map(|service| Ok((service, Port::free()?))).collect()
}

/// Spawns every replica of every service.
fn members(
    plan: &Plan,
    surroundings: &Surroundings,
    addresses: &[(Service, Port)],
) -> Result<(Vec<Member>, Vec<Backend>), ServerError> {
    let (mut members, mut backends) = (Vec::new(), Vec::new());
    for service in SERVICES {
        let mut replicas = Vec::new();
        for replica in 1..=plan.replicas {
            let (listen, admin) = (Port::free()?, Port::free()?);
            replicas.push(listen.number());
            let mut environment = surroundings.environment(service, plan);
            environment.push(("LISTEN".to_owned(), local(&listen).to_string()));
            environment.push(("ADMIN_LISTEN".to_owned(), local(&admin).to_string()));
            let (url, admin_url) = (url(&listen), url(&admin));
            let ready = Ready::Answers(local(&admin), "/readyz".to_owned());
            let program =
                program(plan, service.name, &format!("{}-{replica}", service.name), environment, ready)?;
            let server = Server::spawn(program, url, vec![listen, admin])?;
            members.push(Member { server, admin_url: Some(admin_url) });
        }
        if let Some((_, port)) = addresses.iter().find(|(other, _)| other.name == service.name) {
            backends.push(Backend { service: service.name, port: port.number(), replicas });
        }
    }
    Ok((members, backends))
}

fn stripe(plan: &Plan, gateway: &Port) -> Result<Server, ServerError> {
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
    let program = program(plan, name, name, environment, Ready::Accepts(local(&port)))?;
    Server::spawn(program, url(&port), vec![port])
}

fn front(plan: &Plan, gateway: Port, backends: &[Backend]) -> Result<Server, ServerError> {
    let listen = SocketAddr::new(plan.listen.ip(), gateway.number());
    nginx::start_on(gateway, &plan.data("nginx"), &plan.logs(), &gateway::configuration(listen, backends))
}

/// A program of ours. What it is told here comes before what the plan says, and that before our own environment.
fn program(
    plan: &Plan,
    file: &str,
    name: &str,
    environment: Vec<(String, String)>,
    ready: Ready,
) -> Result<Program, ServerError> {
    let folder = plan.data(name);
    fs::create_dir_all(&folder).map_err(ServerError::file(&folder))?;
    Ok(Program {
        name: name.to_owned(),
        path: executable(&plan.programs, file),
        arguments: Vec::new(),
        environment: plan.environment.iter().cloned().chain(environment).collect(),
        folder,
        log: plan.logs().join(format!("{name}.log")),
        ready,
        patience: PATIENCE,
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
