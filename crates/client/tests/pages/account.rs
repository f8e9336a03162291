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
