//! The course's contract, and the preparation of runs.

use loadgen::{Report, generate};

use crate::app::{Fault, serve};
use crate::options;

/// A run at such an app.
pub(crate) async fn run(fault: Fault, arguments: &str) -> Report {
    let target = serve(fault).await;
    generate(&options(&target, &format!("--contract course {arguments}"))).await.expect("a run")
}

#[tokio::test]
async fn the_course_app_is_put_under_the_same_load() {
    for scenario in ["browse", "show", "sell", "order", "contention", "purchase", "sign-in", "mix"] {
        let arguments = format!("--scenario {scenario} --rate 40 --duration 1s --buyers 10");
        let report = run(Fault::None, &arguments).await;
        let shown = format!("{report}");
        assert_eq!((report.arrivals, report.unexpected), (40, 0), "{shown}");
        assert!(report.checks.violations.is_empty() && report.checks.unreadable == 0, "{shown}");
        let complete = if scenario == "purchase" { 40 } else { report.checks.complete };
        assert_eq!(report.checks.complete, complete, "{shown}");
        let taken = report.outcomes.iter().find(|one| one.outcome.code == "Ticket is already reserved");
        assert_eq!(taken.map(|one| one.count), (scenario == "contention").then_some(36), "{shown}");
    }
}

#[tokio::test]
async fn the_course_app_sells_each_ticket_of_an_on_sale_once() {
    let report = run(Fault::None, "--scenario on-sale --crowd 200 --tickets 10 --people 20").await;
    assert_eq!((report.arrivals, report.checks.orders, report.checks.complete), (200, 10, 10), "{report}");
    assert!(report.checks.violations.is_empty(), "{report}");
}

#[tokio::test]
async fn an_expired_token_is_renewed() {
    let report = run(Fault::ExpiresTokens, "--scenario sell --rate 20 --duration 1s").await;
    assert_eq!((report.operations[0].count, report.unexpected), (20, 0), "{report}");
}

#[tokio::test]
async fn a_person_whose_session_has_ended_signs_in_again() {
    let report = run(Fault::EndsSessions, "--scenario sell --rate 20 --duration 1s").await;
    assert_eq!((report.operations[0].count, report.unexpected), (20, 0), "{report}");
}

#[tokio::test]
async fn a_target_that_does_not_reply_is_one_clear_sentence() {
    let refused = generate(&options("http://127.0.0.1:1", "--scenario browse")).await;
    assert_eq!(refused.expect_err("no target").to_string(), "the target does not reply: no connection");
}

#[tokio::test]
async fn a_search_of_the_course_app_is_refused() {
    let target = serve(Fault::None).await;
    let refused = generate(&options(&target, "--contract course --scenario search")).await;
    assert_eq!(refused.expect_err("no search").to_string(), "the course's app has no search");
}
