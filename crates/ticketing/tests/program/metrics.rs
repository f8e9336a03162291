//! The metrics as Prometheus reads them, and the command `status`.

use common::Money;
use e2e::{Endpoints, Person, Process};
use pods::monitoring::{Expression, expressions};
use ticketing::status::Samples;

use crate::refund::bought;
use crate::{PRICE, PROGRAM, assert_eventually, run_command, stdout};

const UNKNOWN_ID: &str = "0192f0c0-7c1e-7e3a-8000-1234567890ab";

/// Metrics of kube-state-metrics, the kubelet and cert-manager.
const EXTERNAL: [&str; 3] = ["kube_", "kubelet_", "certmanager_"];

/// Metrics of JetStream and MongoDB, which one process alone does not use: `crates/e2e/tests/cluster/metrics.rs` has them.
const CLUSTER: [&str; 8] = [
    "bus_connected",
    "bus_events_rejected_total",
    "bus_stream_bytes",
    "bus_stream_bytes_limit",
    "bus_stream_distrusted",
    "bus_unreadable_total",
    "store_calls_in_flight",
    "store_calls_rejected_total",
];

async fn scrape(program: &Process) -> String {
    let reply = program.endpoints.http.get(&program.metrics).send().await.expect("metrics");
    reply.text().await.expect("text")
}

/// The metrics of these expressions that a process does not report with all labels.
fn missing(samples: &Samples, expressions: impl Iterator<Item = Expression>) -> Vec<String> {
    let mut missing = Vec::new();
    for expression in expressions {
        let ours = expression.metrics().into_iter().filter(|(metric, _)| {
            !EXTERNAL.iter().any(|prefix| metric.starts_with(prefix)) && !CLUSTER.contains(&metric.as_str())
        });
        for (metric, labels) in ours.filter(|(metric, labels)| !samples.has(metric, labels)) {
            missing.push(format!("{}: {metric} {labels:?}", expression.owner));
        }
    }
    missing
}

#[tokio::test]
async fn nothing_that_a_client_invents_becomes_a_label() {
    let data = tempfile::tempdir().expect("a folder");
    let program = Process::start(PROGRAM, data.path(), &[]);
    let url = &program.endpoints.marketplace;
    let send = async |number: u32| {
        let mark = format!("INVENTED{number}");
        for path in
            ["/api/tickets", "/api/orders", "/", &format!("/api/{mark}"), &format!("/{mark}?q={mark}")]
        {
            let request =
                program.endpoints.http.request(mark.parse().expect("a method"), format!("{url}{path}"));
            let request =
                request.header("user-agent", &mark).header("x-request-id", &mark).header("host", &mark);
            let request = request.header("cookie", format!("session={mark}")).header("content-type", &mark);
            request.body(mark.clone()).send().await.expect("a reply");
        }
    };
    send(0).await;
    let before = scrape(&program).await;
    for number in 1..50 {
        send(number).await;
    }
    let after = scrape(&program).await;
    assert!(!after.contains("INVENTED"), "{after}");
    let series = |scrape: &str| scrape.lines().filter(|line| line.starts_with("http_")).count();
    assert_eq!(series(&after), series(&before));
}

/// An alert does not see the increase of a counter that begins with its first increment.
#[tokio::test]
async fn a_fresh_process_reports_every_metric_and_label_that_an_alert_names() {
    let data = tempfile::tempdir().expect("a folder");
    let program = Process::start(PROGRAM, data.path(), &[]);
    // The first request, as of a probe.
    program.endpoints.get("/api/tickets").await;
    assert_eventually("each gauge is set within seconds", || async {
        let samples = Samples::parse(&scrape(&program).await);
        let alerts = expressions().into_iter().filter(|one| !one.owner.starts_with("Ticketing: "));
        let missing = missing(&samples, alerts);
        if !missing.is_empty() {
            eprintln!("{missing:#?}");
        }
        missing.is_empty()
    })
    .await;
}

#[tokio::test]
async fn every_metric_and_label_that_a_dashboard_names_exists_after_a_purchase_and_the_status_shows_it() {
    let data = tempfile::tempdir().expect("a folder");
    let program = Process::start(PROGRAM, data.path(), &[]);
    let (seller, buyer) = (
        Person::sign_up(&program.endpoints, "seller").await,
        Person::sign_up(&program.endpoints, "buyer").await,
    );
    bought(&seller, &buyer).await;
    assert_eventually("each metric exists", || async {
        let missing = missing(&Samples::parse(&scrape(&program).await), expressions().into_iter());
        if !missing.is_empty() {
            eprintln!("{missing:#?}");
        }
        missing.is_empty()
    })
    .await;
    let samples = Samples::parse(&scrape(&program).await);
    let Money { amount, .. } = PRICE;
    for (name, label, value, expected) in [
        ("purchases_total", "outcome", "complete", 1),
        ("purchases_total", "outcome", "expired", 0),
        ("money_total", "flow", "captured", amount),
        ("purchase_stage_seconds_count", "stage", "created", 1),
        ("purchase_stage_seconds_count", "stage", "awaiting-payment", 1),
        ("purchase_stage_seconds_count", "stage", "paying", 1),
    ] {
        let found = samples.by(name, label).get(value).map(|number| format!("{number}"));
        assert_eq!(found, Some(expected.to_string()), "{name} {value}");
    }
    let status = run_command(data.path(), &["status", "--once", "--admin", &program.metrics]);
    let text = stdout(&status);
    assert!(status.status.success(), "{status:?}");
    for row in ["Tickets sold                 1\n", "Money, minor units           captured 2000 USD"] {
        assert!(text.contains(row), "{row}: {text}");
    }
}

#[test]
fn the_status_of_a_process_that_does_not_answer_is_one_clear_sentence() {
    let data = tempfile::tempdir().expect("a folder");
    let status = run_command(data.path(), &["status", "--once", "--admin", "http://127.0.0.1:1"]);
    let message = String::from_utf8_lossy(&status.stderr);
    assert!(!status.status.success() && message.contains("is the marketplace running"), "{message}");
}

/// The number of requests with each combination of method, route and status.
async fn counts(program: &Process) -> Vec<String> {
    let text = scrape(program).await;
    let counts = text.lines().filter_map(|line| line.strip_prefix("http_request_duration_seconds_count"));
    let mut counts: Vec<_> = counts.map(str::to_owned).collect();
    counts.sort_unstable();
    counts
}

#[tokio::test]
async fn requests_are_counted_by_route_and_what_clients_invent_adds_no_label() {
    let data = tempfile::tempdir().expect("a folder");
    let program = Process::start(PROGRAM, data.path(), &[]);
    let endpoints = &program.endpoints;
    for (method, path) in [
        ("GET", format!("/api/tickets/{UNKNOWN_ID}")),
        ("GET", "/api/tickets/7".to_owned()),
        ("GET", format!("/api/orders/{UNKNOWN_ID}")),
        ("GET", "/api/orders/one/two/three".to_owned()),
        ("GET", "/api/orders/four/five/six".to_owned()),
        ("BREW", "/api/tickets".to_owned()),
        ("STEEP", "/api/tickets".to_owned()),
    ] {
        let method = method.parse().expect("a method");
        Endpoints::send(endpoints.http.request(method, format!("{}{path}", endpoints.marketplace))).await;
    }
    let counts = counts(&program).await;
    for expected in [
        r#"{method="GET",route="/api/tickets/{id}",status="404"} 2"#,
        r#"{method="GET",route="/api/orders/{id}",status="401"} 1"#,
        r#"{method="GET",route="unmatched",status="404"} 2"#,
        r#"{method="other",route="/api/tickets",status="405"} 2"#,
    ] {
        assert!(counts.iter().any(|line| line == expected), "{expected}: {counts:#?}");
    }
}
