//! Who may do what: every route, asked by nobody, by a stranger and by the owner.

use crate::problem::refused;
use crate::routes::ROUTES;
use crate::stage::Stage;

#[tokio::test]
async fn every_route_has_a_row_and_every_row_a_route() {
    let stage = Stage::set().await;
    let mut described: Vec<_> = stage.documented.keys().cloned().collect();
    let mut rows: Vec<_> = ROUTES.iter().map(|row| format!("{} {}", row.method, row.path)).collect();
    described.sort();
    rows.sort();
    assert_eq!(rows, described, "the table in routes.rs and the services' descriptions name the same routes");
    stage.world.ends_well().await;
}

#[tokio::test]
async fn every_route_answers_each_caller_as_the_contract_says() {
    let stage = Stage::set().await;
    for route in ROUTES {
        for (who, status) in ["nobody", "a stranger", "the owner"].into_iter().zip(route.answers) {
            let ask = stage.ask(route).await;
            let person = match who {
                "nobody" => None,
                "a stranger" => Some(&stage.stranger),
                _ => Some(stage.owner(route)),
            };
            let cookie = match person {
                None => String::new(),
                Some(person) if route.path.ends_with("/signout") => stage.new_session(person).await,
                Some(person) => person.cookie(),
            };
            let what = format!("{} {} by {who}", route.method, route.path);
            let before = if status >= 400 { Some(stage.seen().await) } else { None };
            let reply = stage.send(&ask.by(&cookie)).await;
            match status {
                401 => refused(&what, &reply, 401, "not-signed-in"),
                403 => refused(&what, &reply, 403, "not-yours"),
                _ => {
                    assert_eq!(reply.status, status, "{what}: {}", reply.json);
                    assert_eq!(reply.header("cache-control"), route.caching(), "{what}");
                    assert_eq!(
                        reply.header("etag").is_empty(),
                        !route.is_tagged && !has_version(route),
                        "{what}"
                    );
                }
            }
            if let Some(before) = before {
                assert_eq!(stage.seen().await, before, "{what}: it was refused and changed something");
            }
        }
    }
    stage.world.ends_well().await;
}

/// Whoever creates or replaces a thing is told its version.
fn has_version(route: &crate::routes::Route) -> bool {
    route.needs_session() && matches!(route.method, "POST" | "PUT") && route.answers[2] != 204
}
