//! Lists: newest first, by pages, by time.

use std::time::Duration;

use futures::TryStreamExt;
use stripe_core::payment_intent::ListPaymentIntent;

use crate::support::{START, World};

/// One a second, oldest first.
async fn seven(world: &World) -> Vec<String> {
    let mut ids = Vec::new();
    for _ in 0..7 {
        ids.push(world.create().await.id());
        world.clock.advance(Duration::from_secs(1));
    }
    ids
}

async fn list(world: &World, query: &str) -> (Vec<String>, bool) {
    let answer = world.get(&format!("/v1/payment_intents?{query}")).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    assert_eq!(
        (&answer.body["object"], &answer.body["url"]),
        (&"list".into(), &"/v1/payment_intents".into())
    );
    let data = answer.body["data"].as_array().expect("a list");
    let ids = data.iter().map(|intent| intent["id"].as_str().expect("an id").to_owned()).collect();
    (ids, answer.body["has_more"].as_bool().expect("has_more"))
}

fn newest_first(ids: &[String]) -> Vec<String> {
    ids.iter().rev().cloned().collect()
}

#[tokio::test]
async fn pages_lead_through_all_of_them_both_ways() {
    let world = World::start().await;
    let ids = seven(&world).await;
    assert_eq!(list(&world, "").await, (newest_first(&ids), false));
    assert_eq!(list(&world, "limit=7").await, (newest_first(&ids), false));
    assert_eq!(list(&world, "limit=3").await, (newest_first(&ids[4..]), true));
    let after = |id: &str| format!("limit=3&starting_after={id}");
    assert_eq!(list(&world, &after(&ids[4])).await, (newest_first(&ids[1..4]), true));
    assert_eq!(list(&world, &after(&ids[1])).await, (newest_first(&ids[..1]), false));
    let before = |id: &str| format!("limit=3&ending_before={id}");
    assert_eq!(list(&world, &before(&ids[1])).await, (newest_first(&ids[2..5]), true));
    assert_eq!(list(&world, &before(&ids[3])).await, (newest_first(&ids[4..]), false));
    assert_eq!(list(&world, &before(&ids[6])).await, (vec![], false));
}

#[tokio::test]
async fn those_of_one_moment_are_listed_once_each() {
    let world = World::start().await;
    let mut ids = Vec::new();
    for _ in 0..5 {
        ids.push(world.create().await.id());
    }
    let (mut seen, mut query) = (Vec::new(), "limit=2".to_owned());
    loop {
        let (page, more) = list(&world, &query).await;
        query = format!("limit=2&starting_after={}", page.last().expect("a page with something on it"));
        seen.extend(page);
        if !more {
            break;
        }
    }
    ids.sort();
    seen.sort();
    assert_eq!(seen, ids);
}

#[tokio::test]
async fn times_bound_the_list() {
    let world = World::start().await;
    let ids = seven(&world).await;
    let (second, fourth) = (START + 2, START + 4);
    for (query, expected) in [
        (format!("created[gte]={second}&created[lte]={fourth}"), &ids[2..5]),
        (format!("created[gt]={second}&created[lt]={fourth}"), &ids[3..4]),
        (format!("created={second}"), &ids[2..3]),
        (format!("created[gte]={}", START + 7), &[]),
        (format!("created[lte]={fourth}&starting_after={}", ids[6]), &ids[..5]),
        (format!("created[gte]={second}&starting_after={}", ids[4]), &ids[2..4]),
        (format!("created[gte]={fourth}&ending_before={}", ids[1]), &ids[4..]),
    ] {
        assert_eq!(list(&world, &query).await, (newest_first(expected), false), "{query}");
    }
}

#[tokio::test]
async fn stripes_client_pages_through() {
    let world = World::start().await;
    let ids = seven(&world).await;
    let client = world.stripe();
    let pages = ListPaymentIntent::new().limit(2).paginate();
    let all: Vec<_> = pages.stream(&client).try_collect().await.expect("all of them");
    assert_eq!(all.iter().map(|intent| intent.id.to_string()).collect::<Vec<_>>(), newest_first(&ids));
}

#[tokio::test]
async fn a_page_that_cannot_be_is_refused() {
    let world = World::start().await;
    for (query, param) in [
        ("limit=0", "limit"),
        ("limit=101", "limit"),
        ("limit=x", "limit"),
        ("starting_after=pi_1", "starting_after"),
        ("ending_before=x", "ending_before"),
        ("created[gte]=yesterday", "created[gte]"),
    ] {
        let answer = world.get(&format!("/v1/payment_intents?{query}")).await;
        assert_eq!((answer.status, answer.body["error"]["param"].as_str()), (400, Some(param)), "{query}");
    }
}
