//! Two processes of each service, behind nginx, on MongoDB and NATS.

use std::process::Command;
use std::time::Duration;

use clap::Parser;
use e2e::cluster::programs;
use e2e::{Cluster, cards};
use serde_json::json;
use tokio::join;

use crate::deletion::a_deleted_account_ends_its_listings_and_open_orders;
use crate::deployment::{Deployment, SHORT_HOLD_PERIOD};
use crate::flows::{
    a_cancelled_order_frees_its_ticket_at_once, a_declined_card_can_be_replaced_by_another,
    a_payment_confirmed_after_the_deadline_is_voided_and_never_captured,
    a_price_that_changed_meanwhile_is_never_charged, a_three_d_secure_card_completes_after_its_step,
    an_authorized_payment_of_a_cancelled_order_is_voided, an_unpaid_order_frees_its_ticket_when_it_expires,
    becomes, id, of_many_simultaneous_buyers_one_gets_the_ticket, two_people, two_people_trade_a_ticket, usd,
};

/// One test with all flows at once: starting a cluster takes longer than any flow.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_flow_ends_alike_and_no_invariant_is_violated() {
    let hold = format!("{}s", SHORT_HOLD_PERIOD.as_secs());
    let cluster = Cluster::start(&hold, |_| {}).await;
    join!(
        two_people_trade_a_ticket(&cluster),
        an_unpaid_order_frees_its_ticket_when_it_expires(&cluster),
        a_cancelled_order_frees_its_ticket_at_once(&cluster),
        an_authorized_payment_of_a_cancelled_order_is_voided(&cluster),
        a_declined_card_can_be_replaced_by_another(&cluster),
        a_payment_confirmed_after_the_deadline_is_voided_and_never_captured(&cluster),
        a_three_d_secure_card_completes_after_its_step(&cluster),
        a_price_that_changed_meanwhile_is_never_charged(&cluster),
        of_many_simultaneous_buyers_one_gets_the_ticket(&cluster),
        a_deleted_account_ends_its_listings_and_open_orders(&cluster),
    );
    the_operator_refunds_an_order(&cluster).await;
    the_load_generator_finds_no_violation(&cluster).await;
    let snapshot = cluster.wait_until_consistent(Duration::from_mins(2)).await;
    assert!(
        snapshot.ended("complete") >= 5 && snapshot.ended("expired") >= 2 && snapshot.ended("by-buyer") >= 3
    );
}

/// `payments refund <order>` is a process of its own beside the running ones, on the same database.
async fn the_operator_refunds_an_order(cluster: &Cluster) {
    let (seller, buyer) = two_people(cluster).await;
    let order = buyer.buys(&seller.sells("Concert", usd(20_00)).await).await;
    becomes(cluster, &buyer, &order, "awaiting-payment").await;
    buyer.pays(&order, cards::VISA).await;
    becomes(cluster, &buyer, &order, "complete").await;
    let mut command = Command::new(programs().join("payments"));
    command.args(["refund", id(&order)]).env("STORE_URL", cluster.database_url("payments"));
    for (name, value) in [("SECRET_KEY", "sk_test_sim"), ("PUBLISHABLE_KEY", "pk_test_sim")] {
        command.env(format!("STRIPE_{name}"), value);
    }
    command.env("STRIPE_WEBHOOK_SECRET", "whsec_sim");
    let ran = tokio::task::spawn_blocking(move || command.output()).await.expect("no panic");
    let output = ran.expect("the program runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let shown = json!(usd(20_00));
    let condition = async || buyer.order(&order).await["refunded"] == shown;
    cluster.poll_until("the order shows the refund", condition).await;
    let condition = async || seller.all("/api/tickets/mine").await[0]["refunded"] == shown;
    cluster.poll_until("the ticket shows the refund", condition).await;
}

/// Through the ingress, as at any deployment. The invariants of the databases are checked after it.
async fn the_load_generator_finds_no_violation(cluster: &Cluster) {
    for scenario in ["mix", "contention", "on-sale"] {
        let line = format!(
            "loadgen --target {} --scenario {scenario} --rate 10 --duration 2s --buyers 10 --crowd 20 --tickets 5 --people 12",
            cluster.endpoints().marketplace
        );
        let options = loadgen::Options::parse_from(line.split_whitespace());
        let report = loadgen::generate(&options).await.expect("a run");
        assert!(report.checks.violations.is_empty() && report.checks.orders > 0, "{report}");
    }
}
