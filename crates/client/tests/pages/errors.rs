//! Errors are pages with the right status.

use e2e::World;

use crate::browser::Browser;

#[tokio::test]
async fn an_error_page_has_the_status_the_sites_look_and_the_request_id() {
    let world = World::start().await;
    let browser = Browser::of_nobody(&world);
    let seen = browser.see(browser.request("GET", "/nothing").header("x-request-id", "my-request.1")).await;
    seen.is(404).says("There is nothing here").says("my-request.1").says("site-header");
    assert_eq!(seen.header("x-request-id"), "my-request.1");
    let seen = browser.get("/auth/signout").await;
    seen.is(405).says("This address is for forms");
    assert_eq!(seen.header("allow"), "POST");
    world.finish().await;
}

#[tokio::test]
async fn forms_from_elsewhere_of_another_kind_or_too_large_are_refused() {
    let world = World::start().await;
    let ann = world.person("ann").await;
    let browser = Browser::of(&world, &ann);
    let form = || browser.request("POST", "/tickets/new").header("accept", "text/html");
    let kind = ("content-type", "application/x-www-form-urlencoded");
    let from_elsewhere =
        form().header(kind.0, kind.1).header("origin", "https://evil.example").body("title=x");
    browser.see(from_elsewhere).await.is(403).says("This came from another site");
    let json = form().header("content-type", "application/json").body("{}");
    browser.see(json).await.is(415).says("<h1>");
    let large = form().header(kind.0, kind.1).body(format!("title={}", "x".repeat(70_000)));
    browser.see(large).await.is(413).says("larger than 64 KiB");
    assert_eq!(ann.get("/api/tickets/mine").await.json["items"].as_array().map(Vec::len), Some(0));
    world.finish().await;
}

#[tokio::test]
async fn programs_that_ask_for_json_get_problems() {
    let world = World::start().await;
    let browser = Browser::of_nobody(&world);
    let seen = browser.see(browser.request("GET", "/nothing").header("accept", "application/json")).await;
    assert_eq!((seen.status, seen.header("content-type")), (404, "application/problem+json"));
    let seen = browser.get("/api/nothing").await;
    assert_eq!((seen.status, seen.header("content-type")), (404, "application/problem+json"));
    world.finish().await;
}
