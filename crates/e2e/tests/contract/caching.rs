//! Entity tags and conditions.

use e2e::Reply;
use serde_json::json;

use crate::fixture::{Fixture, PRICE};
use crate::http::{Request, assert_refused};
use crate::routes::{ROUTES, Route, route};

fn is_strong(tag: &str) -> bool {
    tag.len() > 2 && tag.starts_with('"') && tag.ends_with('"')
}

fn unchanged(what: &str, reply: &Reply, tag: &str) {
    assert_eq!((reply.status, reply.header("etag")), (304, tag), "{what}");
    let empty = matches!(reply.header("content-length"), "" | "0") && reply.header("content-type").is_empty();
    assert!(empty && reply.json.is_null(), "{what}: a 304 has no body");
}

#[tokio::test]
async fn a_caller_with_the_current_version_gets_304() {
    let fixture = Fixture::new().await;
    for route in ROUTES.iter().filter(|route| route.is_tagged) {
        let request = fixture.request(route).await;
        let reply = fixture.send(&request).await;
        let tag = reply.header("etag").to_owned();
        assert!(is_strong(&tag), "{}: {tag}", route.path);
        for method in ["GET", "HEAD"] {
            let request = Request { method: method.to_owned(), ..request.clone() };
            let known = [tag.clone(), format!("W/{tag}"), format!("\"other\", {tag}"), "*".to_owned()];
            for seen in known {
                let reply = fixture.send(&request.clone().header("if-none-match", &seen)).await;
                unchanged(&format!("{method} {} with {seen}", route.path), &reply, &tag);
                assert_eq!(reply.header("cache-control"), route.caching(), "{}", route.path);
            }
            for seen in ["\"other\"", "other", "", tag.trim_matches('"')] {
                let reply = fixture.send(&request.clone().header("if-none-match", seen)).await;
                assert_eq!(
                    (reply.status, reply.header("etag")),
                    (200, tag.as_str()),
                    "{} {seen:?}",
                    route.path
                );
            }
        }
    }
    fixture.world.finish().await;
}

#[tokio::test]
async fn a_condition_on_a_forbidden_resource_reveals_nothing() {
    let fixture = Fixture::new().await;
    for route in ROUTES.iter().filter(|route| route.is_tagged && route.needs_session()) {
        let request = fixture.request(route).await.header("if-none-match", "*");
        assert_refused(route.path, &fixture.send(&request.clone().by("")).await, 401, "not-signed-in");
        assert_refused(
            route.path,
            &fixture.send(&request.by(&fixture.stranger.cookie())).await,
            403,
            "not-yours",
        );
    }
    fixture.world.finish().await;
}

/// Changes of resources that show their version.
fn conditional() -> impl Iterator<Item = &'static Route> {
    let shown = |path| ROUTES.iter().any(|route| (route.method, route.path) == ("GET", path));
    ROUTES.iter().filter(move |route| route.has_id() && route.changes() && shown(route.path))
}

#[tokio::test]
async fn a_change_is_refused_to_a_caller_with_another_version() {
    let fixture = Fixture::new().await;
    for change in conditional() {
        let request = fixture.request(change).await;
        let before = fixture.state().await;
        let read = Request { method: "GET".to_owned(), operation: None, body: Vec::new(), ..request.clone() };
        let tag = fixture.send(&read).await.header("etag").to_owned();
        for seen in
            ["\"999\"".to_owned(), format!("W/{tag}"), tag.trim_matches('"').to_owned(), String::new()]
        {
            let what = format!("{change} with {seen:?}");
            assert_refused(
                &what,
                &fixture.send(&request.clone().header("if-match", seen)).await,
                412,
                "version-changed",
            );
        }
        assert_eq!(fixture.state().await, before, "{change}");
        let reply = fixture.send(&request.header("if-match", format!("\"999\", {tag}"))).await;
        assert_eq!(reply.status, change.statuses[2], "{}", reply.json);
        assert_ne!(fixture.send(&read).await.header("etag"), tag, "{change}");

        let request = fixture.request(change).await.header("if-match", "*");
        assert_eq!(fixture.send(&request).await.status, change.statuses[2], "{change} with *");
    }
    fixture.world.finish().await;
}

#[tokio::test]
async fn a_ticket_and_the_list_change_their_tags_together_with_what_they_show() {
    let fixture = Fixture::new().await;
    let created = fixture.send(&fixture.request(route("POST", "/api/tickets")).await).await;
    let one = Request::new("GET", created.header("location"));
    let list = Request::new("GET", "/api/tickets");
    let (seen, listed) = (fixture.send(&one).await, fixture.send(&list).await);
    assert_eq!((seen.header("etag"), &seen.json), (created.header("etag"), &created.json));

    let other = json!({ "title": "Another", "price": PRICE });
    let edit = Request::new("PUT", &one.path).by(&fixture.seller.cookie()).json(&other);
    let edited = fixture.send(&edit).await;
    let after = fixture.send(&one.clone().header("if-none-match", seen.header("etag"))).await;
    assert_eq!((after.status, after.header("etag")), (200, edited.header("etag")));
    let after = fixture.send(&list.clone().header("if-none-match", listed.header("etag"))).await;
    assert_eq!((after.status, &after.json["items"][0]), (200, &edited.json));
    fixture.world.finish().await;
}

#[tokio::test]
async fn a_created_resource_is_at_its_location() {
    let fixture = Fixture::new().await;
    for route in ROUTES.iter().filter(|route| route.has_version() && route.statuses[2] == 201) {
        let created = fixture.send(&fixture.request(route).await).await;
        assert!(is_strong(created.header("etag")), "{}", route.path);
        let location = created.header("location");
        assert_eq!(location, format!("{}/{}", route.path, created.text("id")));
        let read = fixture.send(&Request::new("GET", location).by(&fixture.owner(route).cookie())).await;
        assert_eq!((read.status, &read.json["id"]), (200, &created.json["id"]), "{}", route.path);
    }
    fixture.world.finish().await;
}
