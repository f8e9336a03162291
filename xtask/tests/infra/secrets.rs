//! `infra/secrets/generate.sh` creates missing secrets only.

use std::collections::BTreeSet;

use super::scripts::FakeCluster;

const SCRIPT: &str = "infra/secrets/generate.sh";

const GIVEN: [(&str, &str); 8] = [
    ("STRIPE_SECRET_KEY", "sk_test_given"),
    ("STRIPE_PUBLISHABLE_KEY", "pk_test_given"),
    ("STRIPE_WEBHOOK_SECRET", "whsec_it's"),
    ("SMTP_URL", "smtps://ann:s3cret@mail.example:465"),
    ("BACKUP_BUCKET", "backups"),
    ("BACKUP_ENDPOINT", "nyc3.digitaloceanspaces.com"),
    ("BACKUP_ACCESS_KEY_ID", "id"),
    ("BACKUP_SECRET_ACCESS_KEY", "key"),
];

fn text(cluster: &FakeCluster, secret: &str, key: &str) -> String {
    cluster.created(&format!("secret-{secret}")).text(&format!("/stringData/{key}")).to_owned()
}

#[test]
fn a_development_environment_needs_no_variables() {
    let cluster = FakeCluster::empty();
    let ran = cluster.run(SCRIPT, &["check", "ticketing-dev"], &[]);
    assert!(
        !ran.succeeded && ran.output.contains("missing in ticketing-dev: auth-mongodb"),
        "{}",
        ran.output
    );
    assert!(!cluster.get("calls").contains("create"), "a check creates nothing");

    assert!(cluster.run(SCRIPT, &["ticketing-dev"], &[]).succeeded);
    let ran = cluster.run(SCRIPT, &["check", "ticketing-dev"], &[]);
    assert!(ran.succeeded && ran.output.contains("complete"), "{}", ran.output);
    assert!(text(&cluster, "stripe", "STRIPE_SECRET_KEY").starts_with("sk_test_p"));
    assert_eq!(text(&cluster, "mail", "SMTP_URL"), "smtp://mailpit:1025?tls=none");
}

#[test]
fn urls_contain_the_passwords_and_all_passwords_differ() {
    let cluster = FakeCluster::empty();
    assert!(cluster.run(SCRIPT, &["ticketing-dev"], &[]).succeeded);
    let mut passwords = BTreeSet::new();
    for service in ["auth", "tickets", "orders", "expiration", "payments", "notifications"] {
        let password = text(&cluster, &format!("{service}-mongodb"), "password");
        let url = text(&cluster, &format!("{service}-database"), "STORE_URL");
        assert!(
            url.starts_with(&format!(
                "mongodb://{service}:{password}@{service}-mongodb-0.{service}-mongodb:27017,"
            )),
            "{url}"
        );
        assert!(url.ends_with(&format!("/{service}?replicaSet=rs0")), "{url}");
        passwords.insert(text(&cluster, &format!("{service}-mongodb"), "root-password"));
        passwords.insert(password);
        let password = text(&cluster, &format!("{service}-nats"), "password");
        assert_eq!(
            text(&cluster, &format!("{service}-nats"), "BUS_URL"),
            format!("nats://{service}:{password}@nats:4222")
        );
        passwords.insert(password);
    }
    assert_eq!(passwords.len(), 18);
    for password in passwords {
        let is_random = password.len() == 49 && password.starts_with('p');
        assert!(is_random, "a letter and 24 random bytes");
    }
}

#[test]
fn existing_secrets_stay_and_no_value_is_printed() {
    let cluster = FakeCluster::empty();
    cluster.put("secret-auth-mongodb", "stringData:\n  password: 'p0ld'\n");
    let ran = cluster.run(SCRIPT, &["ticketing"], &GIVEN);
    assert!(ran.succeeded, "{}", ran.output);
    assert_eq!(text(&cluster, "auth-mongodb", "password"), "p0ld");
    assert!(text(&cluster, "auth-database", "STORE_URL").starts_with("mongodb://auth:p0ld@"));
    assert_eq!(text(&cluster, "stripe", "STRIPE_WEBHOOK_SECRET"), "whsec_it's");
    assert_eq!(text(&cluster, "backup", "BUCKET"), "backups");
    assert_eq!(text(&cluster, "mail", "SMTP_URL"), "smtps://ann:s3cret@mail.example:465");

    let first = cluster.get("secret-payments-nats");
    let again = cluster.run(SCRIPT, &["ticketing"], &[]);
    assert!(again.succeeded && !again.output.contains("created"), "{}", again.output);
    assert_eq!(cluster.get("secret-payments-nats"), first);
    let printed = ran.output + &again.output + &cluster.get("calls");
    for value in ["p0ld", "sk_test_given", "s3cret", &text(&cluster, "payments-nats", "password")] {
        assert!(!printed.contains(value), "{value} is in an output or on a command line");
    }
}

#[test]
fn production_is_not_created_in_part() {
    let cluster = FakeCluster::empty();
    for (given, words) in [
        (&GIVEN[..0], "set STRIPE_SECRET_KEY STRIPE_PUBLISHABLE_KEY STRIPE_WEBHOOK_SECRET"),
        (&GIVEN[..2], "set all of STRIPE_SECRET_KEY"),
        (&GIVEN[..3], "set SMTP_URL"),
        (&GIVEN[..4], "set BACKUP_BUCKET"),
    ] {
        let ran = cluster.run(SCRIPT, &["ticketing"], given);
        assert!(!ran.succeeded && ran.output.contains(words), "{}", ran.output);
        assert_eq!(cluster.get("secret-auth-mongodb"), "", "nothing was created");
    }
}

#[test]
fn databases_may_be_external() {
    let cluster = FakeCluster::empty();
    let url = "mongodb://doadmin:s3cret@db.example:27017/auth?tls=true";
    assert!(cluster.run(SCRIPT, &["ticketing-staging"], &[("AUTH_STORE_URL", url)]).succeeded);
    assert_eq!(text(&cluster, "auth-database", "STORE_URL"), url);
    assert!(text(&cluster, "orders-database", "STORE_URL").contains("orders-mongodb-0"));
}

#[test]
fn without_a_namespace_the_usage_is_printed() {
    for arguments in [&[][..], &["check"], &["a", "b"], &["--help", "a"]] {
        let ran = FakeCluster::empty().run(SCRIPT, arguments, &[]);
        assert!(!ran.succeeded && ran.output.contains("usage: infra/secrets/generate.sh"), "{}", ran.output);
    }
}
