//! `/api/docs`: every service's description on one page, for people.

use axum::Router;
use axum::response::Html;
use axum::routing::get;
use serde_json::Value;
use utoipa::openapi::OpenApi;

const STYLE: &str = "body{font:16px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem;\
color-scheme:light dark}h2{margin-top:2.5rem}code{font-size:.95em}dt{margin-top:1rem;font-weight:600}\
dd{margin:0 0 0 1.5rem}.m{display:inline-block;min-width:4.5rem}";

/// The page.
pub(crate) fn router(services: &[(&'static str, OpenApi)]) -> Router {
    let page = page(services);
    let show = move || async move {
        let policy = "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'";
        ([("content-security-policy", policy), ("cache-control", "public, no-cache")], Html(page))
    };
    Router::new().route("/api/docs", get(show))
}

fn page(services: &[(&'static str, OpenApi)]) -> String {
    let services: String = services.iter().map(|(prefix, openapi)| service(prefix, openapi)).collect();
    format!(
        "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><meta name=\"viewport\" \
         content=\"width=device-width\"><title>Ticketing API</title><style>{STYLE}</style><h1>Ticketing API</h1>\
         <p>JSON in UTF-8. Sign in with <code>POST /api/users/signin</code>; the session is a cookie. Errors are \
         <code>application/problem+json</code>.</p>{services}</html>"
    )
}

/// A service that has routes; nothing for one that has none.
fn service(prefix: &str, openapi: &OpenApi) -> String {
    let json = serde_json::to_value(openapi).unwrap_or_default();
    let paths = json["paths"].as_object().into_iter().flatten();
    let entries: String = paths
        .flat_map(|(path, operations)| {
            let operations = operations.as_object().into_iter().flatten();
            operations.map(move |(method, operation)| entry(method, path, operation))
        })
        .collect();
    if entries.is_empty() {
        return entries;
    }
    let prefix = escape(prefix);
    format!("<h2>{prefix}</h2><p><a href=\"{prefix}/openapi.json\">OpenAPI</a></p><dl>{entries}</dl>")
}

fn entry(method: &str, path: &str, operation: &Value) -> String {
    let summary = operation["summary"].as_str().or(operation["description"].as_str()).unwrap_or_default();
    let replies = operation["responses"].as_object().into_iter().flatten();
    let replies = replies.map(|(status, reply)| {
        let words = escape(reply["description"].as_str().unwrap_or_default());
        format!("<dd><code>{}</code> {words}</dd>", escape(status))
    });
    let replies = replies.collect::<Vec<_>>().concat();
    format!(
        "<dt><code><span class=\"m\">{}</span>{}</code></dt><dd>{}</dd>{replies}",
        escape(&method.to_uppercase()),
        escape(path),
        escape(summary)
    )
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}
