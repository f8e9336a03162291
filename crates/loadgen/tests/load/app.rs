//! A server with the routes of the course's ticketing app: statuses, bodies and refusals are its own.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use loadgen::pause;
use parking_lot::Mutex;
use serde_json::{Value, json};
use tokio::net::TcpListener;

/// The fault of a server.
#[derive(Clone, Copy, Default, PartialEq)]
pub(crate) enum Fault {
    #[default]
    None,
    /// Orders are accepted for tickets that others have.
    SellsTwice,
    /// Orders end by themselves at once, which is no fault.
    EndsOrders,
    /// Orders show another price than the ticket's.
    Overcharges,
    /// Orders belong to another person.
    MixesUpBuyers,
    /// Orders are forgotten.
    LosesOrders,
    /// Paid orders release their tickets.
    KeepsTickets,
    /// Tokens expire at once, as the marketplace's do after a while; the session gives new ones.
    ExpiresTokens,
    /// Sessions end at once, as the marketplace's oldest do when a person signs in often.
    EndsSessions,
    /// The 20th list of tickets takes so long.
    Stalls(Duration),
}

/// The beginning of a token that has expired.
const EXPIRED: &str = "expired-";

/// The beginning of a token whose session has ended.
const ENDED: &str = "ended-";

/// The app: its documents by id, in order.
#[derive(Default)]
pub(crate) struct App {
    fault: Fault,
    users: Mutex<Vec<(String, String)>>,
    tickets: Mutex<Vec<Value>>,
    orders: Mutex<Vec<Value>>,
    lists: Mutex<u32>,
    /// Tickets that orders does not know at their first order.
    missed: Mutex<Vec<String>>,
}

type Shared = State<Arc<App>>;
type Body = (StatusCode, Json<Value>);
type Reply = Result<Body, Body>;

fn refuse(status: u16, message: &str) -> Body {
    let status = StatusCode::from_u16(status).expect("a status");
    (status, Json(json!({ "errors": [{ "message": message }] })))
}

/// The token of the session: the cookie holds base64 of JSON with it.
fn token(headers: &HeaderMap) -> Option<String> {
    let cookie = headers.get(header::COOKIE)?.to_str().ok()?.strip_prefix("session=")?;
    let session: Value = serde_json::from_slice(&STANDARD.decode(cookie).ok()?).ok()?;
    Some(session["jwt"].as_str()?.to_owned())
}

/// The user of the session.
fn user(headers: &HeaderMap) -> Result<String, Body> {
    let token = token(headers).filter(|token| !token.starts_with(EXPIRED) && !token.starts_with(ENDED));
    token.ok_or_else(|| refuse(401, "Not authorized"))
}

async fn current_user(headers: HeaderMap) -> Response {
    let token = token(&headers).unwrap_or_default();
    if token.starts_with(ENDED) {
        return Json(json!({ "currentUser": null })).into_response();
    }
    enter(StatusCode::OK, token.trim_start_matches(EXPIRED), "")
}

fn enter(status: StatusCode, id: &str, email: &str) -> Response {
    let session = STANDARD.encode(json!({ "jwt": id }).to_string());
    let cookie = format!("session={session}; path=/; httponly");
    (status, [(header::SET_COOKIE, cookie)], Json(json!({ "id": id, "email": email }))).into_response()
}

async fn sign_up(State(app): Shared, Json(body): Json<Value>) -> Response {
    let (email, password) = (body["email"].as_str().unwrap_or(""), body["password"].as_str().unwrap_or(""));
    if !(4..=20).contains(&password.len()) {
        return refuse(400, "Password must be between 4 and 20 characters").into_response();
    }
    let mut users = app.users.lock();
    if users.iter().any(|(_, other)| other == email) {
        return refuse(400, "Email in use").into_response();
    }
    let id = format!("user{}", users.len());
    users.push((id.clone(), email.to_owned()));
    let mark = match app.fault {
        Fault::ExpiresTokens => EXPIRED,
        Fault::EndsSessions => ENDED,
        _ => "",
    };
    enter(StatusCode::CREATED, &format!("{mark}{id}"), email)
}

async fn sign_in(State(app): Shared, Json(body): Json<Value>) -> Response {
    let users = app.users.lock();
    let found = users.iter().find(|(_, email)| body["email"] == **email);
    match found {
        Some((id, email)) => enter(StatusCode::OK, id, email),
        None => refuse(400, "Invalid credentials").into_response(),
    }
}

async fn list(State(app): Shared) -> Json<Value> {
    let number = {
        let mut lists = app.lists.lock();
        *lists += 1;
        *lists
    };
    if let (20, Fault::Stalls(time)) = (number, app.fault) {
        pause(time).await;
    }
    let tickets = app.tickets.lock();
    Json(tickets.iter().filter(|ticket| ticket["orderId"].is_null()).cloned().collect())
}

async fn show(State(app): Shared, Path(id): Path<String>) -> Reply {
    let ticket = app.tickets.lock().iter().find(|ticket| ticket["id"] == *id).cloned();
    ticket.map(|ticket| (StatusCode::OK, Json(ticket))).ok_or_else(|| refuse(404, "Not Found"))
}

async fn sell(State(app): Shared, headers: HeaderMap, Json(body): Json<Value>) -> Reply {
    let user = user(&headers)?;
    if !body["price"].is_f64() || body["title"].as_str().is_none_or(str::is_empty) {
        return Err(refuse(400, "Price must be greater than 0"));
    }
    let mut tickets = app.tickets.lock();
    let id = format!("ticket{}", tickets.len());
    let ticket =
        json!({ "id": id, "title": body["title"], "price": body["price"], "userId": user, "version": 0 });
    tickets.push(ticket.clone());
    Ok((StatusCode::CREATED, Json(ticket)))
}

async fn order(State(app): Shared, headers: HeaderMap, Json(body): Json<Value>) -> Reply {
    let user = user(&headers)?;
    let wanted = body["ticketId"].as_str().unwrap_or("").to_owned();
    let mut missed = app.missed.lock();
    if !missed.contains(&wanted) {
        // The event of the listing arrives late: the client tries again.
        missed.push(wanted);
        return Err(refuse(404, "Not Found"));
    }
    let mut tickets = app.tickets.lock();
    let found = tickets.iter_mut().find(|ticket| ticket["id"] == *wanted);
    let ticket = found.ok_or_else(|| refuse(404, "Not Found"))?;
    let mut orders = app.orders.lock();
    if app.fault == Fault::EndsOrders {
        let before = orders.iter_mut().filter(|order| order["ticket"]["id"] == *wanted);
        before.for_each(|order| order["status"] = json!("cancelled"));
        ticket["orderId"] = Value::Null;
    }
    let is_taken = !ticket["orderId"].is_null();
    if is_taken && app.fault != Fault::SellsTwice {
        return Err(refuse(400, "Ticket is already reserved"));
    }
    let id = format!("order{}", orders.len());
    ticket["orderId"] = json!(id);
    let price = if app.fault == Fault::Overcharges { json!(1_000.5) } else { ticket["price"].clone() };
    let user = if app.fault == Fault::MixesUpBuyers { "another".to_owned() } else { user };
    let copy = json!({ "id": ticket["id"], "title": ticket["title"], "price": price });
    let order = json!({ "id": id, "userId": user, "status": "created", "expiresAt": "2030-01-01T00:00:00.000Z",
        "ticket": copy, "version": 0 });
    orders.push(order.clone());
    Ok((StatusCode::CREATED, Json(order)))
}

fn change(app: &App, headers: &HeaderMap, id: &str, change: impl FnOnce(&mut Value) -> Reply) -> Reply {
    let user = user(headers)?;
    if app.fault == Fault::LosesOrders {
        return Err(refuse(404, "Not Found"));
    }
    let mut orders = app.orders.lock();
    let order = orders.iter_mut().find(|order| order["id"] == *id).ok_or_else(|| refuse(404, "Not Found"))?;
    if order["userId"] == user { change(order) } else { Err(refuse(401, "Not authorized")) }
}

async fn read_order(State(app): Shared, headers: HeaderMap, Path(id): Path<String>) -> Reply {
    change(&app, &headers, &id, |order| Ok((StatusCode::OK, Json(order.clone()))))
}

async fn cancel(State(app): Shared, headers: HeaderMap, Path(id): Path<String>) -> Reply {
    let cancelled = change(&app, &headers, &id, |order| {
        order["status"] = json!("cancelled");
        Ok((StatusCode::NO_CONTENT, Json(order.clone())))
    })?;
    let mut tickets = app.tickets.lock();
    let of_it = tickets.iter_mut().filter(|ticket| ticket["orderId"] == *id);
    of_it.for_each(|ticket| ticket["orderId"] = Value::Null);
    Ok(cancelled)
}

async fn pay(State(app): Shared, headers: HeaderMap, Json(body): Json<Value>) -> Reply {
    let id = body["orderId"].as_str().unwrap_or("").to_owned();
    if body["token"] != "tok_visa" {
        return Err(refuse(400, "token is required"));
    }
    change(&app, &headers, &id, |order| {
        if order["status"] == "cancelled" {
            return Err(refuse(400, "Cannot pay for an cancelled order"));
        }
        order["status"] = json!("complete");
        if app.fault == Fault::KeepsTickets {
            let mut tickets = app.tickets.lock();
            tickets.iter_mut().for_each(|ticket| ticket["orderId"] = Value::Null);
        }
        Ok((StatusCode::CREATED, Json(json!({ "id": format!("payment-{id}") }))))
    })
}

/// Serves the app until the test ends. Returns its address.
pub(crate) async fn serve(fault: Fault) -> String {
    let router = Router::new()
        .route(
            "/metrics",
            get(async || "process_cpu_seconds_total 7.5\nprocess_resident_memory_bytes 1048576\n"),
        )
        .route("/api/users/signup", post(sign_up))
        .route("/api/users/signin", post(sign_in))
        .route("/api/users/currentuser", get(current_user))
        .route("/api/tickets", get(list).post(sell))
        .route("/api/tickets/{id}", get(show))
        .route("/api/orders", post(order))
        .route("/api/orders/{id}", get(read_order).delete(cancel))
        .route("/api/payments", post(pay))
        .with_state(Arc::new(App { fault, ..App::default() }));
    serve_routes(router).await
}

/// Serves routes, on a thread of their own: a busy generator must not delay them.
pub(crate) async fn serve_routes(router: Router) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("an address");
    std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        let listener = listener.into_std().expect("a socket");
        runtime.block_on(async {
            let listener = TcpListener::from_std(listener).expect("a socket");
            axum::serve(listener, router).await.expect("it serves");
        });
    });
    format!("http://{address}")
}
