use super::sandbox::{Sandbox, printed};
use std::process::Output;

const DOMAINS: [(&str, &str); 2] =
    [("DOMAIN", "tickets.example"), ("STAGING_DOMAIN", "tickets-staging.example")];

fn up(sandbox: &Sandbox, address: &str) -> Output {
    let environment = [("ADDRESS", address), ("POLL_SECONDS", "0")];
    sandbox.run("infra/digitalocean/up.sh", &[], "", &[&DOMAINS[..], &environment].concat())
}

fn down(sandbox: &Sandbox, answer: &str) -> Output {
    sandbox.run("infra/digitalocean/down.sh", &[], answer, &DOMAINS)
}

/// The calls that create, change or delete something.
fn changes(sandbox: &Sandbox) -> Vec<String> {
    let verbs = [" create ", " update ", " delete ", " install "];
    sandbox.calls().into_iter().filter(|call| verbs.iter().any(|verb| call.contains(verb))).collect()
}

#[test]
fn an_empty_account_becomes_a_cluster_with_a_domain_for_production_and_another_for_staging() {
    let sandbox = Sandbox::new();
    let output = up(&sandbox, "203.0.113.7");
    assert!(output.status.success(), "{}", printed(&output));
    let changes = changes(&sandbox);
    for command in [
        "doctl vpcs create",
        "doctl kubernetes cluster create ticketing",
        "doctl registry create",
        "doctl compute domain create",
    ] {
        assert!(changes.iter().any(|call| call.starts_with(command)), "{command}: {changes:#?}");
    }
    for (_, domain) in DOMAINS {
        let records = sandbox.read(&format!("records-{domain}"));
        assert!(records.contains(" A @ 203.0.113.7\n"), "{domain}: {records}");
    }
    assert_eq!(sandbox.read("namespaces"), "ticketing\nticketing-staging\n");
}

#[test]
fn existing_resources_are_not_changed() {
    let sandbox = Sandbox::new();
    up(&sandbox, "203.0.113.7");
    sandbox.calls();
    let output = up(&sandbox, "203.0.113.7");
    assert!(output.status.success(), "{}", printed(&output));
    assert_eq!(changes(&sandbox), Vec::<String>::new());
}

#[test]
fn a_domain_follows_the_load_balancer_to_another_address() {
    let sandbox = Sandbox::new();
    up(&sandbox, "203.0.113.7");
    up(&sandbox, "203.0.113.8");
    let records = sandbox.read("records-tickets.example");
    assert!(records.contains(" A @ 203.0.113.8\n") && !records.contains("203.0.113.7"), "{records}");
}

#[test]
fn the_key_that_creates_the_bucket_is_deleted_and_the_other_key_is_for_the_bucket_only() {
    let sandbox = Sandbox::new();
    let output = up(&sandbox, "203.0.113.7");
    let bucket = "ticketing-backups-tickets-example";
    assert_eq!(sandbox.read("keys"), format!("{bucket}\n"));
    let calls = sandbox.calls();
    let grant = format!("bucket={bucket};permission=readwrite");
    assert!(calls.iter().any(|call| call.contains(&grant)), "{calls:#?}");
    assert!(sandbox.read("applied").contains(&format!("hidden-{bucket}")), "the cluster has the key");
    let shown = printed(&output) + &calls.join("\n");
    assert!(!shown.contains("hidden-"), "no key is printed or on a command line");
}

#[test]
fn nothing_is_deleted_without_confirmation() {
    let sandbox = Sandbox::new();
    up(&sandbox, "203.0.113.7");
    sandbox.calls();
    let output = down(&sandbox, "yes\n");
    assert!(!output.status.success());
    assert_eq!(sandbox.calls(), Vec::<String>::new());
}

#[test]
fn everything_that_costs_money_is_deleted_except_for_the_backups() {
    let sandbox = Sandbox::new();
    up(&sandbox, "203.0.113.7");
    sandbox.calls();
    let output = down(&sandbox, "tickets.example\n");
    assert!(output.status.success(), "{}", printed(&output));
    for (_, domain) in DOMAINS {
        assert_eq!(sandbox.read(&format!("records-{domain}")), "");
    }
    assert_eq!(sandbox.read("vpcs"), "");
    assert!(!sandbox.path().join("cluster").exists() && !sandbox.path().join("registry").exists());
    assert_eq!(sandbox.read("keys"), "ticketing-backups-tickets-example\n");
}
