//! Signing up, in and out, and the page that follows.

use e2e::{Person, World};

use crate::browser::Browser;

const BAD: &[&str] = &[
    "//evil.example",
    "///evil.example/x",
    "/\\evil.example",
    "\\\\evil.example",
    "https://evil.example",
    "javascript:alert(1)",
    "/\t/evil.example",
    "/\n/evil.example",
    "evil.example",
    "@evil.example",
    "/auth/signout",
];

#[tokio::test]
async fn signing_in_leads_nowhere_but_into_this_site() {
    let world = World::start().await;
    let ann = world.person("ann").await;
    let fields = [("email", ann.email.as_str()), ("password", Person::PASSWORD)];
    let rows = BAD.iter().map(|next| (*next, "/")).chain([
        ("/mine", "/mine"),
        ("/?q=a%20b", "/?q=a%20b"),
        ("", "/"),
    ]);
    for (next, expected) in rows {
        let query = serde_urlencoded::to_string([("next", next)]).expect("a query");
        let visitor = Browser::signed_out(&world);
        let page = visitor.get(&format!("/auth/signin?{query}")).await;
        page.has_status(200).hides("evil");
        let sent = visitor.send(&format!("/auth/signin?{query}"), &fields).await;
        assert_eq!(sent.redirect(), expected, "{next:?}");
        let signed_in = Browser::signed_in(&world, &ann).get(&format!("/auth/signin?{query}")).await;
        assert_eq!(signed_in.redirect(), expected, "{next:?}, signed in already");
    }
    world.finish().await;
}

#[tokio::test]
async fn a_person_signs_up_is_signed_in_and_signs_out() {
    let world = World::start().await;
    let browser = Browser::signed_out(&world);
    browser.get("/").await.shows("Sign in").hides("Sign out");
    let fields = [("email", "eve@example.com"), ("password", Person::PASSWORD)];
    assert_eq!(browser.send("/auth/signup", &fields).await.redirect(), "/");
    browser.get("/").await.shows("Sign out").hides("Sign in<");
    assert_eq!(browser.send("/auth/signout", &[]).await.redirect(), "/?done=signed-out");
    browser.get("/?done=signed-out").await.shows("You are signed out.").shows("Sign in");
    world.finish().await;
}

#[tokio::test]
async fn an_invalid_sign_up_keeps_the_address_and_never_the_password() {
    let world = World::start().await;
    let ann = world.person("ann").await;
    let browser = Browser::signed_out(&world);
    let rows = [
        ("ann", "pass-in-page", 400, "email-error"),
        ("bob@example.com", "password1", 400, "password-error"),
        (ann.email.as_str(), Person::PASSWORD, 409, "There is an account for this address already."),
    ];
    for (email, password, status, says) in rows {
        let page = browser.send("/auth/signup", &[("email", email), ("password", password)]).await;
        page.has_status(status).shows(says).shows("role=\"alert\"").hides(password);
        assert_eq!(page.value("email"), email);
        assert_eq!(page.value("password"), "");
    }
    world.finish().await;
}

#[tokio::test]
async fn a_wrong_password_gives_the_form_again_and_too_many_of_them_a_wait() {
    let world = World::start().await;
    let ann = world.person("ann").await;
    let browser = Browser::signed_out(&world);
    let wrong = [("email", ann.email.as_str()), ("password", "not-this-one")];
    let page = browser.send("/auth/signin?next=%2Fmine", &wrong).await;
    page.has_status(401).shows("The email address or the password is not right.").hides("not-this-one");
    page.shows("action=\"/auth/signin?next=%2Fmine\"");
    for _ in 0..9 {
        browser.send("/auth/signin", &wrong).await.has_status(401);
    }
    let page = browser.send("/auth/signin", &wrong).await;
    page.has_status(429).shows("Too many sign-ins have failed. Try again in");
    assert!(page.header("retry-after").parse::<u32>().expect("seconds") > 0);
    world.finish().await;
}
