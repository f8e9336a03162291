//! `POST /api/users/signin`

use serde_json::json;

use crate::app::{PASSWORD, TestApp, claims_of, credentials, token_in};

#[tokio::test]
async fn the_password_lets_its_owner_in_and_a_new_session_takes_the_place_of_the_one_that_was_there() {
    let app = TestApp::start().await;
    let first = app.sign_up("ann").await;
    let reply =
        app.with_token(&first).post("/api/users/signin", credentials(" ANN@example.com", PASSWORD)).await;
    assert_eq!((reply.status, &reply.json["email"]), (200, &json!("ann@example.com")));
    assert_eq!(reply.header("cache-control"), "private, no-store");
    let second = token_in(&reply).expect("a cookie");
    let (first_claims, second_claims) = (claims_of(&first), claims_of(&second));
    assert_eq!(first_claims.sub, second_claims.sub);
    assert_ne!(first_claims.sid, second_claims.sid);
    assert_eq!(app.current_user(&first).await.json, json!({ "currentUser": null }));
    assert_eq!(app.current_user(&second).await.json["currentUser"], reply.json);
    let elsewhere = token_in(&app.sign_in("ann", PASSWORD).await).expect("a cookie");
    for token in [second, elsewhere] {
        assert_eq!(app.current_user(&token).await.json["currentUser"], reply.json, "another browser");
    }
}

#[tokio::test]
async fn a_sign_up_while_signed_in_ends_the_session_that_was_there() {
    let app = TestApp::start().await;
    let ann = app.sign_up("ann").await;
    let body = credentials("bob@example.com", PASSWORD);
    assert_eq!(app.with_token(&ann).post("/api/users/signup", body).await.status, 201);
    assert_eq!(app.current_user(&ann).await.json, json!({ "currentUser": null }));
}

#[tokio::test]
async fn an_unknown_address_and_a_wrong_password_get_the_same_answer() {
    let app = TestApp::start().await;
    app.sign_up("ann").await;
    let mut answers = Vec::new();
    for (name, password) in [("ann", "wrong"), ("bob", PASSWORD), ("ann", &PASSWORD.repeat(100))] {
        let mut reply = app.sign_in(name, password).await;
        assert_eq!((reply.status, reply.code()), (401, "invalid-credentials"), "{name}");
        assert_eq!(token_in(&reply), None);
        reply.json["requestId"] = json!(null);
        answers.push(reply.json);
    }
    assert!(answers.windows(2).all(|pair| pair[0] == pair[1]), "{answers:?}");
}

#[tokio::test]
async fn a_password_may_be_composed_differently() {
    let app = TestApp::start().await;
    let body = credentials("ann@example.com", "caf\u{e9} vexed quartz");
    assert_eq!(app.service.anonymous().post("/api/users/signup", body).await.status, 201);
    assert_eq!(app.sign_in("ann", "cafe\u{301} vexed quartz").await.status, 200);
    assert_eq!(app.sign_in("ann", "cafe vexed quartz").await.status, 401);
    assert_eq!(app.sign_in("ann", " caf\u{e9} vexed quartz").await.status, 401);
}

#[tokio::test]
async fn what_cannot_be_an_account_is_not_valid() {
    let app = TestApp::start().await;
    let rows = [
        (json!({}), vec!["email", "password"]),
        (credentials("ann", ""), vec!["email", "password"]),
        (credentials("ann@example.com", ""), vec!["password"]),
        (credentials("", PASSWORD), vec!["email"]),
        (json!({ "email": { "$gt": "" }, "password": PASSWORD }), vec!["email"]),
        (json!({ "email": "ann@example.com", "password": ["x"] }), vec!["password"]),
    ];
    for (body, fields) in rows {
        let reply = app.service.anonymous().post("/api/users/signin", body.clone()).await;
        assert_eq!((reply.status, reply.fields()), (400, fields), "{body}");
    }
}

#[tokio::test]
async fn accounts_and_sessions_outlive_the_process() {
    let app = TestApp::start().await;
    let token = app.sign_up("ann").await;
    let app = app.restart().await;
    assert_eq!(app.current_user(&token).await.json["currentUser"]["email"], "ann@example.com");
    assert_eq!(app.sign_in("ann", PASSWORD).await.status, 200);
}
