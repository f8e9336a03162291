//! The worker that sends pending emails: retries, crashes and replicas.

use std::sync::Arc;
use std::time::Duration;

use common::{Decision, Time};
use mail::testing::Recorder;
use mail::{EmailContext, EmailWorker, Kind, PendingEmails, Secret, SendError, SendsEmail};
use runtime::testing::TestService;
use runtime::{Service, ServiceContext, WakeSignal};
use serde::{Deserialize, Serialize};
use store::{Document, Index, Keys};
use uuid::Uuid;

const ANN: &str = "ann@example.com";

/// A document that causes emails.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Account {
    id: Uuid,
    version: u64,
    emails: PendingEmails,
}

impl Document for Account {
    const COLLECTION: &'static str = "accounts";
    const INDEXES: &'static [Index] = &[Index::one("due"), Index::one("failed")];

    fn id(&self) -> Uuid {
        self.id
    }

    fn version(&self) -> u64 {
        self.version
    }

    fn keys(&self) -> Keys {
        let keys = self.emails.due().map_or_else(Keys::none, |due| Keys::none().ordered("due", [due.into()]));
        match self.emails.failed_at() {
            Some(at) => keys.ordered("failed", [at.into()]),
            None => keys,
        }
    }
}

impl SendsEmail for Account {
    const BY_EMAIL_DUE: &'static str = "due";
    const BY_EMAIL_FAILED: &'static str = "failed";

    fn emails(&self) -> &PendingEmails {
        &self.emails
    }

    fn with_emails(&self, emails: PendingEmails) -> Decision<Self> {
        Decision::without_event(Self { version: self.version + 1, emails, ..self.clone() })
    }
}

/// A service with `replicas` workers on one database.
struct TestApp {
    service: TestService,
    mailer: Arc<Recorder>,
    mail: EmailContext,
    wake: Arc<WakeSignal>,
}

impl TestApp {
    async fn start(replicas: usize) -> Self {
        let (mailer, wake) = (Recorder::new(), Arc::<WakeSignal>::default());
        let mail = Arc::clone(&mailer).context();
        let worker = |context: &ServiceContext| {
            let (context, mail, wake) = (context.clone(), mail.clone(), Arc::clone(&wake));
            let ServiceContext { store, clock, ids, .. } = context;
            EmailWorker::<Account> { collection: store.collection(), context: mail, clock, ids, wake }
                .worker()
        };
        let service = TestService::start(|context| Service {
            workers: (0..replicas).map(|_| worker(context)).collect(),
            ..Service::new("mail", "/api/mail")
        });
        Self { service: service.await, mailer, mail: mail.clone(), wake }
    }

    fn now(&self) -> Time {
        self.service.context.clock.now()
    }

    /// Commits a new account with these emails.
    async fn cause(&self, kinds: impl IntoIterator<Item = Kind>) -> Account {
        let (ids, now) = (&self.service.context.ids, self.now());
        let add = |emails: PendingEmails, kind| emails.with(self.mail.email(kind, ANN, ids, now));
        let emails = kinds.into_iter().fold(PendingEmails::default(), add);
        let account = Decision::without_event(Account { id: ids.next(), version: 1, emails });
        let account = self.service.context.store.collection().commit(account).await.expect("a new document");
        self.wake.time_stored(now);
        account
    }

    async fn account(&self, id: Uuid) -> Account {
        self.service.settle().await;
        let found = self.service.context.store.collection().get(id).await;
        found.expect("the database answers").expect("the account")
    }

    async fn advance(&self, by: Duration) {
        self.service.clock.advance(by);
        self.service.settle().await;
    }
}

fn verification() -> Kind {
    Kind::VerifyAddress { token: Secret::new("token".into()) }
}

fn temporary() -> SendError {
    SendError::Temporary("the mail server replied 451".into())
}

#[tokio::test]
async fn each_email_of_a_document_is_sent_once() {
    let app = TestApp::start(1).await;
    let account = app.cause([verification(), Kind::PasswordChanged { at: app.now() }]).await;
    let after = app.account(account.id).await;
    assert!(after.emails.is_empty(), "{after:?}");
    assert_eq!(app.mailer.to(ANN).len(), 2);
    app.advance(Duration::from_hours(1)).await;
    assert_eq!(app.mailer.to(ANN).len(), 2);
}

#[tokio::test]
async fn an_email_that_fails_is_sent_later_under_the_same_message_id() {
    let app = TestApp::start(1).await;
    for _ in 0..3 {
        app.mailer.fail(temporary());
    }
    let account = app.cause([verification()]).await;
    let message_id = account.emails.pending()[0].message_id.clone();
    // At least 5, 10 and 20 seconds, at most twice as much.
    for (attempts, seconds) in [(1, 10), (2, 20), (3, 40)] {
        let pending = app.account(account.id).await.emails;
        assert_eq!(pending.pending()[0].attempts, attempts);
        assert!(app.mailer.to(ANN).is_empty());
        app.advance(Duration::from_secs(seconds)).await;
    }
    assert_eq!(app.mailer.to(ANN)[0].message_id, message_id);
    assert!(app.account(account.id).await.emails.is_empty());
}

#[tokio::test]
async fn an_email_whose_outcome_was_not_committed_is_sent_again_under_the_same_message_id() {
    let app = TestApp::start(0).await;
    let account = app.cause([verification()]).await;
    // The process has leased and sent the email, and crashed.
    let (leased, email) =
        account.emails.lease(app.now().after(Duration::from_mins(1)), app.now()).expect("due");
    app.service.context.store.collection().commit(account.with_emails(leased)).await.expect("leased");
    let TestApp { service, mailer, mail, wake } = app;
    let (clock, context) = service.stop().await;
    let ServiceContext { store, clock: shared, ids, .. } = context.clone();
    let worker = EmailWorker::<Account> {
        collection: store.collection(),
        context: mail.clone(),
        clock: shared,
        ids,
        wake: Arc::clone(&wake),
    };
    let service = Service { workers: vec![worker.worker()], ..Service::new("mail", "/api/mail") };
    let service = TestService::start_on(clock, context, service, None).await;
    let app = TestApp { service, mailer, mail, wake };
    app.advance(Duration::from_secs(59)).await;
    assert!(app.mailer.to(ANN).is_empty());
    app.advance(Duration::from_secs(1)).await;
    assert_eq!(app.mailer.to(ANN)[0].message_id, email.message_id);
}

#[tokio::test]
async fn of_several_replicas_one_sends_an_email() {
    let app = TestApp::start(4).await;
    for _ in 0..20 {
        app.cause([verification()]).await;
    }
    app.service.settle().await;
    app.advance(Duration::from_mins(2)).await;
    assert_eq!(app.mailer.to(ANN).len(), 20);
}

#[tokio::test]
async fn a_refused_email_is_kept_for_the_operator_and_never_sent_again() {
    let app = TestApp::start(1).await;
    app.mailer.fail(SendError::Permanent("the mail server replied 550".into()));
    let account = app.cause([verification()]).await;
    let failed = app.account(account.id).await.emails;
    assert_eq!((failed.failed().len(), failed.due()), (1, None));
    assert_eq!(failed.failed()[0].reason, "the mail server replied 550");
    app.advance(Duration::from_hours(24)).await;
    assert!(app.mailer.to(ANN).is_empty());
}

#[tokio::test]
async fn a_server_that_is_down_for_hours_delays_an_email_and_loses_none() {
    let app = TestApp::start(1).await;
    for _ in 0..12 {
        app.mailer.fail(temporary());
    }
    app.cause([verification()]).await;
    app.service.settle().await;
    for _ in 0..12 {
        app.advance(Duration::from_hours(1)).await;
    }
    assert_eq!(app.mailer.to(ANN).len(), 1);
}
