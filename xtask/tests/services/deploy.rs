use super::script::{World, said};
use std::process::Output;

/// A namespace that runs two services, and the images that are to come.
fn world() -> World {
    let world = World::new();
    world.write("deployments", "auth 1\ntickets 7\n");
    world.write("images.json", r#"{"auth":"r/x/auth@sha256:11","tickets":"r/x/tickets@sha256:22"}"#);
    world
}

fn deploy(world: &World, asks: &[&str], environment: &[(&str, &str)]) -> Output {
    let images = world.path().join("images.json").display().to_string();
    let mut arguments = vec!["xtask/tests/services", "shop", images.as_str()];
    arguments.extend(asks);
    world.run("infra/deploy/deploy.sh", &arguments, "", environment)
}

fn undone(world: &World) -> Vec<String> {
    world.calls().into_iter().filter(|call| call.contains(" rollout undo ")).collect()
}

#[test]
fn images_are_deployed_by_digest_with_the_secret_that_pulls_them() {
    let world = world();
    let output = deploy(&world, &["true"], &[]);
    assert!(output.status.success(), "{}", said(&output));
    let applied = world.read("kustomization.yaml");
    assert!(
        applied.contains(r#"{name: ticketing/auth, newName: r/x/auth, digest: "sha256:11"}"#),
        "{applied}"
    );
    assert!(applied.contains(r#""value": [{"name": "registry"}]"#), "{applied}");
    let waited = world.calls().into_iter().filter(|call| call.contains("rollout status")).count();
    assert_eq!(waited, 2, "every workload is waited for");
}

#[test]
fn a_rollout_that_gets_stuck_is_put_back_and_what_did_not_change_is_left_alone() {
    let world = world();
    let output = deploy(&world, &["true"], &[("STUCK", "deployment.apps/auth")]);
    assert!(!output.status.success());
    assert_eq!(undone(&world), ["kubectl --namespace shop rollout undo deployment/auth --to-revision 1"]);
    assert!(said(&output).contains("shop has its former programs again"), "{}", said(&output));
}

#[test]
fn a_purchase_that_fails_puts_the_former_programs_back() {
    let world = world();
    let output = deploy(&world, &["false"], &[]);
    assert!(!output.status.success());
    assert_eq!(undone(&world).len(), 1);
}

#[test]
fn what_was_never_there_before_is_not_put_back() {
    let world = world();
    world.write("deployments", "");
    let output = deploy(&world, &["false"], &[]);
    assert!(!output.status.success());
    assert!(undone(&world).is_empty());
}

#[test]
fn nothing_is_deployed_while_an_image_is_not_known() {
    let world = world();
    world.write("images.json", r#"{"auth":"r/x/auth@sha256:11"}"#);
    let output = deploy(&world, &["true"], &[]);
    assert!(!output.status.success());
    assert!(said(&output).contains("image: ticketing/tickets:dev"), "{}", said(&output));
    assert!(!world.calls().iter().any(|call| call.starts_with("kubectl apply")));
}
