use super::script::{World, said};
use std::process::Output;

fn up(world: &World, address: &str) -> Output {
    let environment = [("DOMAIN", "tickets.example"), ("ADDRESS", address), ("PAUSE", "0")];
    world.run("infra/digitalocean/up.sh", &[], "", &environment)
}

fn down(world: &World, answer: &str) -> Output {
    world.run("infra/digitalocean/down.sh", &[], answer, &[("DOMAIN", "tickets.example")])
}

/// Those of the calls that make, change or delete something.
fn changes(world: &World) -> Vec<String> {
    let verbs = [" create ", " update ", " delete ", " install "];
    world.calls().into_iter().filter(|call| verbs.iter().any(|verb| call.contains(verb))).collect()
}

#[test]
fn an_empty_account_becomes_a_cluster_under_a_name() {
    let world = World::new();
    let output = up(&world, "203.0.113.7");
    assert!(output.status.success(), "{}", said(&output));
    let changes = changes(&world);
    for made in [
        "doctl vpcs create",
        "doctl kubernetes cluster create ticketing",
        "doctl registry create",
        "doctl compute domain create",
    ] {
        assert!(changes.iter().any(|call| call.starts_with(made)), "{made}: {changes:#?}");
    }
    let records = world.read("records");
    assert!(
        records.contains(" A @ 203.0.113.7\n") && records.contains(" A staging 203.0.113.7\n"),
        "{records}"
    );
    assert_eq!(world.read("namespaces"), "ticketing\nticketing-staging\n");
}

#[test]
fn what_is_there_already_stays_as_it_is() {
    let world = World::new();
    up(&world, "203.0.113.7");
    world.calls();
    let output = up(&world, "203.0.113.7");
    assert!(output.status.success(), "{}", said(&output));
    assert_eq!(changes(&world), Vec::<String>::new());
}

#[test]
fn a_name_follows_the_load_balancer_to_another_address() {
    let world = World::new();
    up(&world, "203.0.113.7");
    up(&world, "203.0.113.8");
    let records = world.read("records");
    assert!(records.contains(" A @ 203.0.113.8\n") && !records.contains("203.0.113.7"), "{records}");
}

#[test]
fn the_key_that_makes_the_bucket_is_deleted_and_the_other_one_is_for_the_bucket_alone() {
    let world = World::new();
    let output = up(&world, "203.0.113.7");
    let bucket = "ticketing-backups-tickets-example";
    assert_eq!(world.read("keys"), format!("{bucket}\n"));
    let calls = world.calls();
    let grant = format!("bucket={bucket};permission=readwrite");
    assert!(calls.iter().any(|call| call.contains(&grant)), "{calls:#?}");
    assert!(world.read("applied").contains(&format!("hidden-{bucket}")), "the cluster is given the key");
    let told = said(&output) + &calls.join("\n");
    assert!(!told.contains("hidden-"), "no key is shown, or stands on a command line");
}

#[test]
fn nothing_is_deleted_without_the_domain_being_typed() {
    let world = World::new();
    up(&world, "203.0.113.7");
    world.calls();
    let output = down(&world, "yes\n");
    assert!(!output.status.success());
    assert_eq!(world.calls(), Vec::<String>::new());
}

#[test]
fn all_that_costs_is_deleted_but_the_backups() {
    let world = World::new();
    up(&world, "203.0.113.7");
    world.calls();
    let output = down(&world, "tickets.example\n");
    assert!(output.status.success(), "{}", said(&output));
    assert_eq!(world.read("records"), "");
    assert_eq!(world.read("vpcs"), "");
    assert!(!world.path().join("cluster").exists() && !world.path().join("registry").exists());
    assert_eq!(world.read("keys"), "ticketing-backups-tickets-example\n");
}
