//! Errors are pages with the right status.

use e2e::World;

use crate::browser::Browser;

#[tokio::test]
async fn an_error_page_has_the_status_the_sites_look_and_the_request_id() {
    let world = World::start().await;
    let browser = Browser::signed_out(&world);
    let page = browser.load(browser.request("GET", "/nothing").header("x-request-id", "my-request.1")).await;
    page.has_status(404).shows("There is nothing here").shows("my-request.1").shows("site-header");
    assert_eq!(page.header("x-request-id"), "my-request.1");
    let page = browser.get("/auth/signout").await;
    page.has_status(405).shows("This address is for forms");
    assert_eq!(page.header("allow"), "POST");
    world.finish().await;
}

#[tokio::test]
async fn forms_from_elsewhere_of_another_kind_or_too_large_are_refused() {
    let world = World::start().await;
    let ann = world.person("ann").await;
    let browser = Browser::signed_in(&world, &ann);
    let form = || browser.request("POST", "/tickets/new").header("accept", "text/html");
    let kind = ("content-type", "application/x-www-form-urlencoded");
    let from_elsewhere =
        form().header(kind.0, kind.1).header("origin", "https://evil.example").body("title=x");
    browser.load(from_elsewhere).await.has_status(403).shows("This came from another site");
    let json = form().header("content-type", "application/json").body("{}");
    browser.load(json).await.has_status(415).shows("<h1>");
    let large = form().header(kind.0, kind.1).body(format!("title={}", "x".repeat(70_000)));
    browser.load(large).await.has_status(413).shows("larger than 64 KiB");
    assert_eq!(ann.get("/api/tickets/mine").await.json["items"].as_array().map(Vec::len), Some(0));
    world.finish().await;
}

#[tokio::test]
async fn programs_that_ask_for_json_get_problems() {
    let world = World::start().await;
    let browser = Browser::signed_out(&world);
    let page = browser.load(browser.request("GET", "/nothing").header("accept", "application/json")).await;
    assert_eq!((page.status, page.header("content-type")), (404, "application/problem+json"));
    let page = browser.get("/api/nothing").await;
    assert_eq!((page.status, page.header("content-type")), (404, "application/problem+json"));
    world.finish().await;
}
