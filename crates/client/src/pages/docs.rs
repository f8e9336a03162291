//! `GET /api/docs`: the `OpenAPI` documents of all services as one page.

use askama::Template;
use axum::extract::State;
use futures::future::join_all;
use http::StatusCode;
use serde_json::Value;

use super::PageResult;
use crate::client::Client;
use crate::layout::Layout;
use crate::render;
use crate::visitor::Visitor;

/// The `OpenAPI` documents of the services with public routes.
const DOCUMENTS: [&str; 4] = [
    "/api/users/openapi.json",
    "/api/tickets/openapi.json",
    "/api/orders/openapi.json",
    "/api/payments/openapi.json",
];

#[derive(Template)]
#[template(path = "docs.html")]
struct DocsPage {
    layout: Layout,
    services: Vec<Service>,
}

struct Service {
    /// The path of the `OpenAPI` document.
    url: &'static str,
    /// The prefix of its routes.
    prefix: &'static str,
    /// `None` while the service is unavailable.
    routes: Option<Vec<Route>>,
}

struct Route {
    method: String,
    path: String,
    summary: String,
    /// Statuses and their descriptions.
    replies: Vec<(String, String)>,
}

pub(crate) async fn show(State(client): State<Client>, visitor: Visitor) -> PageResult {
    let services = join_all(DOCUMENTS.map(|url| describe(&client, &visitor, url))).await;
    Ok(render::page(StatusCode::OK, &DocsPage { layout: Layout::of(&visitor), services }))
}

async fn describe(client: &Client, visitor: &Visitor, url: &'static str) -> Service {
    let document = client.api.get(&visitor.caller, url).await.and_then(|reply| reply.json::<Value>());
    let prefix = url.trim_end_matches("/openapi.json");
    Service { url, prefix, routes: document.ok().map(|document| routes(&document)) }
}

/// The routes of an `OpenAPI` document (<https://spec.openapis.org/oas/v3.1.0#paths-object>).
fn routes(document: &Value) -> Vec<Route> {
    let paths = entries(&document["paths"]);
    paths
        .flat_map(|(path, operations)| {
            entries(operations).map(move |(method, operation)| Route {
                method: method.to_uppercase(),
                path: path.clone(),
                summary: text(&operation["summary"]).or(text(&operation["description"])).unwrap_or_default(),
                replies: entries(&operation["responses"])
                    .map(|(status, reply)| (status.clone(), text(&reply["description"]).unwrap_or_default()))
                    .collect(),
            })
        })
        .collect()
}

fn entries(object: &Value) -> impl Iterator<Item = (&String, &Value)> {
    object.as_object().into_iter().flatten()
}

fn text(value: &Value) -> Option<String> {
    value.as_str().map(str::to_owned)
}
