//! Paths and methods that there are not.

use std::collections::{BTreeMap, BTreeSet};

use crate::problem::refused;
use crate::routes::{PREFIXES, ROUTES};
use crate::stage::{Ask, NOWHERE, Stage};

const METHODS: [&str; 6] = ["GET", "POST", "PUT", "DELETE", "PATCH", "OPTIONS"];

/// Each path with the methods that it takes.
fn addresses() -> BTreeMap<String, BTreeSet<&'static str>> {
    let mut addresses: BTreeMap<String, BTreeSet<_>> = BTreeMap::new();
    for route in ROUTES {
        addresses.entry(route.path.replace("{id}", NOWHERE)).or_default().insert(route.method);
    }
    for prefix in PREFIXES {
        addresses.entry(format!("{prefix}/openapi.json")).or_default().insert("GET");
    }
    addresses.entry("/api/docs".to_owned()).or_default().insert("GET");
    addresses
}

#[tokio::test]
async fn a_method_that_a_path_does_not_take_is_405_and_allow_names_the_others() {
    let stage = Stage::set().await;
    for (path, mut methods) in addresses() {
        if methods.contains("GET") {
            methods.insert("HEAD");
        }
        for method in METHODS.into_iter().filter(|method| !methods.contains(method)) {
            let reply = stage.send(&Ask::new(method, &path)).await;
            refused(&format!("{method} {path}"), &reply, 405, "method-not-allowed");
            let allowed: BTreeSet<_> = reply.header("allow").split(',').map(str::trim).collect();
            assert_eq!(allowed, methods, "{method} {path}");
        }
    }
    stage.world.ends_well().await;
}

#[tokio::test]
async fn what_is_not_there_is_404() {
    let stage = Stage::set().await;
    let mut unknown: Vec<String> =
        ["/api", "/api/", "/api/nothing", "/api/ticketsx", "/api/orders/a/b/c", "/api//tickets"]
            .map(str::to_owned)
            .to_vec();
    unknown
        .extend(addresses().keys().flat_map(|path| [format!("{path}/"), format!("{path}/nothing/deeper")]));
    for path in unknown {
        for method in ["GET", "POST", "DELETE"] {
            let reply = stage.send(&Ask::new(method, &path).by(&stage.buyer.cookie())).await;
            refused(&format!("{method} {path}"), &reply, 404, "not-found");
        }
    }
    stage.world.ends_well().await;
}

#[tokio::test]
async fn an_id_that_nothing_has_or_that_is_none_is_404() {
    let stage = Stage::set().await;
    let long = "7".repeat(2000);
    let braced = format!("%7B{NOWHERE}%7D");
    let simple = NOWHERE.replace('-', "");
    let ids =
        [NOWHERE, "7", "null", "%24gt", "%FF", "%00", "..%2F..%2Fetc%2Fpasswd", &long, &braced, &simple];
    for route in ROUTES.iter().filter(|route| route.has_id()) {
        let ask = stage.ask(route).await;
        for id in ids {
            let reply = stage.send(&ask.clone().at(route.path.replace("{id}", id))).await;
            refused(&format!("{} {} of {id}", route.method, route.path), &reply, 404, "not-found");
        }
    }
    stage.world.ends_well().await;
}
