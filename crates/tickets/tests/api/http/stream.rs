use std::time::Duration;

use common::Event;
use common::event::SessionRevoked;
use runtime::EventStreams;
use runtime::testing::{EventStream, Message};
use serde_json::{Value, json};

use crate::app::{TestApp, address, offer, offer_with};

const EVENTS: &str = "/api/tickets/events";

/// The default of the setting.
const MAX_STREAMS: usize = 20;

async fn watch(app: &TestApp) -> EventStream {
    let stream = app.anonymous().watch(EVENTS).await;
    assert_eq!(stream.status, 200);
    stream
}

async fn watch_behind(app: &TestApp, id: &str) -> EventStream {
    app.anonymous().header("last-event-id", id).watch(EVENTS).await
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
async fn every_change_of_a_ticket_is_public_and_its_order_is_not() {
    let app = TestApp::start().await;
    let (buyer, seller) = (app.service.by(&app.buyer), app.seller());
    let mut streams = vec![watch(&app).await, seller.watch(EVENTS).await, buyer.watch(EVENTS).await];
    let ticket = app.listed(offer()).await;
    app.seller().put(&address(&ticket), offer_with("title", json!("Opera"))).await;
    let order = app.order(&ticket);
    app.deliver_created(&order).await;
    app.deliver_cancelled(&order).await;
    let order = app.order(&ticket);
    app.deliver_created(&order).await;
    app.deliver_completed(&order).await;
    app.withdrawn().await;
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
            assert!(!data.to_string().contains(&app.buyer.id.to_string()), "{data}");
            ids.push(id);
        }
        ids.dedup();
        assert_eq!(ids.len(), 8, "each has an id of its own");
    }
}

#[tokio::test]
async fn the_reply_is_an_event_stream_that_is_not_cached() {
    let app = TestApp::start().await;
    let stream = watch(&app).await;
    let header = |name| stream.headers.get(name).and_then(|value| value.to_str().ok());
    assert_eq!(header("content-type"), Some("text/event-stream"));
    assert_eq!(header("cache-control"), Some("private, no-store"));
    assert_eq!(app.anonymous().post(EVENTS, Value::Null).await.status, 405);
}

#[tokio::test]
async fn a_reader_that_reconnects_continues_where_it_was() {
    let app = TestApp::start().await;
    let mut stream = watch(&app).await;
    for n in 0..5 {
        app.listed(offer_with("title", json!(n.to_string()))).await;
    }
    let first = stream.expect("ticket.created").await;
    assert_eq!(titles(&mut stream, 4).await, ["1", "2", "3", "4"]);
    let mut again = watch_behind(&app, &first.id).await;
    app.listed(offer_with("title", json!("5"))).await;
    assert_eq!(titles(&mut again, 5).await, ["1", "2", "3", "4", "5"]);
}

#[tokio::test]
async fn a_reader_whose_last_event_is_unknown_is_reset() {
    let app = TestApp::start().await;
    let mut stream = watch(&app).await;
    app.listed(offer()).await;
    let mut last = stream.expect("ticket.created").await;
    for id in ["0192f0c0-7c1e-7e3a-8000-1234567890ab", "garbage", ""] {
        let mut stream = watch_behind(&app, id).await;
        let reset = stream.expect("reset").await;
        assert_eq!((&reset.data, &reset.id), (&json!({}), &last.id), "{id}");
        app.listed(offer()).await;
        last = stream.expect("ticket.created").await;
        let again = watch_behind(&app, &reset.id).await.expect("ticket.created").await;
        assert_eq!(again, last, "the id of the reset leads behind it");
    }
}

#[tokio::test]
async fn recent_changes_are_kept_up_to_a_bound() {
    let app = TestApp::start().await;
    let mut stream = watch(&app).await;
    app.listed(offer()).await;
    let first = stream.expect("ticket.created").await;
    for _ in 0..1024 {
        app.listed(offer()).await;
        stream.expect("ticket.created").await;
    }
    watch_behind(&app, &first.id).await.expect("reset").await;
}

#[tokio::test]
async fn a_reader_that_is_too_slow_is_reset_and_continues_from_there() {
    let app = TestApp::start().await;
    let (mut slow, mut quick) = (watch(&app).await, watch(&app).await);
    for _ in 0..300 {
        app.listed(offer()).await;
        quick.expect("ticket.created").await;
    }
    slow.expect("reset").await;
    app.listed(offer_with("title", json!("from then"))).await;
    assert_eq!(titles(&mut slow, 1).await, ["from then"]);
}

#[tokio::test]
async fn a_comment_is_sent_when_nothing_else_is() {
    let app = TestApp::start().await;
    let mut stream = watch(&app).await;
    for _ in 0..2 {
        let (message, ()) = tokio::join!(stream.next(), async {
            app.service.clock.advance(EventStreams::KEEP_ALIVE_INTERVAL);
        });
        assert_eq!(message, Some(Message::default()));
    }
}

#[tokio::test]
async fn the_number_of_open_streams_of_one_person_or_address_is_limited() {
    let app = TestApp::start().await;
    let (ann, bob) = (app.service.person("ann"), app.service.person("bob"));
    let callers = [app.service.by(&ann), app.anonymous()];
    let mut streams = Vec::new();
    for caller in &callers {
        for _ in 0..MAX_STREAMS {
            let stream = caller.watch(EVENTS).await;
            assert_eq!(stream.status, 200);
            streams.push(stream);
        }
        let refused = caller.get(EVENTS).await;
        assert_eq!((refused.status, refused.code()), (429, "too-many-requests"));
        assert_eq!(refused.header("retry-after"), "15");
    }
    assert_eq!(app.service.by(&bob).watch(EVENTS).await.status, 200, "another person");
    streams.clear();
    for caller in &callers {
        assert_eq!(caller.watch(EVENTS).await.status, 200, "the others are closed");
    }
}

#[tokio::test]
async fn the_number_of_open_streams_is_limited() {
    let app = TestApp::start().await;
    let mut streams = Vec::new();
    for number in 0..EventStreams::MAX_OPEN {
        let person = app.service.person(&format!("person{number}"));
        streams.push(app.service.by(&person).watch(EVENTS).await);
    }
    let refused = app.anonymous().get(EVENTS).await;
    assert_eq!((refused.status, refused.code(), refused.header("retry-after")), (503, "unavailable", "1"));
    streams.pop();
    watch(&app).await;
    app.service.clock.advance(Duration::from_secs(1));
    assert_eq!(app.anonymous().get("/api/tickets").await.status, 200, "requests have permits of their own");
}

#[tokio::test]
async fn a_public_stream_that_was_opened_with_a_session_ends_with_it() {
    let app = TestApp::start().await;
    let (ann, bob) = (app.service.person("ann"), app.service.person("bob"));
    let mut of_ann = app.service.by(&ann).watch(EVENTS).await;
    let mut of_bob = app.service.by(&bob).watch(EVENTS).await;
    let mut anonymous = watch(&app).await;
    let revoked = SessionRevoked {
        session_id: ann.session,
        user_id: ann.id,
        tokens_expire_at: app.service.context.clock.now().after(Duration::from_mins(15)),
    };
    assert!(app.service.receive(ann.session.into(), 2, Event::SessionRevoked(revoked)).await);
    assert_eq!(of_ann.next().await, None, "at once, without an event");
    let (ended, message, ()) = tokio::join!(of_bob.next(), anonymous.next(), async {
        app.service.clock.advance(Duration::from_mins(15));
    });
    assert_eq!(ended, None, "at the end that its token names");
    assert_eq!(message, Some(Message::default()), "no session, no end");
}
