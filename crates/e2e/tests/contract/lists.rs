//! Pages: their limits, their cursors, and their stability during inserts.

use std::time::Duration;

use serde_json::Value;

use crate::fixture::{Fixture, PRICE};
use crate::http::{Request, assert_refused, fields};
use crate::routes::ROUTES;

#[tokio::test]
async fn a_limit_is_a_whole_number_from_1_to_100() {
    let fixture = Fixture::new().await;
    for route in ROUTES.iter().filter(|route| route.is_list) {
        let request = fixture.request(route).await;
        let with = |query: &str| request.clone().at(format!("{}?{query}", route.path));
        for limit in ["0", "101", "-1", "1.5", "abc", "", "99999999999999999999", "%24gt", "1e1"] {
            let reply = fixture.send(&with(&format!("limit={limit}"))).await;
            assert_refused(&format!("{} with limit {limit:?}", route.path), &reply, 400, "not-valid");
            assert_eq!(fields(&reply), ["limit"], "{}", route.path);
        }
        for query in ["limit=1", "limit=100", "", "unknown=1", "%24gt=&admin=true&limit=2", "x[]=1&&=&&"] {
            let reply = fixture.send(&with(query)).await;
            assert_eq!(reply.status, 200, "{}?{query}: {}", route.path, reply.json);
            let members: Vec<_> = reply.json.as_object().expect("a page").keys().collect();
            assert_eq!(members, ["items", "next"], "{}", route.path);
        }
    }
    fixture.world.finish().await;
}

/// Lists with more than one item: the owner's cookie, and the path.
async fn filled(fixture: &Fixture) -> Vec<(String, String)> {
    for person in [&fixture.buyer, &fixture.stranger] {
        for _ in 0..2 {
            fixture.ticket().await;
            person.sells("Their own", PRICE).await;
            let order = person.buys(&fixture.ticket().await).await;
            assert_eq!(person.begins_to_pay(&order).await.status, 201);
        }
    }
    fixture.world.settle().await;
    let mut lists = vec![
        (String::new(), "/api/tickets?limit=1".to_owned()),
        (String::new(), "/api/tickets?limit=1&status=reserved".to_owned()),
    ];
    for person in [&fixture.buyer, &fixture.stranger] {
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
    let fixture = Fixture::new().await;
    let lists = filled(&fixture).await;
    let mut cursors = Vec::new();
    for (cookie, path) in &lists {
        let reply = fixture.send(&Request::new("GET", path).by(cookie)).await;
        cursors.push(reply.json["next"].as_str().unwrap_or_else(|| panic!("one page of {path}")).to_owned());
    }
    for (index, (cookie, path)) in lists.iter().enumerate() {
        let with = |cursor: &str| Request::new("GET", format!("{path}&cursor={cursor}")).by(cookie);
        for (other, cursor) in cursors.iter().enumerate() {
            let reply = fixture.send(&with(cursor)).await;
            if other == index {
                assert_eq!(reply.status, 200, "{path}: {}", reply.json);
            } else {
                let what =
                    format!("{path} (list {index}) with a cursor of {} (list {other})", lists[other].1);
                assert_refused(&what, &reply, 400, "bad-cursor");
            }
        }
        let own = &cursors[index];
        for garbage in ["", "garbage", "AAAA", "%00", "%24gt", &own[..own.len() - 4], &own.to_uppercase()] {
            assert_refused(
                &format!("{path}, {garbage:?}"),
                &fixture.send(&with(garbage)).await,
                400,
                "bad-cursor",
            );
        }
    }
    fixture.world.finish().await;
}

#[tokio::test]
async fn pages_are_stable_while_resources_are_inserted() {
    let fixture = Fixture::new().await;
    for (cookie, path) in filled(&fixture).await {
        let whole =
            fixture.send(&Request::new("GET", path.replace("limit=1", "limit=100")).by(&cookie)).await;
        let mut items: Vec<Value> = Vec::new();
        let mut next_page = path.clone();
        loop {
            let page = fixture.send(&Request::new("GET", &next_page).by(&cookie)).await;
            items.extend(page.json["items"].as_array().expect("items").clone());
            // Resources created from now on are newer than the page.
            fixture.world.clock.advance(Duration::from_secs(1));
            let order = fixture.buyer.buys(&fixture.ticket().await).await;
            assert_eq!(fixture.buyer.begins_to_pay(&order).await.status, 201);
            fixture.world.settle().await;
            match page.json["next"].as_str() {
                Some(next) => next_page = format!("{path}&cursor={next}"),
                None => break,
            }
        }
        let ids = |items: &[Value]| items.iter().map(|item| item["id"].clone()).collect::<Vec<_>>();
        assert!(items.len() > 1, "{path}");
        assert_eq!(ids(&items), ids(whole.json["items"].as_array().expect("items")), "{path}");
    }
    fixture.world.finish().await;
}
