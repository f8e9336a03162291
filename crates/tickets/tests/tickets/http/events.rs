use std::time::Duration;

use runtime::EventStreams;
use runtime::testing::{EventStream, Message};
use serde_json::{Value, json};

use crate::world::{World, address, offer, offer_with};

const EVENTS: &str = "/api/tickets/events";

async fn watch(world: &World) -> EventStream {
    let stream = world.anybody().watch(EVENTS).await;
    assert_eq!(stream.status, 200);
    stream
}

async fn watch_behind(world: &World, id: &str) -> EventStream {
    world.anybody().header("last-event-id", id).watch(EVENTS).await
}

async fn titles(stream: &mut EventStream, count: usize) -> Vec<String> {
    let mut titles = Vec::new();
    for _ in 0..count {
        let message = stream.expect("ticket.created").await;
        titles.push(message.data["title"].as_str().expect("a title").to_owned());
    }
    titles
}

#[tokio::test]
async fn every_change_of_a_ticket_is_told_to_everybody_and_the_order_to_nobody() {
    let world = World::start().await;
    let (buyer, seller) = (world.service.by(&world.buyer), world.seller());
    let mut streams = vec![watch(&world).await, seller.watch(EVENTS).await, buyer.watch(EVENTS).await];
    let ticket = world.listed(offer()).await;
    world.seller().put(&address(&ticket), offer_with("title", json!("Opera"))).await;
    let order = world.order(&ticket);
    world.hears_created(&order).await;
    world.hears_cancelled(&order).await;
    let order = world.order(&ticket);
    world.hears_created(&order).await;
    world.hears_completed(&order).await;
    world.withdrawn().await;
    for stream in &mut streams {
        let first = stream.expect("ticket.created").await;
        assert_eq!(first.data, ticket, "a change looks like the ticket");
        let mut ids = vec![first.id];
        for (event, status, version) in [
            ("ticket.updated", "available", 2),
            ("ticket.reserved", "reserved", 3),
            ("ticket.released", "available", 4),
            ("ticket.reserved", "reserved", 5),
            ("ticket.sold", "sold", 6),
            ("ticket.created", "available", 1),
            ("ticket.withdrawn", "withdrawn", 2),
        ] {
            let Message { data, id, .. } = stream.expect(event).await;
            assert_eq!((&data["status"], &data["version"]), (&json!(status), &json!(version)), "{event}");
            assert_eq!(data.get("orderId"), None);
            assert!(!data.to_string().contains(&world.buyer.id.to_string()), "{data}");
            ids.push(id);
        }
        ids.dedup();
        assert_eq!(ids.len(), 8, "each has an id of its own");
    }
}

#[tokio::test]
async fn the_reply_is_an_event_stream_that_nobody_keeps() {
    let world = World::start().await;
    let stream = watch(&world).await;
    let header = |name| stream.headers.get(name).and_then(|value| value.to_str().ok());
    assert_eq!(header("content-type"), Some("text/event-stream"));
    assert_eq!(header("cache-control"), Some("private, no-store"));
    assert_eq!(world.anybody().post(EVENTS, Value::Null).await.status, 405);
}

#[tokio::test]
async fn a_reader_that_was_cut_off_goes_on_where_it_was() {
    let world = World::start().await;
    let mut stream = watch(&world).await;
    for n in 0..5 {
        world.listed(offer_with("title", json!(n.to_string()))).await;
    }
    let first = stream.expect("ticket.created").await;
    assert_eq!(titles(&mut stream, 4).await, ["1", "2", "3", "4"]);
    let mut again = watch_behind(&world, &first.id).await;
    world.listed(offer_with("title", json!("5"))).await;
    assert_eq!(titles(&mut again, 5).await, ["1", "2", "3", "4", "5"]);
}

#[tokio::test]
async fn a_reader_whose_past_nobody_knows_is_told_to_begin_anew() {
    let world = World::start().await;
    let mut stream = watch(&world).await;
    world.listed(offer()).await;
    let mut last = stream.expect("ticket.created").await;
    for id in ["0192f0c0-7c1e-7e3a-8000-1234567890ab", "garbage", ""] {
        let mut stream = watch_behind(&world, id).await;
        let reset = stream.expect("reset").await;
        assert_eq!((&reset.data, &reset.id), (&json!({}), &last.id), "{id}");
        world.listed(offer()).await;
        last = stream.expect("ticket.created").await;
        let again = watch_behind(&world, &reset.id).await.expect("ticket.created").await;
        assert_eq!(again, last, "the id of the reset leads behind it");
    }
}

#[tokio::test]
async fn the_past_is_remembered_to_a_bound() {
    let world = World::start().await;
    let mut stream = watch(&world).await;
    world.listed(offer()).await;
    let first = stream.expect("ticket.created").await;
    for _ in 0..1024 {
        world.listed(offer()).await;
        stream.expect("ticket.created").await;
    }
    watch_behind(&world, &first.id).await.expect("reset").await;
}

#[tokio::test]
async fn a_reader_that_is_too_slow_is_told_to_begin_anew_and_goes_on_from_then() {
    let world = World::start().await;
    let (mut slow, mut quick) = (watch(&world).await, watch(&world).await);
    for _ in 0..300 {
        world.listed(offer()).await;
        quick.expect("ticket.created").await;
    }
    slow.expect("reset").await;
    world.listed(offer_with("title", json!("from then"))).await;
    assert_eq!(titles(&mut slow, 1).await, ["from then"]);
}

#[tokio::test]
async fn a_comment_comes_when_nothing_else_does() {
    let world = World::start().await;
    let mut stream = watch(&world).await;
    for _ in 0..2 {
        let (message, ()) = tokio::join!(stream.next(), async {
            world.service.clock.advance(EventStreams::KEEP_ALIVE_INTERVAL);
        });
        assert_eq!(message, Some(Message::default()));
    }
}

#[tokio::test]
async fn only_so_many_may_watch_at_once() {
    let world = World::start().await;
    let mut streams = Vec::new();
    for _ in 0..EventStreams::MAX_STREAMS {
        streams.push(watch(&world).await);
    }
    let refused = world.anybody().get(EVENTS).await;
    assert_eq!((refused.status, refused.code(), refused.header("retry-after")), (503, "unavailable", "1"));
    streams.pop();
    watch(&world).await;
    world.service.clock.advance(Duration::from_secs(1));
    assert_eq!(world.anybody().get("/api/tickets").await.status, 200, "requests have seats of their own");
}
