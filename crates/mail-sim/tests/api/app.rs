//! The harness: a simulator on its own sockets, and a mail client.

use std::sync::Arc;

use common::clock::SystemClock;
use common::{Ids, SharedClock, SystemEntropy};
use lettre::message::header::ContentType;
use lettre::message::{Attachment, MultiPart};
use lettre::{AsyncSmtpTransport, AsyncTransport, Message, Tokio1Executor};
use mail_sim::MailSim;
use reqwest::{Method, Response};
use serde_json::Value;
use tokio::net::TcpListener;
use tokio_util::sync::{CancellationToken, DropGuard};

pub(crate) struct TestApp {
    pub(crate) url: String,
    pub(crate) http: reqwest::Client,
    smtp: AsyncSmtpTransport<Tokio1Executor>,
    _stop: DropGuard,
}

impl TestApp {
    #[expect(clippy::disallowed_methods, reason = "the simulator ends with the test")]
    pub(crate) async fn start() -> Self {
        let clock: SharedClock = Arc::new(SystemClock);
        let sim = MailSim::new(Arc::clone(&clock), Ids::new(clock, Arc::new(SystemEntropy)));
        let [smtp, http] = [bind().await, bind().await];
        let url = format!("http://{}", http.local_addr().expect("an address"));
        let port = smtp.local_addr().expect("an address").port();
        let stop = CancellationToken::new();
        tokio::spawn(axum::serve(http, sim.router()).into_future());
        tokio::spawn(sim.serve_smtp(smtp, stop.clone()));
        let smtp = AsyncSmtpTransport::<Tokio1Executor>::builder_dangerous("127.0.0.1").port(port).build();
        Self { url, http: reqwest::Client::new(), smtp, _stop: stop.drop_guard() }
    }

    /// Sends an email with a link, and a file. Returns whether the server has accepted it.
    pub(crate) async fn send(&self, to: &str, subject: &str) -> bool {
        let text = "Open http://tickets.example/auth/verify?token=abc now.";
        let html = "<html><head></head><body><a href=\"http://tickets.example/\">Open</a></body></html>";
        let body = MultiPart::alternative_plain_html(text.to_owned(), html.to_owned());
        let calendar = ContentType::parse("text/calendar").expect("a media type");
        let file = Attachment::new("event.ics".to_owned()).body("BEGIN:VCALENDAR".to_owned(), calendar);
        let message = Message::builder()
            .from("Ticketing <no-reply@tickets.example>".parse().expect("a sender"))
            .to(to.parse().expect("a recipient"))
            .subject(subject)
            .message_id(Some("<1@tickets.example>".to_owned()))
            .multipart(MultiPart::mixed().multipart(body).singlepart(file));
        self.smtp.send(message.expect("an email")).await.is_ok()
    }

    pub(crate) async fn request(&self, method: Method, path: &str, body: &str) -> Response {
        let request = self.http.request(method, format!("{}{path}", self.url)).body(body.to_owned());
        request.send().await.expect("a reply")
    }

    pub(crate) async fn get(&self, path: &str) -> Response {
        self.request(Method::GET, path, "").await
    }

    pub(crate) async fn json(&self, path: &str) -> Value {
        let reply = self.get(path).await;
        assert_eq!(reply.status(), 200, "{path}");
        reply.json().await.expect("JSON")
    }
}

async fn bind() -> TcpListener {
    TcpListener::bind("127.0.0.1:0").await.expect("a port")
}
