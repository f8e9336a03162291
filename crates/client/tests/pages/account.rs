//! The account page.

use e2e::{Person, World};

use crate::browser::Browser;

#[tokio::test]
async fn a_wrong_current_password_is_an_error_of_its_field() {
    let world = World::start().await;
    let ann = world.person("ann").await;
    let browser = Browser::signed_in(&world, &ann);
    let fields =
        [("action", "password"), ("current", "wrong-one-here"), ("new", "eleven blue herons at dusk")];
    let page = browser.send("/account", &fields).await;
    page.has_status(401).shows("id=\"current-error\"").hides("wrong-one-here").hides("eleven blue herons");
    let page = browser.send("/account", &[("current", Person::PASSWORD), ("new", "short")]).await;
    page.has_status(400).shows("id=\"new-error\"");
    world.finish().await;
}

#[tokio::test]
async fn changing_the_password_signs_every_other_device_out() {
    let world = World::start().await;
    let ann = world.person("ann").await;
    let (here, there) = (Browser::signed_in(&world, &ann), Browser::signed_out(&world));
    let fields = [("email", ann.email.as_str()), ("password", Person::PASSWORD)];
    there.send("/auth/signin", &fields).await.has_status(303);
    here.get("/account")
        .await
        .has_status(200)
        .shows(&ann.email)
        .shows("This device")
        .shows("Sign out every other device");
    let fields =
        [("action", "password"), ("current", Person::PASSWORD), ("new", "eleven blue herons at dusk")];
    assert_eq!(here.send("/account", &fields).await.redirect(), "/account?done=password");
    here.get("/account?done=password").await.has_status(200).shows("Your password is changed");
    assert!(there.get("/account").await.redirect().starts_with("/auth/signin"));
    world.finish().await;
}

#[tokio::test]
async fn another_device_is_signed_out_alone() {
    let world = World::start().await;
    let ann = world.person("ann").await;
    let (here, there) = (Browser::signed_in(&world, &ann), Browser::signed_out(&world));
    let fields = [("email", ann.email.as_str()), ("password", Person::PASSWORD)];
    there.send("/auth/signin", &fields).await.has_status(303);
    let session = here.get("/account").await.value("session");
    let fields = [("action", "revoke"), ("session", session.as_str())];
    assert_eq!(here.send("/account", &fields).await.redirect(), "/account?done=revoked");
    assert!(there.get("/mine").await.redirect().starts_with("/auth/signin"));
    here.get("/account").await.has_status(200).hides("Sign out every other device");
    here.send("/account", &[("action", "revoke"), ("session", "7")]).await.has_status(404);
    world.finish().await;
}

#[tokio::test]
async fn an_account_is_deleted_with_its_password_and_the_visitor_is_signed_out() {
    let world = World::start().await;
    let ann = world.person("ann").await;
    let browser = Browser::signed_in(&world, &ann);
    browser.get("/account").await.has_status(200).shows("Delete your account");
    let wrong = browser.send("/account", &[("action", "delete"), ("password", "wrong")]).await;
    wrong.has_status(401).shows("id=\"delete-password-error\"").hides("id=\"password-error\"");
    let empty = browser.send("/account", &[("action", "delete"), ("password", "")]).await;
    empty.has_status(400).shows("id=\"delete-password-error\"");
    let fields = [("action", "delete"), ("password", Person::PASSWORD)];
    assert_eq!(browser.send("/account", &fields).await.redirect(), "/?done=deleted");
    browser.get("/?done=deleted").await.has_status(200).shows("Your account is deleted").hides(&ann.email);
    assert!(browser.get("/account").await.redirect().starts_with("/auth/signin"));
    world.forget(&ann);
    world.finish().await;
}

#[tokio::test]
async fn the_download_has_everything_that_the_services_store() {
    let world = World::start().await;
    let (ann, bob) = (world.person("ann").await, world.person("bob").await);
    let price = common::Money { amount: 20_00, currency: common::Currency::Usd };
    let mut listed = Vec::new();
    for number in 0..101 {
        listed.push(ann.sells(&format!("Concert {number}"), price).await);
    }
    let order = bob.buys(&listed[0]).await;
    world.settle().await;
    for path in ["/api/users/export", "/account/export"] {
        let export = |person: &Person| {
            let request = world.endpoints.http.get(format!("{}{path}", world.endpoints.marketplace));
            e2e::Endpoints::send(request.header("cookie", person.cookie()))
        };
        let (of_ann, of_bob) = (export(&ann).await, export(&bob).await);
        assert_eq!(of_ann.status, 200, "{}", of_ann.json);
        assert!(of_ann.header("content-disposition").starts_with("attachment"), "{path}");
        assert_eq!(of_ann.header("cache-control"), "private, no-store");
        assert_eq!(of_ann.json["account"]["email"], ann.email.as_str());
        assert_eq!(of_ann.json["sessions"][0]["current"], true);
        assert_eq!(of_ann.json["ticketsListed"].as_array().map(Vec::len), Some(101), "more than one page");
        assert_eq!(of_bob.json["orders"][0]["id"], order["id"]);
        assert_eq!(of_bob.json["ticketsHeld"][0]["id"], listed[0]["id"]);
        assert!(!of_bob.json.to_string().contains(&ann.email));
    }
    let anonymous = world.endpoints.get("/api/users/export").await;
    assert_eq!((anonymous.status, anonymous.text("code").as_str()), (401, "not-signed-in"));
    world.finish().await;
}
