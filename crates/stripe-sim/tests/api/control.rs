//! The control page and its forms.

use reqwest::Method;

use crate::app::TestApp;

async fn page(app: &TestApp, path: &str) -> (u16, String) {
    let reply = app.http.get(format!("{}{path}", app.url)).send().await.expect("a page");
    let policy = reply.headers().get("content-security-policy").cloned();
    assert!(policy.is_some_and(|policy| policy.as_bytes().starts_with(b"default-src 'none'")), "{path}");
    (reply.status().as_u16(), reply.text().await.expect("text"))
}

/// Posts a form as a browser; returns the status and the redirect.
async fn submit(app: &TestApp, path: &str, fields: &[(&str, &str)]) -> (u16, String) {
    let response = app.call(Method::POST, path, &[("accept", "text/html,*/*")], fields).await;
    (response.status, response.header("location").unwrap_or_default().to_owned())
}

#[tokio::test]
async fn the_page_shows_payments_events_deliveries_and_the_balance() {
    let app = TestApp::delivering().await;
    app.receiver.reply_with([500]);
    let id = app.captured("pm_card_visa").await;
    app.wait_until_idle().await;
    let (status, overview) = page(&app, "/sim").await;
    assert_eq!(status, 200);
    for shown in [
        id.as_str(),
        "25.00 USD",
        "succeeded",
        "visa 4242",
        "charge.captured",
        "refused (500)",
        "accepted (200)",
        "no endpoint subscribes",
        "0.00 USD available, 25.00 USD pending",
    ] {
        assert!(overview.contains(shown), "{shown}");
    }
    let (_, payment) = page(&app, &format!("/sim/payment_intents/{id}")).await;
    for shown in ["balance_transaction", "payment_intent.succeeded", "Dispute"] {
        assert!(payment.contains(shown), "{shown}");
    }
    let event = app.get("/v1/events").await.body["data"][0]["id"].as_str().expect("an id").to_owned();
    let (_, event_page) = page(&app, &format!("/sim/events/{event}")).await;
    assert!(event_page.contains("payment_intent.succeeded") && event_page.contains("pending_webhooks"));
    for missing in ["/sim/payment_intents/pi_1", "/sim/events/evt_1"] {
        assert_eq!(page(&app, missing).await.0, 404);
    }
    let root = app.http.get(&app.url).send().await.expect("a reply");
    assert_eq!(
        (root.status().as_u16(), &root.headers()["location"]),
        (303, &"/sim".parse().expect("a header"))
    );
}

#[tokio::test]
async fn what_callers_wrote_is_shown_as_text() {
    let app = TestApp::start().await;
    let params = [("amount", "2500"), ("currency", "usd"), ("description", "<script>alert(1)</script>")];
    let id = app.post("/v1/payment_intents", &params).await.id();
    let (_, payment) = page(&app, &format!("/sim/payment_intents/{id}")).await;
    assert!(!payment.contains("<script") && payment.contains("alert(1)"));
}

#[tokio::test]
async fn the_form_sets_every_fault_and_clears_them() {
    let app = TestApp::start().await;
    let fields = [
        ("duplicate", "1"),
        ("drop", "2"),
        ("webhookDelayMs", "3"),
        ("reorder", "true"),
        ("failAfterCommit", "4"),
        ("failBefore", "5"),
        ("rateLimit", "6"),
        ("apiDelayMs", "7"),
        ("captureFails", "8"),
    ];
    assert_eq!(submit(&app, "/sim/control/faults", &fields).await, (303, "/sim".to_owned()));
    let faults = app.sim.faults().pending();
    let (webhooks, api) = (faults.webhooks, faults.api);
    assert_eq!((webhooks.duplicate, webhooks.drop, webhooks.delay_ms, webhooks.reorder), (1, 2, 3, true));
    assert_eq!((api.fail_after_commit, api.fail_before, api.rate_limit, api.delay_ms), (4, 5, 6, 7));
    assert_eq!(faults.capture_fails, 8);
    let (_, overview) = page(&app, "/sim").await;
    assert!(overview.contains(r#"name="captureFails" type="number" min="0" value="8""#), "{overview}");
    assert_eq!(submit(&app, "/sim/control/faults", &[("drop", "-1")]).await.0, 400);
    assert_eq!(submit(&app, "/sim/control/faults/clear", &[]).await.0, 303);
    assert_eq!(app.sim.faults().pending(), stripe_sim::Faults::default());
}

#[tokio::test]
async fn a_developer_disputes_decides_and_sends_again() {
    let app = TestApp::delivering().await;
    let id = app.captured("pm_card_visa").await;
    let payment = format!("/sim/payment_intents/{id}");
    let dispute = format!("/sim/charges/ch_{}00/dispute", &id[3..]);
    assert_eq!(submit(&app, &dispute, &[("reason", "duplicate")]).await, (303, payment.clone()));
    assert!(page(&app, &payment).await.1.contains("The shop wins"));
    let decide = format!("/sim/disputes/du_{}00/win", &id[3..]);
    assert_eq!(submit(&app, &decide, &[]).await, (303, payment));
    assert_eq!(app.get(&format!("/v1/disputes/du_{}00", &id[3..])).await.state(), "won");
    app.wait_until_idle().await;
    let event = app.get("/v1/events?type=payment_intent.created").await.body["data"][0]["id"].clone();
    let event = event.as_str().expect("an id");
    let before = app.receiver.received().len();
    assert_eq!(
        submit(&app, &format!("/sim/events/{event}/resend"), &[]).await,
        (303, format!("/sim/events/{event}"))
    );
    app.wait_until_idle().await;
    assert_eq!(app.receiver.received().len(), before + 1);
}

#[tokio::test]
async fn older_payments_and_events_stand_on_further_pages() {
    let app = TestApp::start().await;
    let mut ids = Vec::new();
    for _ in 0..25 {
        ids.push(app.create().await.id());
        app.clock.advance(std::time::Duration::from_secs(1));
    }
    let (_, first) = page(&app, "/sim").await;
    assert!(first.contains(&ids[24]) && first.contains(&ids[5]) && !first.contains(&ids[4]));
    let (_, second) =
        page(&app, &format!("/sim?payments_after={}&events_after=evt_{}00", ids[5], &ids[5][3..])).await;
    assert!(second.contains(&ids[4]) && second.contains(&ids[0]) && !second.contains(&ids[24]));
}

#[tokio::test]
async fn the_style_sheet_is_served() {
    let app = TestApp::start().await;
    let reply = app.http.get(format!("{}/sim/style.css", app.url)).send().await.expect("a reply");
    assert_eq!(reply.headers()["content-type"], "text/css; charset=utf-8");
}
