//! Entity tags and conditions.

use e2e::Reply;
use serde_json::json;

use crate::problem::refused;
use crate::routes::{ROUTES, Route, route};
use crate::stage::{Ask, PRICE, Stage};

fn is_strong(tag: &str) -> bool {
    tag.len() > 2 && tag.starts_with('"') && tag.ends_with('"')
}

fn unchanged(what: &str, reply: &Reply, tag: &str) {
    assert_eq!((reply.status, reply.header("etag")), (304, tag), "{what}");
    let empty = matches!(reply.header("content-length"), "" | "0") && reply.header("content-type").is_empty();
    assert!(empty && reply.json.is_null(), "{what}: a 304 has no body");
}

#[tokio::test]
async fn whoever_has_it_already_is_told_so() {
    let stage = Stage::set().await;
    for route in ROUTES.iter().filter(|route| route.is_tagged) {
        let ask = stage.ask(route).await;
        let reply = stage.send(&ask).await;
        let tag = reply.header("etag").to_owned();
        assert!(is_strong(&tag), "{}: {tag}", route.path);
        for method in ["GET", "HEAD"] {
            let ask = Ask { method: method.to_owned(), ..ask.clone() };
            let known = [tag.clone(), format!("W/{tag}"), format!("\"other\", {tag}"), "*".to_owned()];
            for seen in known {
                let reply = stage.send(&ask.clone().header("if-none-match", &seen)).await;
                unchanged(&format!("{method} {} with {seen}", route.path), &reply, &tag);
                assert_eq!(reply.header("cache-control"), route.caching(), "{}", route.path);
            }
            for seen in ["\"other\"", "other", "", tag.trim_matches('"')] {
                let reply = stage.send(&ask.clone().header("if-none-match", seen)).await;
                assert_eq!(
                    (reply.status, reply.header("etag")),
                    (200, tag.as_str()),
                    "{} {seen:?}",
                    route.path
                );
            }
        }
    }
    stage.world.ends_well().await;
}

#[tokio::test]
async fn a_condition_on_what_one_may_not_see_tells_nothing() {
    let stage = Stage::set().await;
    for route in ROUTES.iter().filter(|route| route.is_tagged && route.needs_session()) {
        let ask = stage.ask(route).await.header("if-none-match", "*");
        refused(route.path, &stage.send(&ask.clone().by("")).await, 401, "not-signed-in");
        refused(route.path, &stage.send(&ask.by(&stage.stranger.cookie())).await, 403, "not-yours");
    }
    stage.world.ends_well().await;
}

/// Changes of things that show their version.
fn conditional() -> impl Iterator<Item = &'static Route> {
    let shown = |path| ROUTES.iter().any(|route| (route.method, route.path) == ("GET", path));
    ROUTES.iter().filter(move |route| route.has_id() && route.changes() && shown(route.path))
}

#[tokio::test]
async fn a_change_is_refused_to_whoever_saw_another_version() {
    let stage = Stage::set().await;
    for change in conditional() {
        let ask = stage.ask(change).await;
        let before = stage.seen().await;
        let read = Ask { method: "GET".to_owned(), operation: None, body: Vec::new(), ..ask.clone() };
        let tag = stage.send(&read).await.header("etag").to_owned();
        for seen in
            ["\"999\"".to_owned(), format!("W/{tag}"), tag.trim_matches('"').to_owned(), String::new()]
        {
            let what = format!("{} {} with {seen:?}", change.method, change.path);
            refused(&what, &stage.send(&ask.clone().header("if-match", seen)).await, 412, "version-changed");
        }
        assert_eq!(stage.seen().await, before, "{} {}", change.method, change.path);
        let reply = stage.send(&ask.header("if-match", format!("\"999\", {tag}"))).await;
        assert_eq!(reply.status, change.answers[2], "{}", reply.json);
        assert_ne!(stage.send(&read).await.header("etag"), tag, "{} {}", change.method, change.path);

        let ask = stage.ask(change).await.header("if-match", "*");
        assert_eq!(
            stage.send(&ask).await.status,
            change.answers[2],
            "{} {} with *",
            change.method,
            change.path
        );
    }
    stage.world.ends_well().await;
}

#[tokio::test]
async fn a_ticket_and_the_list_change_their_tags_together_with_what_they_show() {
    let stage = Stage::set().await;
    let created = stage.send(&stage.ask(route("POST", "/api/tickets")).await).await;
    let one = Ask::new("GET", created.header("location"));
    let list = Ask::new("GET", "/api/tickets");
    let (seen, listed) = (stage.send(&one).await, stage.send(&list).await);
    assert_eq!((seen.header("etag"), &seen.json), (created.header("etag"), &created.json));

    let other = json!({ "title": "Another", "price": PRICE });
    let edit = Ask::new("PUT", &one.path).by(&stage.seller.cookie()).json(&other);
    let edited = stage.send(&edit).await;
    let after = stage.send(&one.clone().header("if-none-match", seen.header("etag"))).await;
    assert_eq!((after.status, after.header("etag")), (200, edited.header("etag")));
    let after = stage.send(&list.clone().header("if-none-match", listed.header("etag"))).await;
    assert_eq!((after.status, &after.json["items"][0]), (200, &edited.json));
    stage.world.ends_well().await;
}

#[tokio::test]
async fn what_was_created_is_where_location_says() {
    let stage = Stage::set().await;
    for route in ROUTES.iter().filter(|route| route.needs_session() && route.answers[2] == 201) {
        let created = stage.send(&stage.ask(route).await).await;
        assert!(is_strong(created.header("etag")), "{}", route.path);
        let location = created.header("location");
        assert_eq!(location, format!("{}/{}", route.path, created.text("id")));
        let read = stage.send(&Ask::new("GET", location).by(&stage.owner(route).cookie())).await;
        assert_eq!((read.status, &read.json["id"]), (200, &created.json["id"]), "{}", route.path);
    }
    stage.world.ends_well().await;
}
