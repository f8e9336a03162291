//! The pages.

use reqwest::Method;

use crate::app::TestApp;

#[tokio::test]
async fn an_email_is_read_in_a_frame_that_runs_nothing() {
    let app = TestApp::start().await;
    let empty = app.get("/").await.text().await.expect("a page");
    assert!(empty.contains("No email yet"), "{empty}");
    assert!(app.send("ann@example.com", "<b>Verify</b>").await);
    let list = app.get("/").await;
    let csp = list.headers()["content-security-policy"].to_str().expect("text").to_owned();
    assert!(csp.starts_with("default-src 'none'") && !csp.contains("script-src"), "{csp}");
    let list = list.text().await.expect("a page");
    assert!(list.contains("&#60;b&#62;Verify") && list.contains("ann@example.com"), "{list}");

    let page = app.get("/view/latest").await.text().await.expect("a page");
    assert!(page.contains("sandbox=\"allow-popups allow-popups-to-escape-sandbox\""), "{page}");
    assert!(page.contains("href=\"http://tickets.example/auth/verify?token=abc\""), "{page}");
    let html = app.get("/view/latest/html").await;
    let csp = html.headers()["content-security-policy"].to_str().expect("text").to_owned();
    assert!(csp.starts_with("default-src 'none'") && csp.contains("; sandbox allow-popups"), "{csp}");
    let html = html.text().await.expect("a page");
    assert!(html.contains("<head><base target=\"_blank\">"), "{html}");

    assert_eq!(app.get("/view/x").await.status(), 404);
    let cleared = app.request(Method::POST, "/clear", "").await.text().await.expect("a page");
    assert!(cleared.contains("No email yet"), "{cleared}");
}
