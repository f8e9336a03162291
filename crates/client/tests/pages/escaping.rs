//! User input is escaped on every page.

use e2e::World;
use serde_json::json;

use crate::browser::{Browser, PRICE, id};

const TITLE: &str = "<script>alert(1)</script> \"'& </title></textarea>";

#[tokio::test]
async fn a_title_made_of_markup_is_text_on_every_page() {
    let world = World::start().await;
    let (seller, buyer) = world.two_people().await;
    let offer = json!({ "title": TITLE, "venue": TITLE, "description": TITLE, "price": PRICE });
    let ticket = seller.post("/api/tickets", offer).await.json;
    let other = seller.sells(TITLE, PRICE).await;
    let order = buyer.buys(&other).await;
    world.settle().await;
    let (ticket, other, order_id) = (id(&ticket), id(&other), id(&order));
    let pages = [
        (&seller, "/".to_owned()),
        (&seller, format!("/tickets/{ticket}")),
        (&seller, format!("/tickets/{ticket}/edit")),
        (&seller, "/mine".to_owned()),
        (&buyer, "/mine".to_owned()),
        (&buyer, "/orders".to_owned()),
        (&buyer, format!("/orders/{order_id}")),
        (&buyer, format!("/tickets/{other}")),
    ];
    for (person, path) in pages {
        let page = Browser::signed_in(&world, person).get(&path).await;
        page.has_status(200).hides("<script>alert").hides("</textarea></textarea>").shows("alert(1)");
    }
    let visitor = Browser::signed_out(&world);
    let query =
        serde_urlencoded::to_string([("q", TITLE), ("minPrice", TITLE), ("sort", TITLE)]).expect("a query");
    let page = visitor.get(&format!("/?{query}")).await;
    page.has_status(400).hides("<script>alert").shows("alert(1)");
    let page = visitor.send("/auth/signin", &[("email", TITLE), ("password", "x")]).await;
    page.has_status(400).hides("<script>alert").shows("alert(1)");
    buyer.cancels(&order).await;
    world.finish().await;
}
