//! The account page.

use e2e::{Person, World};

use crate::browser::Browser;

#[tokio::test]
async fn a_wrong_current_password_is_a_fault_of_its_field() {
    let world = World::start().await;
    let ann = world.person("ann").await;
    let browser = Browser::of(&world, &ann);
    let fields =
        [("action", "password"), ("current", "wrong-one-here"), ("new", "eleven blue herons at dusk")];
    let seen = browser.send("/account", &fields).await;
    seen.is(401).says("id=\"current-fault\"").hides("wrong-one-here").hides("eleven blue herons");
    let seen = browser.send("/account", &[("current", Person::PASSWORD), ("new", "short")]).await;
    seen.is(400).says("id=\"new-fault\"");
    world.finish().await;
}

#[tokio::test]
async fn changing_the_password_signs_every_other_device_out() {
    let world = World::start().await;
    let ann = world.person("ann").await;
    let (here, there) = (Browser::of(&world, &ann), Browser::of_nobody(&world));
    let fields = [("email", ann.email.as_str()), ("password", Person::PASSWORD)];
    there.send("/auth/signin", &fields).await.is(303);
    here.get("/account")
        .await
        .is(200)
        .says(&ann.email)
        .says("This device")
        .says("Sign out every other device");
    let fields =
        [("action", "password"), ("current", Person::PASSWORD), ("new", "eleven blue herons at dusk")];
    assert_eq!(here.send("/account", &fields).await.leads_to(), "/account?done=password");
    here.get("/account?done=password").await.is(200).says("Your password is changed");
    assert!(there.get("/account").await.leads_to().starts_with("/auth/signin"));
    world.finish().await;
}

#[tokio::test]
async fn another_device_is_signed_out_alone() {
    let world = World::start().await;
    let ann = world.person("ann").await;
    let (here, there) = (Browser::of(&world, &ann), Browser::of_nobody(&world));
    let fields = [("email", ann.email.as_str()), ("password", Person::PASSWORD)];
    there.send("/auth/signin", &fields).await.is(303);
    let session = here.get("/account").await.value("session");
    let fields = [("action", "revoke"), ("session", session.as_str())];
    assert_eq!(here.send("/account", &fields).await.leads_to(), "/account?done=revoked");
    assert!(there.get("/mine").await.leads_to().starts_with("/auth/signin"));
    here.get("/account").await.is(200).hides("Sign out every other device");
    here.send("/account", &[("action", "revoke"), ("session", "7")]).await.is(404);
    world.finish().await;
}
