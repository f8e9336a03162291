//! The reply to a request with several defects: that of the first one in the contract's order.

use common::http::VerifiedEmail;
use e2e::cards;
use serde_json::json;

use crate::fixture::{Fixture, PRICE, UNKNOWN_ID};
use crate::http::{Request, assert_refused};
use crate::routes::{Body, ROUTES, Route};

/// A defect that a request can have, and the reply to it.
struct Defect {
    status: u16,
    code: &'static str,
    apply: Box<dyn Fn(Request) -> Request>,
}

fn defect(status: u16, code: &'static str, apply: impl Fn(Request) -> Request + 'static) -> Defect {
    Defect { status, code, apply: Box::new(apply) }
}

/// The defects of requests to a route, in the contract's order.
async fn defects(fixture: &Fixture, route: &'static Route) -> Vec<Defect> {
    let mut defects = Vec::new();
    if route.changes() && !route.is_webhook() {
        defects.push(defect(403, "cross-site", |request| request.header("sec-fetch-site", "cross-site")));
    }
    defects.push(defect(405, "method-not-allowed", |request| Request {
        method: "PATCH".to_owned(),
        operation: None,
        ..request
    }));
    if route.changes() {
        // The original body stays at the front, with its own defect.
        defects.push(defect(413, "body-too-large", |mut request| {
            request.body.resize(70_000, b' ');
            request
        }));
    }
    if route.changes() && !route.is_webhook() {
        defects.push(defect(415, "unsupported-media-type", |request| {
            let body = if request.body.is_empty() { b"{}".to_vec() } else { request.body.clone() };
            request.header("content-type", "text/plain").body(body)
        }));
    }
    if route.needs_session() {
        defects.push(defect(401, "not-signed-in", |request| request.by("")));
    }
    match route.body {
        Body::Json | Body::WebAuthn => {
            defects.push(defect(400, "malformed-json", |request| request.body("{")));
        }
        Body::Signed => {
            defects.push(defect(400, "bad-signature", |request| request.without("stripe-signature")));
        }
        Body::None if route.is_list => defects.push(defect(400, "not-valid", |request| {
            let path = format!("{}?limit=0", request.path);
            request.at(path)
        })),
        Body::None => {}
    }
    defects.extend(defects_of_the_resource(fixture, route).await);
    defects
}

async fn defects_of_the_resource(fixture: &Fixture, route: &'static Route) -> Vec<Defect> {
    let mut defects = Vec::new();
    if route.has_id() {
        defects.push(defect(404, "not-found", |request| request.at(route.path.replace("{id}", UNKNOWN_ID))));
    }
    if route.statuses[1] == 403 {
        let cookie = fixture.stranger.cookie();
        defects.push(defect(403, "not-yours", move |request| request.by(&cookie)));
    }
    if route.may_need_verified_email() {
        let cookie = fixture.unverified_cookie(route).to_owned();
        defects.push(defect(403, "email-not-verified", move |request| request.by(&cookie)));
    }
    if route.has_id() && route.changes() {
        defects.push(defect(412, "version-changed", |request| request.header("if-match", "\"999\"")));
    }
    if let Some((code, apply)) = conflict(fixture, route).await {
        defects.push(Defect { status: 409, code, apply });
    }
    defects
}

/// A state in which the request is a conflict.
async fn conflict(
    fixture: &Fixture,
    route: &'static Route,
) -> Option<(&'static str, Box<dyn Fn(Request) -> Request>)> {
    let about = |path: String| -> Box<dyn Fn(Request) -> Request> {
        Box::new(move |request| request.at(path.clone()))
    };
    let with = |body: serde_json::Value| -> Box<dyn Fn(Request) -> Request> {
        Box::new(move |request| request.body(body.to_string()))
    };
    let text = |value: &serde_json::Value| value.as_str().expect("an id").to_owned();
    Some(match (route.method, route.path) {
        ("POST", "/api/users/signup") => {
            ("email-taken", with(json!({ "email": fixture.buyer.email, "password": e2e::Person::PASSWORD })))
        }
        ("PUT" | "DELETE", "/api/tickets/{id}") => {
            let order = fixture.order().await;
            fixture.world.settle().await;
            ("ticket-reserved", about(format!("/api/tickets/{}", text(&order["ticket"]["id"]))))
        }
        ("POST", "/api/orders") => {
            let own = fixture.buyer.sells("My own", PRICE).await;
            fixture.world.settle().await;
            ("own-ticket", with(json!({ "ticketId": own["id"], "price": PRICE })))
        }
        ("DELETE", "/api/orders/{id}") => {
            let order = paid(fixture).await;
            ("order-complete", about(format!("/api/orders/{}", text(&order["id"]))))
        }
        ("POST", "/api/payments") => {
            let order = paid(fixture).await;
            ("order-complete", with(json!({ "orderId": order["id"] })))
        }
        _ => return None,
    })
}

async fn paid(fixture: &Fixture) -> serde_json::Value {
    let order = fixture.order().await;
    fixture.world.settle().await;
    fixture.buyer.pays(&order, cards::VISA).await;
    let is_paid = async || fixture.buyer.order(&order).await["status"] == "complete";
    fixture.world.poll_until("the order is complete", is_paid).await;
    order
}

#[tokio::test]
async fn every_defect_by_itself_is_answered_with_its_status() {
    let fixture = Fixture::with_verified_people(VerifiedEmail::Both).await;
    for route in ROUTES {
        let request = fixture.request(route).await;
        let defects = defects(&fixture, route).await;
        let before = fixture.state().await;
        for Defect { status, code, apply } in &defects {
            let what = format!("{route} with {code}");
            assert_refused(&what, &fixture.send(&apply(request.clone())).await, *status, code);
        }
        assert_eq!(fixture.state().await, before, "{route}");
    }
    fixture.world.finish().await;
}

#[tokio::test]
async fn of_two_defects_the_first_in_order_is_the_answer() {
    let fixture = Fixture::with_verified_people(VerifiedEmail::Both).await;
    for route in ROUTES {
        let request = fixture.request(route).await;
        let defects = defects(&fixture, route).await;
        let before = fixture.state().await;
        for (index, first) in defects.iter().enumerate() {
            for second in &defects[index + 1..] {
                let combined = (first.apply)((second.apply)(request.clone()));
                let what = format!("{route} with {} and {}", first.code, second.code);
                assert_refused(&what, &fixture.send(&combined).await, first.status, first.code);
            }
        }
        let all = defects.iter().rev().fold(request, |request, defect| (defect.apply)(request));
        if let Some(first) = defects.first() {
            let what = format!("{route} with every defect");
            assert_refused(&what, &fixture.send(&all).await, first.status, first.code);
        }
        assert_eq!(fixture.state().await, before, "{route}");
    }
    fixture.world.finish().await;
}
