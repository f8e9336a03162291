//! The name of a request, and what else stands in the head of every reply. [`crate::problem::check_reply`] looks at
//! every reply of every test here.

use runtime::HttpOptions;

use crate::routes::ROUTES;
use crate::stage::{Ask, Stage};

const POLICY: &str = "max-age=31536000; includeSubDomains";

#[tokio::test]
async fn a_request_keeps_its_own_well_formed_name() {
    let stage = Stage::set().await;
    let long = "x".repeat(64);
    for path in ["/api/tickets", "/api/orders", "/api/nothing", "/api/docs/", "/api/users/currentuser"] {
        for name in ["a", "7", "A-Za-z0-9._-", &long] {
            let reply = stage.send(&Ask::new("GET", path).header("x-request-id", name)).await;
            assert_eq!(reply.header("x-request-id"), name, "{path}");
            if reply.status >= 400 {
                assert_eq!(reply.text("requestId"), name, "{path}");
            }
        }
    }
    stage.world.ends_well().await;
}

#[tokio::test]
async fn a_name_that_is_not_well_formed_is_replaced() {
    let stage = Stage::set().await;
    let long = "x".repeat(65);
    let names: [&[u8]; 8] =
        [b"", long.as_bytes(), b"a b", b"a/b", b"a\"b", b"a,b", b"a\xffb", "ü".as_bytes()];
    for path in ["/api/tickets", "/api/orders", "/api/nothing"] {
        for name in names {
            let reply = stage.send(&Ask::new("GET", path).header("x-request-id", name)).await;
            let given = reply.header("x-request-id");
            assert_ne!(given.as_bytes(), name, "{path}");
            assert!(
                given.len() <= 64 && given.bytes().all(|b| b.is_ascii_alphanumeric() || b"._-".contains(&b))
            );
        }
    }
    let first = stage.send(&Ask::new("GET", "/api/tickets")).await;
    let second = stage.send(&Ask::new("GET", "/api/tickets")).await;
    assert_ne!(first.header("x-request-id"), second.header("x-request-id"));
    stage.world.ends_well().await;
}

#[tokio::test]
async fn browsers_are_told_to_stay_with_https_only_where_we_are_served_so() {
    let urls = [("https://tickets.example", POLICY), ("http://tickets.example", "")];
    for (url, policy) in urls {
        let stage =
            Stage::with(HttpOptions { public_url: Some(url.to_owned()), ..HttpOptions::default() }).await;
        for path in ["/api/tickets", "/api/orders", "/api/nothing", "/api/users/jwks.json"] {
            let reply = stage.send(&Ask::new("GET", path)).await;
            assert_eq!(reply.header("strict-transport-security"), policy, "{url}{path}");
        }
        stage.world.ends_well().await;
    }
}

#[tokio::test]
async fn head_tells_what_get_would() {
    let stage = Stage::set().await;
    for route in ROUTES.iter().filter(|route| !route.changes()) {
        let get = stage.ask(route).await;
        let head = Ask { method: "HEAD".to_owned(), operation: None, ..get.clone() };
        let (get, head) = (stage.send(&get).await, stage.send(&head).await);
        assert_eq!((head.status, &head.json), (get.status, &serde_json::Value::Null), "{}", route.path);
        for name in ["etag", "cache-control", "content-type", "content-length"] {
            assert_eq!(head.header(name), get.header(name), "{}: {name}", route.path);
        }
    }
    stage.world.ends_well().await;
}
