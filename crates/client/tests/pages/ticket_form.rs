//! Listing and editing a ticket by form.

use e2e::World;

use crate::browser::{Browser, PRICE, id};

#[tokio::test]
async fn a_listed_ticket_is_exactly_what_was_typed() {
    let world = World::start().await;
    let ann = world.person("ann").await;
    let fields = [
        ("title", "  Jazz  "),
        ("venue", "Cellar"),
        ("startsAt", "2026-12-24T19:30"),
        ("offset", "60"),
        ("description", "Row 3\r\nSeat 4"),
        ("price", "1234.05"),
        ("currency", "EUR"),
    ];
    let sent = Browser::signed_in(&world, &ann).send("/tickets/new", &fields).await;
    let location = sent.redirect().to_owned();
    let page = Browser::signed_in(&world, &ann).get(&location).await;
    page.shows("Your ticket is listed.")
        .shows("€1,234.05")
        .shows("<h1>Jazz</h1>")
        .shows("24 Dec 2026, 18:30 UTC");
    let path = location.split('?').next().expect("a path");
    let ticket = ann.get(&format!("/api{path}")).await.json;
    assert_eq!(ticket["price"]["amount"], 123_405);
    assert_eq!(ticket["startsAt"], "2026-12-24T18:30:00.000Z");
    assert_eq!(ticket["description"], "Row 3\nSeat 4");
    world.finish().await;
}

#[tokio::test]
async fn an_invalid_form_comes_back_as_it_was_typed_with_each_error_beside_its_field() {
    let world = World::start().await;
    let ann = world.person("ann").await;
    let browser = Browser::signed_in(&world, &ann);
    let fields = [
        ("title", " "),
        ("venue", "Olympia & more"),
        ("startsAt", "soon"),
        ("description", "<b>loud</b>"),
        ("price", "12,345"),
        ("currency", "USD"),
    ];
    let page = browser.send("/tickets/new", &fields).await;
    page.has_status(400)
        .shows("Please check this")
        .shows("id=\"title-error\"")
        .shows("id=\"startsAt-error\"");
    page.shows("id=\"price-error\"").shows("aria-invalid=\"true\"").shows("href=\"#price\"");
    page.shows("Olympia &#38; more")
        .shows("&#60;b&#62;loud")
        .shows("value=\"12,345\"")
        .shows("value=\"soon\"");
    for (price, currency) in
        [("0.01", "USD"), ("5.5", "JPY"), ("-5", "USD"), ("", "USD"), ("1e3", "USD"), ("99999999", "USD")]
    {
        let page =
            browser.send("/tickets/new", &[("title", "T"), ("price", price), ("currency", currency)]).await;
        page.has_status(400).shows("id=\"price-error\"").hides("id=\"title-error\"");
        assert_eq!(page.value("price"), price);
    }
    let page = browser.send("/tickets/new", &[("title", "T"), ("price", "5"), ("currency", "XXX")]).await;
    page.has_status(400).shows("id=\"currency-error\"");
    world.finish().await;
}

#[tokio::test]
async fn a_visitor_who_is_signed_out_meanwhile_keeps_what_they_typed() {
    let world = World::start().await;
    let fields = [("title", "My long title"), ("price", "25"), ("currency", "USD")];
    let page = Browser::signed_out(&world).send("/tickets/new", &fields).await;
    page.has_status(401).shows("You are signed out.");
    assert_eq!(page.value("title"), "My long title");
    world.finish().await;
}

#[tokio::test]
async fn an_edit_is_saved_and_refused_with_the_reason() {
    let world = World::start().await;
    let (seller, buyer) = world.two_people().await;
    let ticket = seller.sells("Concert", PRICE).await;
    let path = format!("/tickets/{}/edit", id(&ticket));
    let fields = [("title", "Concert, row 2"), ("price", "30.00"), ("currency", "USD")];
    let browser = Browser::signed_in(&world, &seller);
    browser.get(&path).await.has_status(200).shows("value=\"25.00\"").shows("value=\"Concert\"");
    let saved = browser.send(&path, &fields).await;
    browser.get(saved.redirect()).await.shows("Your changes are saved.").shows("$30.00");
    Browser::signed_in(&world, &buyer)
        .send(&path, &fields)
        .await
        .has_status(403)
        .shows("This belongs to another user");
    let ticket = seller.get(&format!("/api/tickets/{}", id(&ticket))).await.json;
    let order = buyer.buys(&ticket).await;
    world.settle().await;
    browser.get(&path).await.has_status(200).shows("disabled").shows("so it cannot be edited");
    let refused = browser.send(&path, &[("title", "Other"), ("price", "99"), ("currency", "USD")]).await;
    refused.has_status(409).shows("value=\"Other\"").shows("value=\"99\"");
    buyer.cancels(&order).await;
    world.finish().await;
}
