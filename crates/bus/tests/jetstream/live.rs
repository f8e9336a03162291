//! Live listeners when the connection breaks.

use bus::{Bus, Lagged};
use futures::StreamExt;

use crate::support::{DEADLINES, Marketplace, envelope, own_server, publish, within};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_was_cut_off_is_told_that_events_may_be_missing_and_then_hears_the_next() {
    let mut server = own_server();
    let marketplace = Marketplace::at(server.url());
    let bus = marketplace.process().await;
    let mut live = bus.live(DEADLINES);
    let (before, after) = (envelope(), envelope());
    publish(&*bus, &before).await;
    assert_eq!(within(live.next()).await, Some(Ok(before)));
    server.restart().expect("it starts again");
    assert_eq!(within(live.next()).await, Some(Err(Lagged)));
    publish(&*bus, &after).await;
    assert_eq!(within(live.next()).await, Some(Ok(after)));
}
