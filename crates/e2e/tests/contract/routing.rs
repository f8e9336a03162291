//! Every route by every caller (anonymous, a stranger, the owner), and unknown paths, methods and ids.

use std::collections::{BTreeMap, BTreeSet};

use crate::fixture::{Fixture, UNKNOWN_ID};
use crate::http::{Request, assert_refused};
use crate::routes::{PREFIXES, ROUTES};

const METHODS: [&str; 6] = ["GET", "POST", "PUT", "DELETE", "PATCH", "OPTIONS"];

#[tokio::test]
async fn every_route_has_a_row_and_every_row_a_route() {
    let fixture = Fixture::new().await;
    let mut described: Vec<_> = fixture.operations.keys().cloned().collect();
    let mut rows: Vec<_> = ROUTES.iter().map(ToString::to_string).collect();
    described.sort();
    rows.sort();
    assert_eq!(rows, described, "the table in routes.rs differs from the services' descriptions");
    fixture.world.finish().await;
}

#[tokio::test]
async fn every_route_answers_each_caller_as_the_contract_says() {
    let fixture = Fixture::new().await;
    for route in ROUTES {
        for (caller, status) in
            ["an anonymous caller", "a stranger", "the owner"].into_iter().zip(route.statuses)
        {
            let request = fixture.request(route).await;
            let person = match caller {
                "an anonymous caller" => None,
                "a stranger" => Some(&fixture.stranger),
                _ => Some(fixture.owner(route)),
            };
            let cookie = match person {
                None => String::new(),
                Some(person) => fixture.cookie(route, person).await,
            };
            let what = format!("{route} by {caller}");
            let before = if status >= 400 { Some(fixture.state().await) } else { None };
            let reply = fixture.send(&request.by(&cookie)).await;
            match status {
                // The challenge is another person's.
                400 => assert_refused(&what, &reply, 400, "not-valid"),
                401 => assert_refused(&what, &reply, 401, "not-signed-in"),
                403 => assert_refused(&what, &reply, 403, "not-yours"),
                _ => {
                    assert_eq!(reply.status, status, "{what}: {}", reply.json);
                    assert_eq!(reply.header("cache-control"), route.caching(), "{what}");
                    assert_eq!(
                        reply.header("etag").is_empty(),
                        !route.is_tagged && !route.has_version(),
                        "{what}"
                    );
                }
            }
            if let Some(before) = before {
                assert_eq!(fixture.state().await, before, "{what}: the refused request changed something");
            }
        }
    }
    fixture.world.finish().await;
}

/// Each path with its methods.
fn paths() -> BTreeMap<String, BTreeSet<&'static str>> {
    let mut paths: BTreeMap<String, BTreeSet<_>> = BTreeMap::new();
    for route in ROUTES {
        paths.entry(route.path.replace("{id}", UNKNOWN_ID)).or_default().insert(route.method);
    }
    for prefix in PREFIXES {
        paths.entry(format!("{prefix}/openapi.json")).or_default().insert("GET");
    }
    paths.entry("/api/docs".to_owned()).or_default().insert("GET");
    paths
}

#[tokio::test]
async fn a_method_that_a_path_does_not_take_is_405_and_allow_names_the_others() {
    let fixture = Fixture::new().await;
    for (path, mut methods) in paths() {
        if methods.contains("GET") {
            methods.insert("HEAD");
        }
        for method in METHODS.into_iter().filter(|method| !methods.contains(method)) {
            let reply = fixture.send(&Request::new(method, &path)).await;
            assert_refused(&format!("{method} {path}"), &reply, 405, "method-not-allowed");
            let allowed: BTreeSet<_> = reply.header("allow").split(',').map(str::trim).collect();
            assert_eq!(allowed, methods, "{method} {path}");
        }
    }
    fixture.world.finish().await;
}

#[tokio::test]
async fn an_unknown_path_is_404() {
    let fixture = Fixture::new().await;
    let mut unknown: Vec<String> =
        ["/api", "/api/", "/api/nothing", "/api/ticketsx", "/api/orders/a/b/c", "/api//tickets"]
            .map(str::to_owned)
            .to_vec();
    unknown.extend(paths().keys().flat_map(|path| [format!("{path}/"), format!("{path}/nothing/deeper")]));
    for path in unknown {
        for method in ["GET", "POST", "DELETE"] {
            let reply = fixture.send(&Request::new(method, &path).by(&fixture.buyer.cookie())).await;
            assert_refused(&format!("{method} {path}"), &reply, 404, "not-found");
        }
    }
    fixture.world.finish().await;
}

#[tokio::test]
async fn an_unknown_or_malformed_id_is_404() {
    let fixture = Fixture::new().await;
    let long = "7".repeat(2000);
    let braced = format!("%7B{UNKNOWN_ID}%7D");
    let simple = UNKNOWN_ID.replace('-', "");
    let ids =
        [UNKNOWN_ID, "7", "null", "%24gt", "%FF", "%00", "..%2F..%2Fetc%2Fpasswd", &long, &braced, &simple];
    for route in ROUTES.iter().filter(|route| route.has_id()) {
        let request = fixture.request(route).await;
        for id in ids {
            let reply = fixture.send(&request.clone().at(route.path.replace("{id}", id))).await;
            assert_refused(&format!("{route} of {id}"), &reply, 404, "not-found");
        }
    }
    fixture.world.finish().await;
}
