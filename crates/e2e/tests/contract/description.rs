//! The services' descriptions (`OpenAPI`) and the page that shows them to people.

use serde_json::Value;

use crate::routes::{Body, PREFIXES, ROUTES};
use crate::stage::{Ask, Stage};

async fn description(stage: &Stage, prefix: &str) -> Value {
    let reply = stage.send(&Ask::new("GET", format!("{prefix}/openapi.json"))).await;
    assert_eq!((reply.status, reply.header("content-type")), (200, "application/json"), "{prefix}");
    reply.json
}

/// Every operation of every service: its method, its path, itself.
async fn operations(stage: &Stage) -> Vec<(String, String, Value)> {
    let mut all = Vec::new();
    for prefix in PREFIXES {
        let description = description(stage, prefix).await;
        for (path, operations) in description["paths"].as_object().into_iter().flatten() {
            for (method, operation) in operations.as_object().into_iter().flatten() {
                all.push((method.to_uppercase(), path.clone(), operation.clone()));
            }
        }
    }
    all
}

#[tokio::test]
async fn every_service_describes_itself_and_nobody_else() {
    let stage = Stage::set().await;
    for prefix in PREFIXES {
        let description = description(&stage, prefix).await;
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
    stage.world.ends_well().await;
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
async fn every_operation_tells_its_answers_and_the_form_of_its_refusals() {
    let stage = Stage::set().await;
    for (method, path, operation) in operations(&stage).await {
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
        let description = description(&stage, prefix).await;
        let problem = &description["components"]["schemas"]["ProblemBody"];
        let mut members: Vec<_> = problem["required"].as_array().expect("required").clone();
        members.sort_by_key(Value::to_string);
        assert_eq!(members, ["code", "detail", "errors", "requestId", "status", "title", "type"], "{prefix}");
    }
    stage.world.ends_well().await;
}

#[tokio::test]
async fn every_operation_documents_what_its_row_says() {
    let stage = Stage::set().await;
    for route in ROUTES {
        let statuses = &stage.documented[&format!("{} {}", route.method, route.path)];
        let mut expected: Vec<u16> = route.answers.to_vec();
        expected.push(503);
        if route.changes() {
            expected.push(413);
        }
        if route.changes() && !route.is_for_machines() {
            expected.push(403);
        }
        match route.body {
            Body::Json => expected.extend([400, 415]),
            Body::Signed => expected.push(400),
            Body::Nothing if route.is_list => expected.push(400),
            Body::Nothing => {}
        }
        if route.is_tagged {
            expected.push(304);
        }
        if route.has_id() {
            expected.push(404);
            expected.extend(route.changes().then_some(412));
        }
        for status in expected {
            let told = statuses.contains(&status.to_string());
            assert!(told, "{} {} does not document {status}: {statuses:?}", route.method, route.path);
        }
    }
    stage.world.ends_well().await;
}

#[tokio::test]
async fn every_operation_names_what_it_takes() {
    let stage = Stage::set().await;
    for (method, path, operation) in operations(&stage).await {
        let row = crate::routes::route(&method, &path);
        let what = format!("{method} {path}");
        assert_eq!(operation["requestBody"].is_object(), row.body != Body::Nothing, "{what}");
        let parameters = operation["parameters"].as_array().cloned().unwrap_or_default();
        let has =
            |name: &str, place: &str| parameters.iter().any(|one| one["name"] == name && one["in"] == place);
        assert_eq!(has("id", "path"), row.has_id(), "{what}: id");
        assert_eq!(has("limit", "query") && has("cursor", "query"), row.is_list, "{what}: limit, cursor");
        assert_eq!(has("If-Match", "header"), row.has_id() && row.changes(), "{what}: If-Match");
        let honours_keys = method == "POST" && row.needs_session();
        assert_eq!(has("Idempotency-Key", "header"), honours_keys, "{what}: Idempotency-Key");
    }
    stage.world.ends_well().await;
}

#[tokio::test]
async fn people_find_every_route_on_one_page() {
    let stage = Stage::set().await;
    let url = format!("{}/api/docs", stage.world.place.marketplace);
    let reply = stage.world.place.http.get(url).send().await.expect("a reply");
    let kind = reply.headers().get("content-type").and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    assert!(kind.starts_with("text/html"), "{kind}");
    let page = reply.text().await.expect("a page");
    for route in ROUTES {
        let there = page.split("<dt>").any(|entry| {
            let head = entry.split("</dt>").next().unwrap_or_default();
            head.contains(&format!(">{}<", route.method)) && head.contains(&format!(">{}<", route.path))
        });
        assert!(there, "{} {} is not on the page", route.method, route.path);
    }
    for prefix in PREFIXES.into_iter().filter(|prefix| *prefix != "/api/expiration") {
        assert!(page.contains(&format!("{prefix}/openapi.json")), "{prefix}");
    }
    stage.world.ends_well().await;
}
