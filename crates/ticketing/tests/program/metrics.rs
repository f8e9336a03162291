//! The metrics of requests, as Prometheus reads them.

use e2e::{Endpoints, Process};

use crate::PROGRAM;

const UNKNOWN_ID: &str = "0192f0c0-7c1e-7e3a-8000-1234567890ab";

/// The number of requests with each combination of method, route and status.
async fn counts(program: &Process) -> Vec<String> {
    let reply = program.endpoints.http.get(&program.metrics).send().await.expect("metrics");
    let text = reply.text().await.expect("text");
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
