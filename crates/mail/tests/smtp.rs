//! The SMTP adapter against a real server on this machine.

use std::sync::Arc;

use common::clock::SystemClock;
use common::{Ids, SharedClock, SystemEntropy, Time};
use mail::{Attachment, MailOptions, Mailer, Message, SendError, SmtpMailer};
use mail_sim::{Faults, MailSim};
use tokio::net::TcpListener;
use tokio_util::sync::{CancellationToken, DropGuard};

struct Server {
    sim: MailSim,
    port: u16,
    _stop: DropGuard,
}

#[expect(clippy::disallowed_methods, reason = "the server ends with the test")]
async fn server() -> Server {
    let clock: SharedClock = Arc::new(SystemClock);
    let sim = MailSim::new(Arc::clone(&clock), Ids::new(clock, Arc::new(SystemEntropy)));
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let port = listener.local_addr().expect("an address").port();
    let stop = CancellationToken::new();
    tokio::spawn(sim.clone().serve_smtp(listener, stop.clone()));
    Server { sim, port, _stop: stop.drop_guard() }
}

fn mailer(url: &str) -> SmtpMailer {
    let options = MailOptions { smtp_url: url.into(), ..MailOptions::default() };
    SmtpMailer::new(&options).expect("a mailer")
}

fn message(number: u32) -> Message {
    Message {
        message_id: format!("{number}@localhost"),
        to: "ann@example.com".into(),
        date: "2026-11-22T10:00:00Z".parse::<Time>().expect("a time"),
        subject: "Grüße".into(),
        text: ".a line that begins with a dot\n".into(),
        html: "<p>ü</p>".into(),
        attachments: vec![Attachment {
            name: "event.ics".into(),
            media_type: "text/calendar".into(),
            bytes: b"BEGIN:VCALENDAR".to_vec(),
        }],
    }
}

#[tokio::test]
async fn an_email_arrives_whole_and_connections_are_reused() {
    let server = server().await;
    let mailer = mailer(&format!("smtp://127.0.0.1:{}", server.port));
    for number in 0..3 {
        assert_eq!(mailer.send(&message(number)).await, Ok(()));
    }
    let emails = server.sim.emails_to("ann@example.com");
    assert_eq!(emails.len(), 3);
    let email = &emails[0];
    assert_eq!((email.message_id.as_str(), email.subject.as_str()), ("2@localhost", "Grüße"));
    assert_eq!((email.text.trim(), email.html.trim()), (".a line that begins with a dot", "<p>ü</p>"));
    assert_eq!(email.return_path, "no-reply@localhost");
    assert_eq!(email.attachments[0].bytes, b"BEGIN:VCALENDAR");
}

#[tokio::test]
async fn each_failure_of_the_server_is_for_good_or_for_now() {
    let server = server().await;
    let mailer = mailer(&format!("smtp://127.0.0.1:{}", server.port));
    let send = async |faults| {
        server.sim.set_faults(faults);
        mailer.send(&message(1)).await
    };
    let rejected = send(Faults { reject: 1, ..Faults::default() }).await;
    assert_eq!(rejected, Err(SendError::Permanent("the mail server replied 550".into())));
    let deferred = send(Faults { defer: 1, ..Faults::default() }).await;
    assert_eq!(deferred, Err(SendError::Temporary("the mail server replied 451".into())));
    let dropped = send(Faults { drop: 1, ..Faults::default() }).await;
    assert_eq!(dropped, Err(SendError::Temporary("the mail server is unavailable".into())));
    assert!(server.sim.emails_to("ann@example.com").is_empty());
    assert_eq!(send(Faults::default()).await, Ok(()));
}

#[tokio::test]
async fn a_server_that_is_down_is_a_failure_for_now() {
    let port = server().await.port;
    let sent = mailer(&format!("smtp://127.0.0.1:{port}")).send(&message(1)).await;
    assert_eq!(sent, Err(SendError::Temporary("the mail server is unavailable".into())));
}

#[tokio::test]
async fn nothing_is_sent_without_tls_to_a_server_that_is_not_on_this_machine() {
    let server = server().await;
    // The address of every interface: it leads to the server on this machine, and is no loopback address.
    let sent = mailer(&format!("smtp://0.0.0.0:{}", server.port)).send(&message(1)).await;
    assert!(matches!(sent, Err(SendError::Temporary(_))), "{sent:?}");
    assert!(server.sim.emails_to("ann@example.com").is_empty());
    let plain = mailer(&format!("smtp://0.0.0.0:{}?tls=none", server.port)).send(&message(1)).await;
    assert_eq!(plain, Ok(()));
}

#[tokio::test]
async fn an_address_that_no_server_accepts_fails_for_good() {
    let server = server().await;
    let mailer = mailer(&format!("smtp://127.0.0.1:{}", server.port));
    let sent = mailer.send(&Message { to: "..ann..@example.com".into(), ..message(1) }).await;
    assert!(matches!(sent, Err(SendError::Permanent(_))), "{sent:?}");
}
