//! Pages: their limits, their cursors, and that they stand still while things are inserted.

use std::time::Duration;

use serde_json::Value;

use crate::problem::{fields, refused};
use crate::routes::ROUTES;
use crate::stage::{Ask, PRICE, Stage};

#[tokio::test]
async fn a_limit_is_a_whole_number_from_1_to_100() {
    let stage = Stage::set().await;
    for route in ROUTES.iter().filter(|route| route.is_list) {
        let ask = stage.ask(route).await;
        let with = |query: &str| ask.clone().at(format!("{}?{query}", route.path));
        for limit in ["0", "101", "-1", "1.5", "abc", "", "99999999999999999999", "%24gt", "1e1"] {
            let reply = stage.send(&with(&format!("limit={limit}"))).await;
            refused(&format!("{} with limit {limit:?}", route.path), &reply, 400, "not-valid");
            assert_eq!(fields(&reply), ["limit"], "{}", route.path);
        }
        for query in ["limit=1", "limit=100", "", "unknown=1", "%24gt=&admin=true&limit=2", "x[]=1&&=&&"] {
            let reply = stage.send(&with(query)).await;
            assert_eq!(reply.status, 200, "{}?{query}: {}", route.path, reply.json);
            let members: Vec<_> = reply.json.as_object().expect("a page").keys().collect();
            assert_eq!(members, ["items", "next"], "{}", route.path);
        }
    }
    stage.world.ends_well().await;
}

/// Lists with more than one item: whose they are, and their address.
async fn filled(stage: &Stage) -> Vec<(String, String)> {
    for person in [&stage.buyer, &stage.stranger] {
        for _ in 0..2 {
            stage.ticket().await;
            person.sells("Their own", PRICE).await;
            let order = person.buys(&stage.ticket().await).await;
            assert_eq!(person.begins_to_pay(&order).await.status, 201);
        }
    }
    stage.world.settle().await;
    let mut lists = vec![
        (String::new(), "/api/tickets?limit=1".to_owned()),
        (String::new(), "/api/tickets?limit=1&status=reserved".to_owned()),
    ];
    for person in [&stage.buyer, &stage.stranger] {
        for path in [
            "tickets/mine?role=selling&limit=1",
            "tickets/mine?role=holding&limit=1",
            "orders?limit=1",
            "payments?limit=1",
        ] {
            lists.push((person.cookie(), format!("/api/{path}")));
        }
    }
    lists
}

#[tokio::test]
async fn a_cursor_is_good_for_its_own_list_only() {
    let stage = Stage::set().await;
    let lists = filled(&stage).await;
    let mut cursors = Vec::new();
    for (cookie, path) in &lists {
        let reply = stage.send(&Ask::new("GET", path).by(cookie)).await;
        cursors.push(reply.json["next"].as_str().unwrap_or_else(|| panic!("one page of {path}")).to_owned());
    }
    for (place, (cookie, path)) in lists.iter().enumerate() {
        let with = |cursor: &str| Ask::new("GET", format!("{path}&cursor={cursor}")).by(cookie);
        for (other, cursor) in cursors.iter().enumerate() {
            let reply = stage.send(&with(cursor)).await;
            if other == place {
                assert_eq!(reply.status, 200, "{path}: {}", reply.json);
            } else {
                let what =
                    format!("{path} (list {place}) with a cursor of {} (list {other})", lists[other].1);
                refused(&what, &reply, 400, "bad-cursor");
            }
        }
        let own = &cursors[place];
        for garbage in ["", "garbage", "AAAA", "%00", "%24gt", &own[..own.len() - 4], &own.to_uppercase()] {
            refused(&format!("{path}, {garbage:?}"), &stage.send(&with(garbage)).await, 400, "bad-cursor");
        }
    }
    stage.world.ends_well().await;
}

#[tokio::test]
async fn pages_stand_still_while_things_are_inserted() {
    let stage = Stage::set().await;
    for (cookie, path) in filled(&stage).await {
        let whole = stage.send(&Ask::new("GET", path.replace("limit=1", "limit=100")).by(&cookie)).await;
        let mut items: Vec<Value> = Vec::new();
        let mut address = path.clone();
        loop {
            let page = stage.send(&Ask::new("GET", &address).by(&cookie)).await;
            items.extend(page.json["items"].as_array().expect("items").clone());
            // Whatever is made from now on is newer than what the page shows.
            stage.world.clock.advance(Duration::from_secs(1));
            let order = stage.buyer.buys(&stage.ticket().await).await;
            assert_eq!(stage.buyer.begins_to_pay(&order).await.status, 201);
            stage.world.settle().await;
            match page.json["next"].as_str() {
                Some(next) => address = format!("{path}&cursor={next}"),
                None => break,
            }
        }
        let ids = |items: &[Value]| items.iter().map(|item| item["id"].clone()).collect::<Vec<_>>();
        assert!(items.len() > 1, "{path}");
        assert_eq!(ids(&items), ids(whole.json["items"].as_array().expect("items")), "{path}");
    }
    stage.world.ends_well().await;
}
