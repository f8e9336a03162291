//! Selling and editing by form.

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
    let sent = Browser::of(&world, &ann).send("/tickets/new", &fields).await;
    let place = sent.leads_to().to_owned();
    let page = Browser::of(&world, &ann).get(&place).await;
    page.says("Your ticket is listed.")
        .says("€1,234.05")
        .says("<h1>Jazz</h1>")
        .says("24 Dec 2026, 18:30 UTC");
    let path = place.split('?').next().expect("a path");
    let ticket = ann.get(&format!("/api{path}")).await.json;
    assert_eq!(ticket["price"]["amount"], 123_405);
    assert_eq!(ticket["startsAt"], "2026-12-24T18:30:00.000Z");
    assert_eq!(ticket["description"], "Row 3\nSeat 4");
    world.finish().await;
}

#[tokio::test]
async fn a_faulty_offer_comes_back_as_it_was_typed_with_each_fault_beside_its_field() {
    let world = World::start().await;
    let ann = world.person("ann").await;
    let browser = Browser::of(&world, &ann);
    let fields = [
        ("title", " "),
        ("venue", "Olympia & more"),
        ("startsAt", "soon"),
        ("description", "<b>loud</b>"),
        ("price", "12,345"),
        ("currency", "USD"),
    ];
    let seen = browser.send("/tickets/new", &fields).await;
    seen.is(400).says("Please check this").says("id=\"title-fault\"").says("id=\"startsAt-fault\"");
    seen.says("id=\"price-fault\"").says("aria-invalid=\"true\"").says("href=\"#price\"");
    seen.says("Olympia &#38; more").says("&#60;b&#62;loud").says("value=\"12,345\"").says("value=\"soon\"");
    for (price, currency) in
        [("0.01", "USD"), ("5.5", "JPY"), ("-5", "USD"), ("", "USD"), ("1e3", "USD"), ("99999999", "USD")]
    {
        let seen =
            browser.send("/tickets/new", &[("title", "T"), ("price", price), ("currency", currency)]).await;
        seen.is(400).says("id=\"price-fault\"").hides("id=\"title-fault\"");
        assert_eq!(seen.value("price"), price);
    }
    let seen = browser.send("/tickets/new", &[("title", "T"), ("price", "5"), ("currency", "XXX")]).await;
    seen.is(400).says("id=\"currency-fault\"");
    world.finish().await;
}

#[tokio::test]
async fn whoever_is_signed_out_meanwhile_keeps_what_they_typed() {
    let world = World::start().await;
    let fields = [("title", "My long title"), ("price", "25"), ("currency", "USD")];
    let seen = Browser::of_nobody(&world).send("/tickets/new", &fields).await;
    seen.is(401).says("You are signed out.");
    assert_eq!(seen.value("title"), "My long title");
    world.finish().await;
}

#[tokio::test]
async fn an_edit_is_saved_and_refused_with_the_reason() {
    let world = World::start().await;
    let (seller, buyer) = world.two_people().await;
    let ticket = seller.sells("Concert", PRICE).await;
    let path = format!("/tickets/{}/edit", id(&ticket));
    let fields = [("title", "Concert, row 2"), ("price", "30.00"), ("currency", "USD")];
    let browser = Browser::of(&world, &seller);
    browser.get(&path).await.is(200).says("value=\"25.00\"").says("value=\"Concert\"");
    let saved = browser.send(&path, &fields).await;
    browser.get(saved.leads_to()).await.says("Your changes are saved.").says("$30.00");
    Browser::of(&world, &buyer).send(&path, &fields).await.is(403).says("This belongs to somebody else");
    let ticket = seller.get(&format!("/api/tickets/{}", id(&ticket))).await.json;
    let order = buyer.buys(&ticket).await;
    world.settle().await;
    browser.get(&path).await.is(200).says("disabled").says("so it cannot be edited");
    let refused = browser.send(&path, &[("title", "Other"), ("price", "99"), ("currency", "USD")]).await;
    refused.is(409).says("value=\"Other\"").says("value=\"99\"");
    buyer.cancels(&order).await;
    world.finish().await;
}
