//! A request with several faults is answered by the first of them in the contract's order.

use e2e::cards;
use serde_json::json;

use crate::problem::refused;
use crate::routes::{Body, ROUTES, Route};
use crate::stage::{Ask, NOWHERE, PRICE, Stage};

/// A way to spoil a request, and what it is answered with.
struct Fault {
    status: u16,
    code: &'static str,
    spoil: Box<dyn Fn(Ask) -> Ask>,
}

fn fault(status: u16, code: &'static str, spoil: impl Fn(Ask) -> Ask + 'static) -> Fault {
    Fault { status, code, spoil: Box::new(spoil) }
}

/// The faults that a route can meet, in the contract's order. `ask` is a valid request.
async fn faults(stage: &Stage, route: &'static Route) -> Vec<Fault> {
    let mut faults = Vec::new();
    if route.changes() && !route.is_for_machines() {
        faults.push(fault(403, "cross-site", |ask| ask.header("sec-fetch-site", "cross-site")));
    }
    faults.push(fault(405, "method-not-allowed", |ask| Ask {
        method: "PATCH".to_owned(),
        operation: None,
        ..ask
    }));
    if route.changes() {
        // What is there already stays at the front, so that another fault of the body is still in it.
        faults.push(fault(413, "body-too-large", |mut ask| {
            ask.body.resize(70_000, b' ');
            ask
        }));
    }
    if route.changes() && !route.is_for_machines() {
        faults.push(fault(415, "unsupported-media-type", |ask| {
            let body = if ask.body.is_empty() { b"{}".to_vec() } else { ask.body.clone() };
            ask.header("content-type", "text/plain").body(body)
        }));
    }
    if route.needs_session() {
        faults.push(fault(401, "not-signed-in", |ask| ask.by("")));
    }
    match route.body {
        Body::Json => faults.push(fault(400, "malformed-json", |ask| ask.body("{"))),
        Body::Signed => faults.push(fault(400, "bad-signature", |ask| ask.without("stripe-signature"))),
        Body::Nothing if route.is_list => faults.push(fault(400, "not-valid", |ask| {
            let path = format!("{}?limit=0", ask.path);
            ask.at(path)
        })),
        Body::Nothing => {}
    }
    faults.extend(faults_of_the_thing(stage, route).await);
    faults
}

async fn faults_of_the_thing(stage: &Stage, route: &'static Route) -> Vec<Fault> {
    let mut faults = Vec::new();
    if route.has_id() {
        faults.push(fault(404, "not-found", |ask| ask.at(route.path.replace("{id}", NOWHERE))));
    }
    if route.answers[1] == 403 {
        let cookie = stage.stranger.cookie();
        faults.push(fault(403, "not-yours", move |ask| ask.by(&cookie)));
    }
    if route.has_id() && route.changes() {
        faults.push(fault(412, "version-changed", |ask| ask.header("if-match", "\"999\"")));
    }
    if let Some((code, spoil)) = conflict(stage, route).await {
        faults.push(Fault { status: 409, code, spoil });
    }
    faults
}

/// How to make the state say no.
async fn conflict(stage: &Stage, route: &'static Route) -> Option<(&'static str, Box<dyn Fn(Ask) -> Ask>)> {
    let about = |path: String| -> Box<dyn Fn(Ask) -> Ask> { Box::new(move |ask| ask.at(path.clone())) };
    let with = |body: serde_json::Value| -> Box<dyn Fn(Ask) -> Ask> {
        Box::new(move |ask| ask.body(body.to_string()))
    };
    let text = |value: &serde_json::Value| value.as_str().expect("an id").to_owned();
    Some(match (route.method, route.path) {
        ("POST", "/api/users/signup") => {
            ("email-taken", with(json!({ "email": stage.buyer.email, "password": e2e::Person::PASSWORD })))
        }
        ("PUT" | "DELETE", "/api/tickets/{id}") => {
            let order = stage.order().await;
            stage.world.settle().await;
            ("ticket-reserved", about(format!("/api/tickets/{}", text(&order["ticket"]["id"]))))
        }
        ("POST", "/api/orders") => {
            let own = stage.buyer.sells("My own", PRICE).await;
            stage.world.settle().await;
            ("own-ticket", with(json!({ "ticketId": own["id"], "price": PRICE })))
        }
        ("DELETE", "/api/orders/{id}") => {
            let order = paid(stage).await;
            ("order-complete", about(format!("/api/orders/{}", text(&order["id"]))))
        }
        ("POST", "/api/payments") => {
            let order = paid(stage).await;
            ("order-complete", with(json!({ "orderId": order["id"] })))
        }
        _ => return None,
    })
}

async fn paid(stage: &Stage) -> serde_json::Value {
    let order = stage.order().await;
    stage.world.settle().await;
    stage.buyer.pays(&order, cards::VISA).await;
    let is_paid = async || stage.buyer.order(&order).await["status"] == "complete";
    stage.world.until("the order is complete", is_paid).await;
    order
}

#[tokio::test]
async fn every_fault_by_itself_is_answered_with_its_status() {
    let stage = Stage::set().await;
    for route in ROUTES {
        let ask = stage.ask(route).await;
        let faults = faults(&stage, route).await;
        let before = stage.seen().await;
        for Fault { status, code, spoil } in &faults {
            let what = format!("{} {} spoilt by {code}", route.method, route.path);
            refused(&what, &stage.send(&spoil(ask.clone())).await, *status, code);
        }
        assert_eq!(stage.seen().await, before, "{} {}", route.method, route.path);
    }
    stage.world.ends_well().await;
}

#[tokio::test]
async fn of_two_faults_the_first_in_order_is_the_answer() {
    let stage = Stage::set().await;
    for route in ROUTES {
        let ask = stage.ask(route).await;
        let faults = faults(&stage, route).await;
        let before = stage.seen().await;
        for (place, first) in faults.iter().enumerate() {
            for second in &faults[place + 1..] {
                let spoilt = (first.spoil)((second.spoil)(ask.clone()));
                let what = format!("{} {} with {} and {}", route.method, route.path, first.code, second.code);
                refused(&what, &stage.send(&spoilt).await, first.status, first.code);
            }
        }
        let all = faults.iter().rev().fold(ask, |ask, fault| (fault.spoil)(ask));
        if let Some(first) = faults.first() {
            let what = format!("{} {} with every fault", route.method, route.path);
            refused(&what, &stage.send(&all).await, first.status, first.code);
        }
        assert_eq!(stage.seen().await, before, "{} {}", route.method, route.path);
    }
    stage.world.ends_well().await;
}
