//! `POST /api/users/signup`

use common::{Envelope, Event};
use futures::future::join_all;
use serde_json::json;

use crate::app::{PASSWORD, TestApp, credentials, token_in};

#[tokio::test]
async fn a_new_user_is_signed_in() {
    let app = TestApp::start().await;
    let body = credentials("  Ann@Example.com ", PASSWORD);
    let reply = app.service.anonymous().post("/api/users/signup", body).await;
    assert_eq!(reply.status, 201);
    assert_eq!((&reply.json["email"], &reply.json["verified"]), (&json!("Ann@Example.com"), &json!(false)));
    assert_eq!(reply.json.as_object().map(serde_json::Map::len), Some(3));
    assert_eq!(reply.header("cache-control"), "private, no-store");
    let cookie = reply.header("set-cookie");
    assert!(cookie.contains("; HttpOnly") && cookie.contains("; SameSite=Lax"), "{cookie}");
    let asked = app.current_user(&token_in(&reply).expect("a cookie")).await;
    assert_eq!(asked.json, json!({ "currentUser": reply.json }));
    let published = app.service.published().await;
    let [Envelope { event: Event::AccountChanged(account), version: 1, .. }] = published.as_slice() else {
        panic!("{published:?}");
    };
    assert_eq!((account.email.as_str(), account.verified), ("Ann@Example.com", false));
}

#[tokio::test]
async fn an_address_has_one_account_whatever_its_case() {
    let app = TestApp::start().await;
    app.sign_up("ann").await;
    let body = credentials("ANN@example.COM", "another vexed quartz");
    let reply = app.service.anonymous().post("/api/users/signup", body).await;
    assert_eq!((reply.status, reply.code()), (409, "email-taken"));
    assert_eq!(token_in(&reply), None);
}

#[tokio::test]
async fn of_twenty_simultaneous_sign_ups_with_one_address_one_succeeds() {
    let app = TestApp::start().await;
    let caller = app.service.anonymous();
    let race = (0..20).map(|_| caller.post("/api/users/signup", credentials("ann@example.com", PASSWORD)));
    let mut statuses: Vec<_> = join_all(race).await.iter().map(|reply| reply.status).collect();
    statuses.sort_unstable();
    assert_eq!(statuses[0], 201);
    assert_eq!(statuses[1..], [409; 19]);
}

#[tokio::test]
async fn every_error_is_named_by_its_field() {
    let app = TestApp::start().await;
    let rows = [
        (json!({}), vec!["email", "password"]),
        (json!({ "email": null, "password": null }), vec!["email", "password"]),
        (credentials("ann", "short"), vec!["email", "password"]),
        (credentials("ann", "password1"), vec!["email", "password"]),
        (credentials("ann@example.com", ""), vec!["password"]),
        (credentials("ann@example.com", "ann@example.com"), vec!["password"]),
        (credentials("ann@example.com", &"x1!".repeat(43)), vec!["password"]),
        (credentials("", PASSWORD), vec!["email"]),
        (credentials(&format!("ann@{}example.com", "a.".repeat(130)), PASSWORD), vec!["email"]),
        (json!({ "email": 1, "password": PASSWORD }), vec!["email"]),
        (json!({ "email": "ann@example.com", "password": { "$gt": "" } }), vec!["password"]),
        (json!({ "email": "ann@example.com", "password": PASSWORD, "admin": true }), vec!["admin"]),
    ];
    for (body, fields) in rows {
        let reply = app.service.anonymous().post("/api/users/signup", body.clone()).await;
        assert_eq!((reply.status, reply.code(), reply.fields()), (400, "not-valid", fields), "{body}");
        assert!(!String::from_utf8_lossy(&reply.body).contains(PASSWORD), "{body}");
    }
}
