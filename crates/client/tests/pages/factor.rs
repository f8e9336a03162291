//! The pages of the second factor: setting an authenticator app up, signing in with it, and removing it.

use std::time::Duration;

use common::Clock;
use e2e::{Person, World};
use totp_rs::{Builder, Secret};

use crate::browser::Browser;

const SECURITY: &str = "/account/security";

/// The code that an app with this secret shows now.
fn code(world: &World, secret: &str) -> String {
    let secret = Secret::try_from_base32(secret).expect("Base32");
    let app = Builder::new().with_secret(secret).build().expect("an app");
    let seconds = world.clock.now().as_millis() / 1000;
    app.generate(u64::try_from(seconds).expect("a time")).to_string()
}

/// Sets an app up, and returns its secret with the page of the recovery codes.
async fn set_up(world: &World, browser: &Browser) -> (String, Vec<String>) {
    let fields = [("action", "begin-authenticator"), ("password", Person::PASSWORD)];
    let page = browser.send(SECURITY, &fields).await;
    page.has_status(200).shows("<svg ").shows("Scan this code");
    let (secret, uri) = (page.value("secret"), page.value("uri").replace("&#38;", "&"));
    let confirm = |code: &str| {
        let fields =
            [("action", "confirm-authenticator"), ("secret", &secret), ("uri", &uri), ("code", code)];
        let fields = fields.map(|(name, value)| (name.to_owned(), value.to_owned()));
        async move {
            let fields: Vec<_> = fields.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
            browser.send(SECURITY, &fields).await
        }
    };
    confirm("000000").await.has_status(401).shows("id=\"code-error\"").shows(&secret).shows("<svg ");
    confirm("").await.has_status(401).shows("id=\"code-error\"");
    let page = confirm(&code(world, &secret)).await;
    page.has_status(200).shows("Your recovery codes");
    let codes = page.html.split("<li><code>").skip(1).filter_map(|rest| rest.split('<').next());
    let codes: Vec<_> = codes.map(str::to_owned).collect();
    assert_eq!(codes.len(), 10);
    // The code of the confirmation was used.
    world.advance(Duration::from_secs(30)).await;
    (secret, codes)
}

#[tokio::test]
async fn an_app_is_set_up_asked_for_and_removed_without_a_script() {
    let world = World::start().await;
    let ann = world.person("ann").await;
    let here = Browser::signed_in(&world, &ann);
    here.get(SECURITY).await.has_status(200).shows("Set up an app").hides("Remove the app");
    let wrong = [("action", "begin-authenticator"), ("password", "wrong-one-here")];
    here.send(SECURITY, &wrong).await.has_status(401).shows("id=\"password-error\"").hides("wrong-one-here");
    let (secret, codes) = set_up(&world, &here).await;
    here.get(SECURITY).await.has_status(200).shows("10 recovery codes are left.").hides(&secret);

    let there = Browser::signed_out(&world);
    let credentials = [("email", ann.email.as_str()), ("password", Person::PASSWORD)];
    assert_eq!(there.get("/auth/factor").await.redirect(), "/auth/signin");
    let page = there.send("/auth/signin?next=/orders", &credentials).await;
    assert_eq!(page.redirect(), "/auth/factor?next=%2Forders");
    assert!(page.header("set-cookie").contains("HttpOnly"), "{}", page.header("set-cookie"));
    assert!(there.get("/orders").await.redirect().starts_with("/auth/signin"), "not signed in yet");
    there.get("/auth/factor?next=%2Forders").await.has_status(200).shows("One more step");
    let factor = "/auth/factor?next=%2Forders";
    there.send(factor, &[("code", "000000")]).await.has_status(401).shows("id=\"code-error\"");
    there.send(factor, &[("code", "")]).await.has_status(400).shows("id=\"code-error\"");
    assert_eq!(there.send(factor, &[("code", &code(&world, &secret))]).await.redirect(), "/orders");
    there.get("/orders").await.has_status(200);

    let other = Browser::signed_out(&world);
    other.send("/auth/signin", &credentials).await.has_status(303);
    assert_eq!(other.send("/auth/factor", &[("code", &codes[3])]).await.redirect(), "/");
    other.get(SECURITY).await.shows("9 recovery codes are left.");

    let remove = [("action", "remove-authenticator"), ("password", Person::PASSWORD)];
    let done = "/account/security?done=authenticator-removed";
    assert_eq!(other.send(SECURITY, &remove).await.redirect(), done);
    other.get(done).await.has_status(200).shows("The authenticator app is removed");
    let plain = Browser::signed_out(&world);
    assert_eq!(plain.send("/auth/signin", &credentials).await.redirect(), "/");
    let activity = other.get("/account/activity").await;
    activity.has_status(200).shows("The authenticator app was removed").shows("A sign-in failed");
    world.finish().await;
}

#[tokio::test]
async fn what_a_page_cannot_show_as_a_code_is_no_error_of_ours() {
    let world = World::start().await;
    let ann = world.person("ann").await;
    let browser = Browser::signed_in(&world, &ann);
    for uri in ["javascript:alert(1)", &format!("otpauth://totp/{}", "x".repeat(5000))] {
        let fields = [("action", "confirm-authenticator"), ("uri", uri), ("secret", "x"), ("code", "000000")];
        assert_eq!(browser.send(SECURITY, &fields).await.redirect(), SECURITY);
    }
    browser.send(SECURITY, &[("action", "nothing")]).await.has_status(404);
    let expired = browser.send("/auth/factor", &[("code", "000000")]).await;
    assert_eq!(expired.redirect(), "/auth/signin");
    world.finish().await;
}
