//! Every route for every kind of caller.

use axum::http::Method;
use common::http::token::Claims;
use serde_json::json;

use crate::app::{PASSWORD, TestApp, claims_of, credentials};

/// A token signed with another key.
fn forged(genuine: &str) -> String {
    let claims: Claims = claims_of(genuine);
    let header = jsonwebtoken::decode_header(genuine).expect("a header");
    let pair =
        aws_lc_rs::signature::EcdsaKeyPair::generate(&aws_lc_rs::signature::ECDSA_P256_SHA256_FIXED_SIGNING);
    let pkcs8 = pair.expect("a key").to_pkcs8v1().expect("PKCS #8");
    let key = jsonwebtoken::EncodingKey::from_ec_der(pkcs8.as_ref());
    jsonwebtoken::encode(&header, &claims, &key).expect("a token")
}

#[tokio::test]
async fn every_route_answers_every_caller() {
    let app = TestApp::start().await;
    let token = app.sign_up("ann").await;
    let callers = [
        ("anonymous", app.service.anonymous()),
        ("forger", app.with_token(&forged(&token))),
        ("garbage", app.with_token("garbage")),
        ("ann", app.with_token(&token)),
    ];
    for (who, caller) in callers {
        let sign_up = credentials(&format!("{who}.again@example.com"), PASSWORD);
        let ann = credentials("ann@example.com", PASSWORD);
        let rows = [
            (Method::GET, "/api/users/currentuser", None, 200),
            (Method::GET, "/api/users/jwks.json", None, 200),
            (Method::POST, "/api/users/signup", Some(sign_up), 201),
            (Method::POST, "/api/users/signin", Some(ann), 200),
            (Method::POST, "/api/users/signout", None, 204),
            (Method::POST, "/api/users/signout", Some(json!({})), 204),
            (Method::DELETE, "/api/users/signin", None, 405),
            (Method::GET, "/api/users/signup/", None, 404),
        ];
        let asked = caller.get("/api/users/currentuser").await;
        let known = if who == "ann" { json!("ann@example.com") } else { json!(null) };
        assert_eq!(asked.json["currentUser"]["email"], known, "{who}");
        for (method, path, body, status) in rows {
            let reply = caller.request(method.clone(), path, body).await;
            assert_eq!(reply.status, status, "{who}: {method} {path}: {}", reply.json);
        }
    }
}

#[tokio::test]
async fn the_description_names_every_route_and_what_a_body_needs() {
    let app = TestApp::start().await;
    let reply = app.service.anonymous().get("/api/users/openapi.json").await;
    let mut paths: Vec<_> =
        reply.json["paths"].as_object().expect("paths").keys().map(String::as_str).collect();
    paths.sort_unstable();
    let all = [
        "activity",
        "currentuser",
        "email",
        "jwks.json",
        "password",
        "password/forgotten",
        "password/reset",
        "reauthentication",
        "sessions",
        "sessions/{id}",
        "signin",
        "signin/factor",
        "signout",
        "signup",
        "totp",
        "totp/confirm",
        "verification",
        "verify",
    ];
    assert_eq!(paths, all.map(|name| format!("/api/users/{name}")));
    let schemas = &reply.json["components"]["schemas"];
    assert_eq!(schemas["Credentials"]["required"], json!(["email", "password"]));
    assert_eq!(schemas["Credentials"]["properties"]["email"]["type"], "string");
    assert_eq!(schemas["CurrentUserBody"]["required"], json!(["currentUser"]));
}
