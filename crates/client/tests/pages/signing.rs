//! Signing up, in and out, and where one goes afterwards.

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
        let nobody = Browser::of_nobody(&world);
        let page = nobody.get(&format!("/auth/signin?{query}")).await;
        page.is(200).hides("evil");
        let sent = nobody.send(&format!("/auth/signin?{query}"), &fields).await;
        assert_eq!(sent.leads_to(), expected, "{next:?}");
        let signed_in = Browser::of(&world, &ann).get(&format!("/auth/signin?{query}")).await;
        assert_eq!(signed_in.leads_to(), expected, "{next:?}, signed in already");
    }
    world.finish().await;
}

#[tokio::test]
async fn a_person_signs_up_is_somebody_and_signs_out() {
    let world = World::start().await;
    let browser = Browser::of_nobody(&world);
    browser.get("/").await.says("Sign in").hides("Sign out");
    let fields = [("email", "eve@example.com"), ("password", Person::PASSWORD)];
    assert_eq!(browser.send("/auth/signup", &fields).await.leads_to(), "/");
    browser.get("/").await.says("Sign out").hides("Sign in<");
    assert_eq!(browser.send("/auth/signout", &[]).await.leads_to(), "/?done=signed-out");
    browser.get("/?done=signed-out").await.says("You are signed out.").says("Sign in");
    world.finish().await;
}

#[tokio::test]
async fn a_faulty_sign_up_keeps_the_address_and_never_the_password() {
    let world = World::start().await;
    let ann = world.person("ann").await;
    let browser = Browser::of_nobody(&world);
    let rows = [
        ("ann", "pass-in-page", 400, "email-fault"),
        ("bob@example.com", "password1", 400, "password-fault"),
        (ann.email.as_str(), Person::PASSWORD, 409, "There is an account for this address already."),
    ];
    for (email, password, status, says) in rows {
        let seen = browser.send("/auth/signup", &[("email", email), ("password", password)]).await;
        seen.is(status).says(says).says("role=\"alert\"").hides(password);
        assert_eq!(seen.value("email"), email);
        assert_eq!(seen.value("password"), "");
    }
    world.finish().await;
}

#[tokio::test]
async fn a_wrong_password_gives_the_form_again_and_too_many_of_them_a_wait() {
    let world = World::start().await;
    let ann = world.person("ann").await;
    let browser = Browser::of_nobody(&world);
    let wrong = [("email", ann.email.as_str()), ("password", "not-this-one")];
    let seen = browser.send("/auth/signin?next=%2Fmine", &wrong).await;
    seen.is(401).says("The e-mail address or the password is not right.").hides("not-this-one");
    seen.says("action=\"/auth/signin?next=%2Fmine\"");
    for _ in 0..9 {
        browser.send("/auth/signin", &wrong).await.is(401);
    }
    let seen = browser.send("/auth/signin", &wrong).await;
    seen.is(429).says("Too many sign-ins have failed. Try again in");
    assert!(seen.header("retry-after").parse::<u32>().expect("seconds") > 0);
    world.finish().await;
}
