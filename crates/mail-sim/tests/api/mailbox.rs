//! Mailpit's API, and the faults.

use reqwest::Method;
use serde_json::json;

use crate::app::TestApp;

#[tokio::test]
async fn a_received_email_is_listed_found_and_read() {
    let app = TestApp::start().await;
    assert!(app.send("Ann <ann@example.com>", "First").await);
    assert!(app.send("bob@example.com", "Second").await);
    let all = app.json("/api/v1/messages").await;
    assert_eq!((&all["total"], &all["messages_count"], &all["start"]), (&json!(2), &json!(2), &json!(0)));
    assert_eq!(
        (&all["messages"][0]["Subject"], &all["messages"][1]["Subject"]),
        (&json!("Second"), &json!("First"))
    );

    let found = app.json("/api/v1/search?query=to:ANN@example.com").await;
    assert_eq!((&found["total"], &found["messages_count"]), (&json!(2), &json!(1)));
    let summary = &found["messages"][0];
    assert_eq!(summary["To"], json!([{ "Name": "Ann", "Address": "ann@example.com" }]));
    assert_eq!((&summary["Attachments"], &summary["MessageID"]), (&json!(1), &json!("1@tickets.example")));

    let id = summary["ID"].as_str().expect("an id");
    let email = app.json(&format!("/api/v1/message/{id}")).await;
    assert_eq!(email["From"], json!({ "Name": "Ticketing", "Address": "no-reply@tickets.example" }));
    assert!(email["Text"].as_str().is_some_and(|text| text.contains("token=abc")), "{email}");
    assert!(email["HTML"].as_str().is_some_and(|html| html.contains("<a href")), "{email}");
    let file = &email["Attachments"][0];
    assert_eq!((&file["FileName"], &file["ContentType"]), (&json!("event.ics"), &json!("text/calendar")));
    let part = file["PartID"].as_str().expect("a part");
    let reply = app.get(&format!("/api/v1/message/{id}/part/{part}")).await;
    assert_eq!(reply.headers()["content-type"], "text/calendar");
    assert_eq!(reply.text().await.expect("a file"), "BEGIN:VCALENDAR");
    let raw = app.get(&format!("/api/v1/message/{id}/raw")).await.text().await.expect("an email");
    assert!(raw.contains("Message-ID: <1@tickets.example>\r\n"), "{raw}");
    for path in ["/api/v1/message/x", "/api/v1/message/x/raw", &format!("/api/v1/message/{id}/part/99")] {
        assert_eq!(app.get(path).await.status(), 404, "{path}");
    }
}

#[tokio::test]
async fn pages_of_a_list_have_a_start_and_a_limit() {
    let app = TestApp::start().await;
    for number in 0..3 {
        assert!(app.send("ann@example.com", &format!("{number}")).await);
    }
    let page = app.json("/api/v1/messages?start=1&limit=1").await;
    assert_eq!((&page["count"], &page["messages_count"], &page["start"]), (&json!(1), &json!(3), &json!(1)));
    assert_eq!(page["messages"][0]["Subject"], "1");
}

#[tokio::test]
async fn emails_are_deleted_by_id_or_all() {
    let app = TestApp::start().await;
    for subject in ["one", "two", "three"] {
        assert!(app.send("ann@example.com", subject).await);
    }
    let all = app.json("/api/v1/messages").await;
    let body = json!({ "IDs": [all["messages"][1]["ID"]] }).to_string();
    assert_eq!(app.request(Method::DELETE, "/api/v1/messages", "{").await.status(), 400);
    let reply = app.request(Method::DELETE, "/api/v1/messages", &body).await;
    assert_eq!((reply.status().as_u16(), reply.text().await.expect("a text").as_str()), (200, "ok"));
    assert_eq!(app.json("/api/v1/search?query=subject:two").await["messages_count"], 0);
    assert_eq!(app.request(Method::DELETE, "/api/v1/messages", "").await.status(), 200);
    assert_eq!(app.json("/api/v1/messages").await["total"], 0);
}

#[tokio::test]
async fn faults_count_emails_and_end() {
    let app = TestApp::start().await;
    for fault in ["reject", "defer", "drop"] {
        let set = app.request(Method::POST, "/sim/faults", &json!({ fault: 1 }).to_string()).await;
        assert_eq!(set.status(), 200);
        assert!(!app.send("ann@example.com", "Lost").await, "{fault}");
        assert_eq!(app.json("/sim/faults").await[fault], 0);
        assert_eq!(app.json("/api/v1/messages").await["total"], 0, "{fault}");
        assert!(app.send("ann@example.com", "Found").await, "{fault}");
        app.request(Method::DELETE, "/api/v1/messages", "").await;
    }
    assert_eq!(app.request(Method::POST, "/sim/faults", r#"{"reject":5,"delayMs":1}"#).await.status(), 200);
    assert_eq!(app.request(Method::DELETE, "/sim/faults", "").await.status(), 204);
    assert!(app.send("ann@example.com", "Found").await);
    assert_eq!(app.request(Method::POST, "/sim/faults", r#"{"unknown":5}"#).await.status(), 400);
}
