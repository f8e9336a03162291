//! Processor time and memory of the target's processes.

use std::net::IpAddr;

use url::Url;

use crate::client::Client;
use crate::options::Options;
use crate::process;

/// The source of the figures.
pub(crate) enum Meter {
    Processes(Vec<u32>),
    /// The addresses of metrics in Prometheus's text format.
    Metrics(Vec<String>, Box<Client>),
    /// Why nothing is measured.
    Nothing(String),
}

/// Use so far, of all processes together.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Usage {
    /// Processor time in seconds.
    pub(crate) processor_time: f64,
    /// Resident memory in MiB.
    pub(crate) memory: f64,
}

impl Meter {
    /// Takes the source that the options name, or the process that listens at a local target.
    pub(crate) async fn new(options: &Options) -> Self {
        let meter = if !options.pid.is_empty() {
            Self::Processes(options.pid.clone())
        } else if !options.metrics.is_empty() {
            Self::Metrics(options.metrics.clone(), Box::new(Client::new("", 1)))
        } else {
            match local_port(&options.target).map(process::listener) {
                Some(Some(process)) => Self::Processes(vec![process]),
                Some(None) => Self::Nothing("no process that this user may inspect listens there".to_owned()),
                None => Self::Nothing("the target is remote; name its metrics with --metrics".to_owned()),
            }
        };
        let is_readable = matches!(meter, Self::Nothing(_)) || meter.read().await.is_some();
        if is_readable { meter } else { Self::Nothing(format!("{} cannot be read", meter.source())) }
    }

    /// The source in words, or the reason why there is none.
    pub(crate) fn source(&self) -> String {
        match self {
            Self::Processes(ids) => {
                let names = ids.iter().map(|id| format!("process {id} ({})", process::name(*id)));
                names.collect::<Vec<_>>().join(", ")
            }
            Self::Metrics(urls, _) => format!("process_cpu_seconds_total at {}", urls.join(", ")),
            Self::Nothing(reason) => reason.clone(),
        }
    }

    /// Returns `None` if a part of the figures is missing: the rest alone would mislead.
    pub(crate) async fn read(&self) -> Option<Usage> {
        let mut all = Usage::default();
        match self {
            Self::Processes(ids) => {
                for id in ids {
                    all.processor_time += process::processor_time(*id).ok()? / 1000.0;
                    all.memory += process::resident(*id).ok()?;
                }
            }
            Self::Metrics(urls, client) => {
                for url in urls {
                    let text = client.text(url).await?;
                    all.processor_time += metric(&text, "process_cpu_seconds_total")?;
                    all.memory += metric(&text, "process_resident_memory_bytes")? / 1024.0 / 1024.0;
                }
            }
            Self::Nothing(_) => return None,
        }
        Some(all)
    }
}

fn metric(text: &str, name: &str) -> Option<f64> {
    text.lines().find_map(|line| line.strip_prefix(name)?.trim().parse().ok())
}

/// The port of a target on this machine.
fn local_port(target: &str) -> Option<u16> {
    let url = Url::parse(target).ok()?;
    let host = url.host_str()?;
    let address = host.trim_matches(['[', ']']).parse::<IpAddr>();
    let is_local = host == "localhost" || address.is_ok_and(|address| address.is_loopback());
    url.port_or_known_default().filter(|_| is_local)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_local_target_is_measured_by_its_process_and_a_remote_one_is_not() {
        let socket = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
        let target = format!("http://{}", socket.local_addr().expect("an address"));
        let process = local_port(&target).and_then(process::listener);
        assert_eq!(process, Some(std::process::id()));
        assert!(process::resident(std::process::id()).expect("memory") > 1.0);
        assert_eq!(local_port("https://tickets.example"), None);
    }

    #[test]
    fn metrics_are_read_by_their_standard_names() {
        let text = "# TYPE process_cpu_seconds_total counter\nprocess_cpu_seconds_total 12.5\n";
        assert_eq!(metric(text, "process_cpu_seconds_total"), Some(12.5));
        assert_eq!(metric(text, "process_resident_memory_bytes"), None);
    }
}
