//! Two processes of each service, behind nginx, on MongoDB and NATS.

use std::process::Command;
use std::time::Duration;

use e2e::cluster::programs;
use e2e::{Cluster, cards};
use serde_json::json;
use tokio::join;

use crate::flows::{
    a_cancelled_order_frees_its_ticket_at_once, a_declined_card_can_be_replaced_by_another,
    a_payment_confirmed_after_the_deadline_is_voided_and_never_captured,
    a_price_that_changed_meanwhile_is_never_charged, a_three_d_secure_card_completes_after_its_step,
    an_authorized_payment_of_a_cancelled_order_is_voided, an_unpaid_order_frees_its_ticket_when_it_expires,
    becomes, id, of_many_simultaneous_buyers_one_gets_the_ticket, two_people, two_people_trade_a_ticket, usd,
};
use crate::market::{Market, SHORT_HOLD};

/// One test: starting a cluster takes longer than any flow, and together they do not know how long the others take.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_flow_ends_alike_and_the_books_are_in_order() {
    let hold = format!("{}s", SHORT_HOLD.as_secs());
    let market = Cluster::start(&hold, |_| {}).await;
    join!(
        two_people_trade_a_ticket(&market),
        an_unpaid_order_frees_its_ticket_when_it_expires(&market),
        a_cancelled_order_frees_its_ticket_at_once(&market),
        an_authorized_payment_of_a_cancelled_order_is_voided(&market),
        a_declined_card_can_be_replaced_by_another(&market),
        a_payment_confirmed_after_the_deadline_is_voided_and_never_captured(&market),
        a_three_d_secure_card_completes_after_its_step(&market),
        a_price_that_changed_meanwhile_is_never_charged(&market),
        of_many_simultaneous_buyers_one_gets_the_ticket(&market),
    );
    the_operator_gives_money_back(&market).await;
    let books = market.comes_to_rest(Duration::from_mins(2)).await;
    assert!(books.ended("complete") >= 5 && books.ended("expired") >= 2 && books.ended("by-buyer") >= 3);
}

/// `payments refund <order>` is a process of its own, beside those that run, on the same database.
async fn the_operator_gives_money_back(market: &Cluster) {
    let (seller, buyer) = two_people(market).await;
    let order = buyer.buys(&seller.sells("Concert", usd(20_00)).await).await;
    becomes(market, &buyer, &order, "awaiting-payment").await;
    buyer.pays(&order, cards::VISA).await;
    becomes(market, &buyer, &order, "complete").await;
    let mut command = Command::new(programs().join("payments"));
    command.args(["refund", id(&order)]).env("STORE_URL", market.database_url("payments"));
    for (name, value) in [("SECRET_KEY", "sk_test_sim"), ("PUBLISHABLE_KEY", "pk_test_sim")] {
        command.env(format!("STRIPE_{name}"), value);
    }
    command.env("STRIPE_WEBHOOK_SECRET", "whsec_sim");
    let ran = tokio::task::spawn_blocking(move || command.output()).await.expect("no panic");
    let output = ran.expect("the program runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let shown = json!(usd(20_00));
    let look = async || buyer.order(&order).await["refunded"] == shown;
    market.until("the order shows that the money went back", look).await;
    let look = async || seller.all("/api/tickets/mine").await[0]["refunded"] == shown;
    market.until("the ticket shows it, too", look).await;
}
