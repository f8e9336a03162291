//! The actions that an account may take only once its email address is verified.

use common::http::VerifiedEmail;
use serde_json::json;

use crate::fixture::{Fixture, PRICE};
use crate::http::{Request, assert_refused};
use crate::routes::{ROUTES, Route};

fn is_covered(route: &Route, needs: VerifiedEmail) -> bool {
    let sells = route.path.starts_with("/api/tickets");
    route.may_need_verified_email() && if sells { needs.to_sell() } else { needs.to_buy() }
}

#[tokio::test]
async fn an_unverified_account_may_do_everything_but_what_the_setting_names() {
    for needs in [VerifiedEmail::Off, VerifiedEmail::Sell, VerifiedEmail::Buy, VerifiedEmail::Both] {
        let fixture = Fixture::with_verified_people(needs).await;
        for route in
            ROUTES.iter().filter(|route| route.needs_session() && !route.path.starts_with("/api/users"))
        {
            let request = fixture.request(route).await;
            let unverified = request.clone().by(fixture.unverified_cookie(route));
            let before = fixture.state().await;
            let (what, reply) = (format!("{route} with {needs:?}"), fixture.send(&unverified).await);
            if is_covered(route, needs) {
                assert_refused(&what, &reply, 403, "email-not-verified");
                assert_eq!(fixture.state().await, before, "{what}");
                assert_eq!(fixture.send(&request).await.status, route.statuses[2], "{what}: verified");
            } else {
                assert_eq!(reply.status, route.statuses[2], "{what}: {}", reply.json);
            }
        }
        fixture.world.finish().await;
    }
}

#[tokio::test]
async fn the_next_current_user_after_the_verification_renews_the_cookie() {
    let fixture = Fixture::with_verified_people(VerifiedEmail::Both).await;
    let person = fixture.passer_by("newcomer").await;
    let offer = json!({ "title": "Concert", "price": PRICE });
    let list = Request::new("POST", "/api/tickets").json(&offer);
    let cookie = person.cookie();
    assert_refused("before", &fixture.send(&list.clone().by(&cookie)).await, 403, "email-not-verified");
    fixture.verify(&person).await;
    assert_refused(
        "with the old token",
        &fixture.send(&list.clone().by(&cookie)).await,
        403,
        "email-not-verified",
    );
    assert_eq!(person.get("/api/users/currentuser").await.json["currentUser"]["verified"], true);
    assert_ne!(person.cookie(), cookie);
    assert_eq!(fixture.send(&list.by(&person.cookie())).await.status, 201);
    fixture.world.finish().await;
}
