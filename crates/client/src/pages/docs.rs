//! `GET /api/docs`: what every service says of its routes, on one page, for people.

use askama::Template;
use axum::extract::State;
use futures::future::join_all;
use http::StatusCode;
use serde_json::Value;

use super::Shown;
use crate::client::Client;
use crate::frame::Frame;
use crate::render;
use crate::visitor::Visitor;

/// Where the services that people can call describe themselves.
const DESCRIPTIONS: [&str; 4] = [
    "/api/users/openapi.json",
    "/api/tickets/openapi.json",
    "/api/orders/openapi.json",
    "/api/payments/openapi.json",
];

#[derive(Template)]
#[template(path = "docs.html")]
struct DocsPage {
    frame: Frame,
    services: Vec<Service>,
}

struct Service {
    /// The address of the description.
    address: &'static str,
    /// Where its routes begin.
    prefix: &'static str,
    /// `None`: it does not answer right now.
    routes: Option<Vec<Route>>,
}

struct Route {
    method: String,
    path: String,
    summary: String,
    /// Statuses, and what they mean.
    replies: Vec<(String, String)>,
}

/// The page.
pub(crate) async fn show(State(client): State<Client>, visitor: Visitor) -> Shown {
    let services = join_all(DESCRIPTIONS.map(|address| describe(&client, &visitor, address))).await;
    Ok(render::page(StatusCode::OK, &DocsPage { frame: Frame::of(&visitor), services }))
}

async fn describe(client: &Client, visitor: &Visitor, address: &'static str) -> Service {
    let description = client.api.get(&visitor.caller, address).await.and_then(|reply| reply.json::<Value>());
    let prefix = address.trim_end_matches("/openapi.json");
    Service { address, prefix, routes: description.ok().map(|description| routes(&description)) }
}

/// The routes of an `OpenAPI` description (<https://spec.openapis.org/oas/v3.1.0#paths-object>).
fn routes(description: &Value) -> Vec<Route> {
    let paths = entries(&description["paths"]);
    paths
        .flat_map(|(path, operations)| {
            entries(operations).map(move |(method, operation)| Route {
                method: method.to_uppercase(),
                path: path.clone(),
                summary: words(&operation["summary"])
                    .or(words(&operation["description"]))
                    .unwrap_or_default(),
                replies: entries(&operation["responses"])
                    .map(|(status, reply)| (status.clone(), words(&reply["description"]).unwrap_or_default()))
                    .collect(),
            })
        })
        .collect()
}

fn entries(object: &Value) -> impl Iterator<Item = (&String, &Value)> {
    object.as_object().into_iter().flatten()
}

fn words(value: &Value) -> Option<String> {
    value.as_str().map(str::to_owned)
}
