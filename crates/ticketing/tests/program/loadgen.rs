//! `ticketing loadgen` against the running program.

use std::path::Path;

use e2e::Process;
use serde_json::Value;

use crate::{PROGRAM, run_command, stdout};

/// Runs a scenario. Returns the JSON report, the page, and what the terminal shows.
fn load(program: &Process, folder: &Path, arguments: &str) -> (Value, String, String) {
    let (json, html) = (folder.join("report.json"), folder.join("report.html"));
    let mut line = vec!["loadgen", "--target", &program.endpoints.marketplace];
    line.extend(["--json", json.to_str().expect("a path"), "--html", html.to_str().expect("a path")]);
    line.extend(arguments.split_whitespace());
    let output = run_command(folder, &line);
    let printed = stdout(&output);
    assert!(output.status.success(), "{arguments}: {printed}{}", String::from_utf8_lossy(&output.stderr));
    let read = |file| std::fs::read_to_string(file).expect("a report");
    (serde_json::from_str(&read(json)).expect("JSON"), read(html), printed)
}

/// The figures of an operation.
fn operation<'a>(report: &'a Value, name: &str) -> &'a Value {
    let mut operations = report["operations"].as_array().expect("operations").iter();
    operations.find(|one| one["name"] == name).unwrap_or_else(|| panic!("no {name} in {report}"))
}

#[test]
fn each_scenario_loads_the_marketplace_and_violates_no_check() {
    let data = tempfile::tempdir().expect("a folder");
    let program = Process::start(PROGRAM, data.path(), &[]);
    // Few accounts: each run hashes their passwords.
    for (scenario, more, operations) in [
        ("browse", "", &["browse"][..]),
        ("show", "", &["show"]),
        ("search", "", &["search"]),
        ("sell", "", &["sell"]),
        ("order", "", &["order", "cancel"]),
        ("contention", "--buyers 5", &["order"]),
        ("purchase", "", &["sell", "order", "pay", "card", "read-order", "purchase"]),
        ("sign-in", "", &["sign-in"]),
        ("mix", "--arrivals even", &["browse", "show", "search"]),
        ("on-sale", "--crowd 60 --tickets 5", &["browse", "order", "pay", "on-sale"]),
    ] {
        let rate = if scenario == "mix" { 60 } else { 20 };
        let arguments = format!("--scenario {scenario} --rate {rate} --duration 1s --people 6 {more}");
        let (report, page, printed) = load(&program, data.path(), &arguments);
        let arrivals = if scenario == "on-sale" { 60 } else { rate };
        assert_eq!((&report["arrivals"], &report["unexpected"]), (&arrivals.into(), &0.into()), "{printed}");
        assert_eq!((&report["scenario"], &report["seed"]), (&scenario.into(), &1.into()), "{report}");
        assert_eq!(report["checks"]["violations"], Value::Array(Vec::new()), "{printed}");
        for name in operations {
            let figures = operation(&report, name);
            assert!(figures["count"].as_u64() > Some(0), "{scenario}: {figures}");
            assert!(figures["maxMs"].as_f64() >= figures["p50Ms"].as_f64(), "{scenario}: {figures}");
            assert!(printed.contains(name) && page.contains(&format!(">{name}")), "{scenario}: {name}");
        }
        let [orders, complete] = ["orders", "complete"].map(|field| report["checks"][field].as_u64());
        match scenario {
            "order" => assert_eq!((orders, complete), (Some(20), Some(0)), "{printed}"),
            "contention" => assert_eq!((orders, complete), (Some(4), Some(0)), "{printed}"),
            "purchase" => assert_eq!((orders, complete), (Some(20), Some(20)), "{printed}"),
            "on-sale" => assert_eq!((orders, complete), (Some(5), Some(5)), "{printed}"),
            _ => assert!(orders >= complete, "{printed}"),
        }
        // The program listens on this machine, so it was found and measured.
        let used = report["server"]["processorSeconds"].as_f64();
        assert!(used.is_some_and(|used| used >= 0.0), "{}", report["server"]);
        assert!(report["server"]["source"].as_str().is_some_and(|one| one.contains("ticketing")), "{report}");
        let points = report["timeline"].as_array().expect("points");
        let (mut arrived, mut before) = (0.0, 0.0);
        for point in points {
            let [at, rate] = ["at", "arrivals"].map(|field| point[field].as_f64().expect("a figure"));
            arrived += rate * (at - before);
            before = at;
        }
        assert!((arrived - f64::from(arrivals)).abs() < 0.5, "{arrived}: {printed}");
        // Latencies, requests, latency over time, processors, memory.
        assert_eq!(page.matches("<svg").count(), 5, "{scenario}");
        for outside in ["src=", "href=", "url(", "@import", "<script", "<link"] {
            assert!(!page.contains(outside), "{scenario}: the page loads nothing ({outside})");
        }
    }
    assert!(program.stop());
}
