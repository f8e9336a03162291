//! The page of the ways in which a user signs in.

use std::time::Duration;

use e2e::{Person, World};

use crate::browser::Browser;

const PAGE: &str = "/account/security";

#[tokio::test]
async fn a_user_sees_and_removes_passkeys_without_a_script() {
    let world = World::start().await;
    let ann = world.person("ann").await;
    let browser = Browser::signed_in(&world, &ann);
    browser
        .get(PAGE)
        .await
        .has_status(200)
        .shows("Adding a passkey needs JavaScript")
        .hides("remove-passkey");
    ann.adds_passkey("<b>tablet</b>").await;
    let page = browser.get(PAGE).await;
    page.has_status(200).shows("tablet").hides("<b>tablet").shows("remove-passkey");
    let passkey = page.value("passkey");
    let fields = [("action", "remove-passkey"), ("passkey", passkey.as_str())];
    assert_eq!(browser.send(PAGE, &fields).await.redirect(), "/account/security?done=passkey-removed");
    browser
        .get("/account/security?done=passkey-removed")
        .await
        .shows("The passkey is removed.")
        .hides("tablet");
    for id in [passkey.as_str(), "7"] {
        browser.send(PAGE, &[("action", "remove-passkey"), ("passkey", id)]).await.has_status(404);
    }
    world.finish().await;
}

#[tokio::test]
async fn ten_minutes_after_the_sign_in_the_password_is_confirmed_before_a_passkey_is_removed() {
    let world = World::start().await;
    let ann = world.person("ann").await;
    ann.adds_passkey("phone").await;
    let browser = Browser::signed_in(&world, &ann);
    world.advance(Duration::from_mins(11)).await;
    let passkey = browser.get(PAGE).await.value("passkey");
    let remove = [("action", "remove-passkey"), ("passkey", passkey.as_str())];
    browser.send(PAGE, &remove).await.has_status(403).shows("value=\"confirm\"");
    let confirm = |password| [("action", "confirm"), ("current", password)];
    let page = browser.send(PAGE, &confirm("wrong-one-here")).await;
    page.has_status(401).shows("id=\"current-error\"").hides("wrong-one-here");
    let page = browser.send(PAGE, &confirm(Person::PASSWORD)).await;
    assert_eq!(page.redirect(), "/account/security?done=confirmed");
    assert_eq!(browser.send(PAGE, &remove).await.redirect(), "/account/security?done=passkey-removed");
    world.finish().await;
}

#[tokio::test]
async fn the_page_is_for_signed_in_visitors() {
    let world = World::start().await;
    let browser = Browser::signed_out(&world);
    assert_eq!(browser.get(PAGE).await.redirect(), "/auth/signin?next=%2Faccount%2Fsecurity");
    world.finish().await;
}

#[tokio::test]
async fn the_button_of_a_passkey_is_hidden_until_a_script_shows_it() {
    let world = World::start().await;
    let browser = Browser::signed_out(&world);
    let page = browser.get("/auth/signin?next=/mine").await;
    let form = page.html.split("<form").find(|form| form.contains("data-passkey")).expect("the form");
    assert!(form.split('>').next().is_some_and(|tag| tag.ends_with(" hidden")), "{form}");
    assert!(form.contains("data-next=\"/mine\""), "{form}");
    browser.get("/auth/signup").await.hides("data-passkey");
    world.finish().await;
}
