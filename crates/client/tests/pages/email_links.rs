//! The pages of the links in emails, through the real mailbox.

use common::http::VerifiedEmail;
use common::{Currency, Money};
use e2e::{Person, World, WorldConfig};
use runtime::HttpOptions;

use crate::browser::Browser;

const NEW: &str = "eleven blue herons at dusk";

/// The address of the last link that was sent to `email`, as a path of this site.
async fn link(world: &World, email: &str) -> String {
    world.settle().await;
    let emails = world.mail().emails_to(email);
    let link = emails.iter().flat_map(|email| email.links()).find(|link| link.contains("?token="));
    let link = link.expect("an email with a link");
    link.strip_prefix(&world.endpoints.marketplace).expect("a link to this site").to_owned()
}

#[tokio::test]
async fn a_person_verifies_the_address_by_the_link_in_the_mailbox() {
    let world = World::start().await;
    let browser = Browser::signed_out(&world);
    let fields = [("email", "eve@example.com"), ("password", Person::PASSWORD)];
    browser.send("/auth/signup", &fields).await.has_status(303);
    browser.get("/account").await.shows("Your email address is not verified").shows("Send it again");
    let link = link(&world, "eve@example.com").await;
    let page = browser.get(&link).await;
    let token = page.has_status(200).shows("Verify my address").value("token");
    // Loading the page changes nothing, so a program that scans emails verifies no address.
    browser.get("/account").await.shows("Your email address is not verified");
    let sent = browser.send("/auth/verify", &[("token", &token)]).await;
    assert_eq!(sent.redirect(), "/account?done=verified");
    let page = browser.get("/account?done=verified").await;
    page.shows("Your email address is verified.").hides("is not verified");
    let again = browser.send("/auth/verify", &[("token", &token)]).await;
    again.has_status(400).shows("This link is no longer valid");
    world.finish().await;
}

#[tokio::test]
async fn the_verification_email_is_sent_again() {
    let world = World::start().await;
    let ann = world.person("ann").await;
    let browser = Browser::signed_in(&world, &ann);
    let first = link(&world, &ann.email).await;
    let sent = browser.send("/account", &[("action", "send-verification")]).await;
    assert_eq!(sent.redirect(), "/account?done=verification");
    browser.get("/account?done=verification").await.shows("The email is on its way.");
    assert_ne!(link(&world, &ann.email).await, first);
    world.finish().await;
}

#[tokio::test]
async fn a_forgotten_password_is_set_by_the_link_in_the_mailbox() {
    let world = World::start().await;
    let ann = world.person("ann").await;
    let browser = Browser::signed_out(&world);
    browser.get("/auth/signin").await.shows("href=\"/auth/forgotten\"");
    browser.get("/auth/forgotten").await.has_status(200).shows("Send the link");
    browser.send("/auth/forgotten", &[("email", "ann")]).await.has_status(400).shows("email-error");
    for email in ["unknown@example.com", &ann.email] {
        browser
            .send("/auth/forgotten", &[("email", email)])
            .await
            .has_status(200)
            .shows("Look into your mailbox");
    }
    world.settle().await;
    assert!(world.mail().emails_to("unknown@example.com").is_empty());

    let token = browser.get(&link(&world, &ann.email).await).await.shows("Set a new password").value("token");
    let weak = browser.send("/auth/reset", &[("token", &token), ("new", "short")]).await;
    weak.has_status(400).shows("new-error");
    assert_eq!(weak.value("token"), token);
    let sent = browser.send("/auth/reset", &[("token", &token), ("new", NEW)]).await;
    assert_eq!(sent.redirect(), "/auth/signin?done=reset");
    browser.get("/auth/signin?done=reset").await.shows("Your new password is set.");
    let fields = [("email", ann.email.as_str()), ("password", NEW)];
    browser.send("/auth/signin", &fields).await.has_status(303);
    world.stop().await;
}

#[tokio::test]
async fn an_address_is_changed_by_the_link_in_the_new_mailbox() {
    let world = World::start().await;
    let ann = world.person("ann").await;
    let browser = Browser::signed_in(&world, &ann);
    let change = |password| [("action", "email"), ("email", "new@example.com"), ("password", password)];
    let wrong = browser.send("/account", &change("wrong-one-here")).await;
    wrong.has_status(401).shows("id=\"password-error\"").shows("value=\"new@example.com\"");
    let sent = browser.send("/account", &change(Person::PASSWORD)).await;
    assert_eq!(sent.redirect(), "/account?done=email");
    browser.get("/account?done=email").await.shows("open the link in the email").shows(&ann.email);
    let token = browser.get(&link(&world, "new@example.com").await).await.value("token");
    let sent = browser.send("/auth/verify", &[("token", &token)]).await;
    assert_eq!(sent.redirect(), "/account?done=verified");
    browser.get("/account").await.shows("new@example.com").hides(&ann.email);
    world.finish().await;
}

#[tokio::test]
async fn a_person_who_must_verify_the_address_is_asked_to_and_then_continues() {
    let http = HttpOptions { verified_email: VerifiedEmail::Both, ..HttpOptions::default() };
    let world = World::with(WorldConfig { http, ..WorldConfig::default() }).await;
    let (seller, ann) = (world.person("seller").await, world.person("ann").await);
    let verify = async |person: &Person| {
        let token = Browser::signed_out(&world).get(&link(&world, &person.email).await).await.value("token");
        Browser::signed_out(&world).send("/auth/verify", &[("token", &token)]).await.has_status(303);
    };
    verify(&seller).await;
    seller.get("/api/users/currentuser").await;
    let ticket = seller.sells("Opera", Money { amount: 20_00, currency: Currency::Usd }).await;
    world.settle().await;

    let browser = Browser::signed_in(&world, &ann);
    let ticket = format!("/tickets/{}", ticket["id"].as_str().expect("an id"));
    let buy = format!("{ticket}/buy");
    let offer = [("title", "Concert"), ("price", "20"), ("currency", "USD")];
    let button = "value=\"send-verification\"";
    for page in ["/tickets/new", &ticket] {
        browser.get(page).await.has_status(200).shows(button);
    }
    for reply in [browser.send("/tickets/new", &offer).await, browser.send(&buy, &[]).await] {
        reply.has_status(403).shows("Verify your email address first.").shows(button);
    }
    // The person opens the link in another browser.
    verify(&ann).await;
    for page in ["/tickets/new", &ticket] {
        browser.get(page).await.has_status(200).hides(button);
    }
    for reply in [browser.send("/tickets/new", &offer).await, browser.send(&buy, &[]).await] {
        reply.has_status(303);
    }
    world.finish().await;
}
