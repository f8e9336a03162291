//! `/api/users/totp`, `POST /api/users/signin/factor` and `POST /api/users/reauthentication`

use std::time::Duration;

use runtime::testing::Reply;
use serde_json::{Value, json};
use totp_rs::{Builder, Secret, Totp};

use crate::app::{PASSWORD, TestApp, claims_of, credentials, token_in};

const ANN: &str = "ann@example.com";
const STEP: Duration = Duration::from_secs(30);
const NEW: &str = "another vexed quartz";

/// An authenticator app.
struct App(Totp);

impl App {
    fn new(begun: &Value) -> Self {
        let secret = begun["secret"].as_str().expect("a secret");
        let secret = Secret::try_from_base32(secret).expect("Base32");
        Self(Builder::new().with_secret(secret).build().expect("an app"))
    }

    fn code(&self, app: &TestApp) -> String {
        let seconds = app.service.context.clock.now().as_millis() / 1000;
        self.0.generate(u64::try_from(seconds).expect("a time")).to_string()
    }
}

fn outcome(reply: &Reply) -> (u16, &str) {
    (reply.status, reply.code())
}

async fn begin(app: &TestApp, session: &str) -> App {
    let reply = app.with_token(session).post("/api/users/totp", json!({ "password": PASSWORD })).await;
    assert_eq!(reply.status, 201, "{}", reply.json);
    assert!(reply.json["uri"].as_str().expect("an address").starts_with("otpauth://totp/Ticketing:ann"));
    App::new(&reply.json)
}

async fn confirm(app: &TestApp, session: &str, code: &str) -> Reply {
    app.with_token(session).post("/api/users/totp/confirm", json!({ "code": code })).await
}

/// Sets an authenticator app up, and returns it with its recovery codes.
async fn set_up(app: &TestApp, session: &str) -> (App, Vec<String>) {
    let phone = begin(app, session).await;
    let reply = confirm(app, session, &phone.code(app)).await;
    assert_eq!(reply.status, 200, "{}", reply.json);
    let codes = reply.json["recoveryCodes"].as_array().expect("codes").iter();
    // The code of the confirmation was used.
    app.service.clock.advance(STEP);
    (phone, codes.filter_map(Value::as_str).map(str::to_owned).collect())
}

/// The challenge of a sign-in with the right password.
async fn challenge(app: &TestApp) -> String {
    let reply = app.sign_in("ann", PASSWORD).await;
    assert_eq!(outcome(&reply), (401, "second-factor-required"));
    assert_eq!(token_in(&reply), None, "no cookie");
    reply.json["challenge"].as_str().expect("a challenge").to_owned()
}

async fn send(app: &TestApp, challenge: &str, code: &str) -> Reply {
    let body = json!({ "challenge": challenge, "code": code });
    app.service.anonymous().post("/api/users/signin/factor", body).await
}

#[tokio::test]
async fn a_sign_in_requires_a_code_once_an_app_is_confirmed() {
    let app = TestApp::start().await;
    let session = app.sign_up("ann").await;
    let phone = begin(&app, &session).await;
    assert_eq!(app.sign_in("ann", PASSWORD).await.status, 200, "not confirmed");
    assert_eq!(outcome(&confirm(&app, &session, "000000").await), (401, "invalid-code"));
    let reply = confirm(&app, &session, &phone.code(&app)).await;
    assert_eq!(reply.json["recoveryCodes"].as_array().map(Vec::len), Some(10));
    assert_eq!(
        app.emails_to(ANN).await.last().expect("a notice").subject,
        "A way to sign in was added to your account"
    );

    let reply = app.sign_in("ann", PASSWORD).await;
    assert_eq!(outcome(&reply), (401, "second-factor-required"));
    assert_eq!(reply.json["factors"], json!(["totp", "recovery-code"]));
    let waiting = challenge(&app).await;
    assert_eq!(outcome(&send(&app, &waiting, &phone.code(&app)).await), (401, "invalid-code"), "it was used");
    app.service.clock.advance(STEP);
    let reply = send(&app, &waiting, &phone.code(&app)).await;
    assert_eq!((reply.status, &reply.json["email"]), (200, &json!(ANN)));
    let session = token_in(&reply).expect("a cookie");
    assert_eq!(app.current_user(&session).await.json["currentUser"]["email"], ANN);
    app.service.clock.advance(STEP);
    assert_eq!(outcome(&send(&app, &waiting, &phone.code(&app)).await), (401, "challenge-expired"));
    let state = app.with_token(&session).get("/api/users/totp").await.json;
    assert_eq!((state["since"].is_string(), &state["recoveryCodesLeft"]), (true, &json!(10)));
}

#[tokio::test]
async fn each_recovery_code_signs_in_once_however_it_is_typed() {
    let app = TestApp::start().await;
    let (_, codes) = set_up(&app, &app.sign_up("ann").await).await;
    let typed = format!(" {} ", codes[0].to_uppercase().replace('-', " "));
    assert_eq!(send(&app, &challenge(&app).await, &typed).await.status, 200);
    assert_eq!(outcome(&send(&app, &challenge(&app).await, &codes[0]).await), (401, "invalid-code"));
    let reply = send(&app, &challenge(&app).await, &codes[1]).await;
    let state = app.with_token(&token_in(&reply).expect("a cookie")).get("/api/users/totp").await.json;
    assert_eq!(state["recoveryCodesLeft"], 8);
}

#[tokio::test]
async fn of_two_simultaneous_uses_of_a_code_one_signs_in() {
    let app = TestApp::start().await;
    let (phone, _) = set_up(&app, &app.sign_up("ann").await).await;
    let (first, second) = (challenge(&app).await, challenge(&app).await);
    let code = phone.code(&app);
    let (one, other) = tokio::join!(send(&app, &first, &code), send(&app, &second, &code));
    let mut statuses = [one.status, other.status];
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 401]);
}

#[tokio::test]
async fn a_challenge_ends_after_five_codes_five_minutes_or_any_change_of_credentials() {
    let app = TestApp::start().await;
    let session = app.sign_up("ann").await;
    let (phone, codes) = set_up(&app, &session).await;
    let expired = (401, "challenge-expired");
    let tried = challenge(&app).await;
    for _ in 0..5 {
        assert_eq!(outcome(&send(&app, &tried, "000000").await), (401, "invalid-code"));
    }
    assert_eq!(outcome(&send(&app, &tried, &phone.code(&app)).await), expired);

    let late = challenge(&app).await;
    app.service.clock.advance(Duration::from_mins(5));
    assert_eq!(outcome(&send(&app, &late, &phone.code(&app)).await), expired);

    let before = challenge(&app).await;
    let change = json!({ "current": PASSWORD, "new": NEW });
    assert_eq!(app.with_token(&session).put("/api/users/password", change).await.status, 204);
    assert_eq!(outcome(&send(&app, &before, &codes[0]).await), expired);
    for garbage in ["", "x", &"A".repeat(64), &session] {
        let reply = send(&app, garbage, "000000").await;
        assert_eq!(outcome(&reply), expired, "{garbage}");
    }
}

#[tokio::test]
async fn wrong_codes_count_as_failed_sign_ins_which_the_password_alone_does_not_end() {
    let config = auth::Config { sign_in_failures_per_account: 6, ..auth::Config::default() };
    let app = TestApp::start_with(config).await;
    let (phone, _) = set_up(&app, &app.sign_up("ann").await).await;
    for _ in 0..2 {
        let challenge = challenge(&app).await;
        for _ in 0..3 {
            assert_eq!(outcome(&send(&app, &challenge, "000000").await), (401, "invalid-code"));
        }
    }
    assert_eq!(outcome(&app.sign_in("ann", PASSWORD).await), (429, "too-many-attempts"));
    app.service.clock.advance(Duration::from_mins(1));
    let waiting = challenge(&app).await;
    assert_eq!(send(&app, &waiting, &phone.code(&app)).await.status, 200);
    let next = challenge(&app).await;
    assert_eq!(outcome(&send(&app, &next, "000000").await), (401, "invalid-code"), "the count began anew");
}

#[tokio::test]
async fn an_app_is_replaced_once_the_new_one_is_confirmed_and_removed_with_the_password() {
    let app = TestApp::start().await;
    let session = app.sign_up("ann").await;
    let (old, codes) = set_up(&app, &session).await;
    let new = begin(&app, &session).await;
    assert_eq!(send(&app, &challenge(&app).await, &old.code(&app)).await.status, 200);
    assert_eq!(confirm(&app, &session, &new.code(&app)).await.status, 200);
    app.service.clock.advance(STEP);
    for void in [old.code(&app), codes[0].clone()] {
        assert_eq!(outcome(&send(&app, &challenge(&app).await, &void).await), (401, "invalid-code"));
    }
    assert_eq!(send(&app, &challenge(&app).await, &new.code(&app)).await.status, 200);

    let remove = |password: &str| {
        let body = json!({ "password": password });
        let caller = app.with_token(&session);
        async move { caller.request(axum::http::Method::DELETE, "/api/users/totp", Some(body)).await }
    };
    assert_eq!(outcome(&remove("wrong").await), (401, "invalid-credentials"));
    assert_eq!(remove(PASSWORD).await.status, 204);
    assert_eq!(remove(PASSWORD).await.status, 204);
    assert_eq!(app.sign_in("ann", PASSWORD).await.status, 200);
    assert_eq!(app.with_token(&session).get("/api/users/totp").await.json, json!({ "recoveryCodesLeft": 0 }));
}

#[tokio::test]
async fn a_reset_password_leaves_the_second_factor_in_force() {
    let app = TestApp::start().await;
    set_up(&app, &app.sign_up("ann").await).await;
    app.service.anonymous().post("/api/users/password/forgotten", json!({ "email": ANN })).await;
    let token = app.link_token(ANN).await;
    let reset = json!({ "token": token, "new": NEW });
    assert_eq!(app.service.anonymous().post("/api/users/password/reset", reset).await.status, 204);
    assert_eq!(outcome(&app.sign_in("ann", NEW).await), (401, "second-factor-required"));
}

#[tokio::test]
async fn credentials_change_within_ten_minutes_of_an_authentication() {
    let app = TestApp::start().await;
    let session = app.sign_up("ann").await;
    let phone = begin(&app, &session).await;
    app.service.clock.advance(Duration::from_mins(10));
    // 403 precedes the faults of the body.
    let reply = app.with_token(&session).post("/api/users/totp/confirm", json!({})).await;
    assert_eq!(outcome(&reply), (403, "reauthentication-required"));

    let path = "/api/users/reauthentication";
    let reauthenticate = async |body: Value| app.with_token(&session).post(path, body).await;
    assert_eq!(outcome(&reauthenticate(json!({ "password": "wrong" })).await), (401, "invalid-credentials"));
    assert_eq!(reauthenticate(json!({})).await.fields(), ["password"]);
    assert_eq!(reauthenticate(json!({ "password": PASSWORD })).await.status, 204);
    assert_eq!(confirm(&app, &session, &phone.code(&app)).await.status, 200);
    let anyone = app.service.anonymous().post(path, json!({ "password": PASSWORD })).await;
    assert_eq!(outcome(&anyone), (401, "not-signed-in"));

    // A right password in another request counts, too.
    app.service.clock.advance(Duration::from_mins(12));
    let fresh = token_in(&app.current_user(&session).await).expect("a token");
    let change = json!({ "current": PASSWORD, "new": NEW });
    assert_eq!(app.with_token(&fresh).put("/api/users/password", change).await.status, 204);
    assert_eq!(outcome(&confirm(&app, &fresh, "000000").await), (401, "invalid-code"));
}

#[tokio::test]
async fn a_new_browser_is_announced_and_a_known_one_is_not() {
    let app = TestApp::start().await;
    let signed_up = app.service.anonymous().post("/api/users/signup", credentials(ANN, PASSWORD)).await;
    let device = signed_up.headers.get_all("set-cookie").iter().filter_map(|cookie| cookie.to_str().ok());
    let device = device.filter_map(|cookie| cookie.split(';').next()).find(|one| one.starts_with("device="));
    let known = app.service.anonymous().header("cookie", device.expect("a cookie"));
    let firefox = "Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0";
    assert_eq!(known.post("/api/users/signin", credentials(ANN, PASSWORD)).await.status, 200);
    assert_eq!(app.emails_to(ANN).await.len(), 1, "the verification");
    let other = app.service.anonymous().header("user-agent", firefox);
    let reply = other.post("/api/users/signin", credentials(ANN, PASSWORD)).await;
    let notice = app.emails_to(ANN).await.pop().expect("a notice");
    assert!(notice.text.contains("Browser: Firefox on Linux."), "{}", notice.text);
    assert!(!claims_of(&token_in(&reply).expect("a cookie")).sid.to_string().is_empty());
}
