//! Request ids and other headers. [`crate::http::check_reply`] checks the headers of every reply.

use runtime::HttpOptions;

use crate::fixture::Fixture;
use crate::http::Request;
use crate::routes::ROUTES;

const POLICY: &str = "max-age=31536000";

#[tokio::test]
async fn a_request_keeps_its_own_well_formed_id() {
    let fixture = Fixture::new().await;
    let long = "x".repeat(64);
    for path in ["/api/tickets", "/api/orders", "/api/nothing", "/api/docs/", "/api/users/currentuser"] {
        for id in ["a", "7", "A-Za-z0-9._-", &long] {
            let reply = fixture.send(&Request::new("GET", path).header("x-request-id", id)).await;
            assert_eq!(reply.header("x-request-id"), id, "{path}");
            if reply.status >= 400 {
                assert_eq!(reply.text("requestId"), id, "{path}");
            }
        }
    }
    fixture.world.finish().await;
}

#[tokio::test]
async fn an_id_that_is_not_well_formed_is_replaced() {
    let fixture = Fixture::new().await;
    let long = "x".repeat(65);
    let ids: [&[u8]; 8] = [b"", long.as_bytes(), b"a b", b"a/b", b"a\"b", b"a,b", b"a\xffb", "ü".as_bytes()];
    for path in ["/api/tickets", "/api/orders", "/api/nothing"] {
        for id in ids {
            let reply = fixture.send(&Request::new("GET", path).header("x-request-id", id)).await;
            let given = reply.header("x-request-id");
            assert_ne!(given.as_bytes(), id, "{path}");
            assert!(
                given.len() <= 64 && given.bytes().all(|b| b.is_ascii_alphanumeric() || b"._-".contains(&b))
            );
        }
    }
    let first = fixture.send(&Request::new("GET", "/api/tickets")).await;
    let second = fixture.send(&Request::new("GET", "/api/tickets")).await;
    assert_ne!(first.header("x-request-id"), second.header("x-request-id"));
    fixture.world.finish().await;
}

#[tokio::test]
async fn strict_transport_security_is_sent_only_behind_https() {
    let urls = [("https://tickets.example", POLICY), ("http://tickets.example", "")];
    for (url, policy) in urls {
        let fixture =
            Fixture::with(HttpOptions { public_url: Some(url.to_owned()), ..HttpOptions::default() }).await;
        for path in ["/api/tickets", "/api/orders", "/api/nothing", "/api/users/jwks.json"] {
            let reply = fixture.send(&Request::new("GET", path)).await;
            assert_eq!(reply.header("strict-transport-security"), policy, "{url}{path}");
        }
        fixture.world.finish().await;
    }
}

#[tokio::test]
async fn head_has_the_headers_of_get() {
    let fixture = Fixture::new().await;
    for route in ROUTES.iter().filter(|route| !route.changes()) {
        let get = fixture.request(route).await;
        let head = Request { method: "HEAD".to_owned(), operation: None, ..get.clone() };
        let (get, head) = (fixture.send(&get).await, fixture.send(&head).await);
        assert_eq!((head.status, &head.json), (get.status, &serde_json::Value::Null), "{}", route.path);
        for name in ["etag", "cache-control", "content-type", "content-length"] {
            assert_eq!(head.header(name), get.header(name), "{}: {name}", route.path);
        }
    }
    fixture.world.finish().await;
}
