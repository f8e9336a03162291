//! The services' `OpenAPI` descriptions and the page that shows them.

use serde_json::Value;

use crate::fixture::Fixture;
use crate::http::Request;
use crate::routes::{Body, PREFIXES, ROUTES};

async fn description(fixture: &Fixture, prefix: &str) -> Value {
    let reply = fixture.send(&Request::new("GET", format!("{prefix}/openapi.json"))).await;
    assert_eq!((reply.status, reply.header("content-type")), (200, "application/json"), "{prefix}");
    reply.json
}

/// Every operation of every service: its method, its path, itself.
async fn operations(fixture: &Fixture) -> Vec<(String, String, Value)> {
    let mut all = Vec::new();
    for prefix in PREFIXES {
        let description = description(fixture, prefix).await;
        for (path, operations) in description["paths"].as_object().into_iter().flatten() {
            for (method, operation) in operations.as_object().into_iter().flatten() {
                all.push((method.to_uppercase(), path.clone(), operation.clone()));
            }
        }
    }
    all
}

#[tokio::test]
async fn every_service_describes_only_itself() {
    let fixture = Fixture::new().await;
    for prefix in PREFIXES {
        let description = description(&fixture, prefix).await;
        assert!(
            description["openapi"].as_str().is_some_and(|version| version.starts_with("3.1.")),
            "{prefix}"
        );
        let info: Vec<_> = description["info"].as_object().expect("info").keys().collect();
        assert_eq!(info, ["title", "version"], "{prefix}");
        assert!(description["info"]["title"].as_str().is_some_and(|title| title.starts_with("Ticketing")));
        let paths = description["paths"].as_object().into_iter().flatten();
        for (path, _) in paths {
            assert!(path == prefix || path.starts_with(&format!("{prefix}/")), "{path} is not {prefix}'s");
        }
        let mut references = Vec::new();
        collect_references(&description, &mut references);
        for reference in references {
            let there = description.pointer(reference.trim_start_matches('#'));
            assert!(there.is_some_and(Value::is_object), "{prefix}: {reference} leads nowhere");
        }
    }
    fixture.world.finish().await;
}

fn collect_references(value: &Value, found: &mut Vec<String>) {
    match value {
        Value::Object(members) => {
            found.extend(members.get("$ref").and_then(Value::as_str).map(str::to_owned));
            members.values().for_each(|value| collect_references(value, found));
        }
        Value::Array(values) => values.iter().for_each(|value| collect_references(value, found)),
        _ => {}
    }
}

#[tokio::test]
async fn every_operation_documents_its_responses_and_the_shape_of_its_refusals() {
    let fixture = Fixture::new().await;
    for (method, path, operation) in operations(&fixture).await {
        let what = format!("{method} {path}");
        assert!(operation["summary"].as_str().is_some_and(|words| !words.is_empty()), "{what}: no summary");
        let responses = operation["responses"].as_object().expect("responses");
        assert!(responses.keys().any(|status| status.starts_with('2')), "{what}: no success");
        for (status, response) in responses {
            assert!(
                response["description"].as_str().is_some_and(|words| !words.is_empty()),
                "{what}: {status}"
            );
            let content = response["content"].as_object().cloned().unwrap_or_default();
            if status.as_str() >= "400" {
                let kinds: Vec<_> = content.keys().collect();
                assert_eq!(kinds, ["application/problem+json"], "{what}: {status}");
                let form = &content["application/problem+json"]["schema"]["$ref"];
                assert_eq!(form, "#/components/schemas/ProblemBody", "{what}: {status}");
            }
        }
    }
    for prefix in PREFIXES {
        let description = description(&fixture, prefix).await;
        let problem = &description["components"]["schemas"]["ProblemBody"];
        let mut members: Vec<_> = problem["required"].as_array().expect("required").clone();
        members.sort_by_key(Value::to_string);
        assert_eq!(members, ["code", "detail", "errors", "requestId", "status", "title", "type"], "{prefix}");
    }
    fixture.world.finish().await;
}

#[tokio::test]
async fn every_operation_documents_what_its_row_says() {
    let fixture = Fixture::new().await;
    for route in ROUTES {
        let responses = &fixture.operations[&route.to_string()]["responses"];
        let mut expected: Vec<u16> = route.statuses.to_vec();
        expected.push(503);
        if route.changes() {
            expected.push(413);
        }
        if route.changes() && !route.is_webhook() {
            expected.push(403);
        }
        match route.body {
            Body::Json | Body::WebAuthn => expected.extend([400, 415]),
            Body::Signed => expected.push(400),
            Body::None if route.is_list => expected.push(400),
            Body::None => {}
        }
        if route.is_tagged {
            expected.push(304);
        }
        if route.has_id() {
            expected.push(404);
            expected.extend(route.changes().then_some(412));
        }
        for status in expected {
            let is_documented = responses.get(status.to_string()).is_some();
            assert!(is_documented, "{route} does not document {status}");
        }
    }
    fixture.world.finish().await;
}

#[tokio::test]
async fn every_operation_names_what_it_takes() {
    let fixture = Fixture::new().await;
    for (method, path, operation) in operations(&fixture).await {
        let row = crate::routes::route(&method, &path);
        let what = format!("{method} {path}");
        assert_eq!(operation["requestBody"].is_object(), row.body != Body::None, "{what}");
        let parameters = operation["parameters"].as_array().cloned().unwrap_or_default();
        let has = |name: &str, location: &str| {
            parameters.iter().any(|one| one["name"] == name && one["in"] == location)
        };
        assert_eq!(has("id", "path"), row.has_id(), "{what}: id");
        assert_eq!(has("limit", "query") && has("cursor", "query"), row.is_list, "{what}: limit, cursor");
        assert_eq!(has("If-Match", "header"), row.has_id() && row.changes(), "{what}: If-Match");
        assert_eq!(has("Idempotency-Key", "header"), row.takes_key(), "{what}: Idempotency-Key");
    }
    fixture.world.finish().await;
}

#[tokio::test]
async fn every_route_is_on_one_page() {
    let fixture = Fixture::new().await;
    let url = format!("{}/api/docs", fixture.world.endpoints.marketplace);
    let reply = fixture.world.endpoints.http.get(url).send().await.expect("a reply");
    let kind = reply.headers().get("content-type").and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    assert!(kind.starts_with("text/html"), "{kind}");
    let page = reply.text().await.expect("a page");
    for route in ROUTES {
        let there = page.split("<dt>").any(|entry| {
            let head = entry.split("</dt>").next().unwrap_or_default();
            head.contains(&format!(">{}<", route.method)) && head.contains(&format!(">{}<", route.path))
        });
        assert!(there, "{route} is not on the page");
    }
    for prefix in PREFIXES.into_iter().filter(|prefix| *prefix != "/api/expiration") {
        assert!(page.contains(&format!("{prefix}/openapi.json")), "{prefix}");
    }
    fixture.world.finish().await;
}
