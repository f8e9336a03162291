use super::sandbox::{Sandbox, printed};
use std::process::Output;

const KEYS: &str = r#"{"auth":"a1","tickets":"b2","orders":"c3"}"#;

/// A namespace with two services, and their new images.
fn sandbox() -> Sandbox {
    let sandbox = Sandbox::new();
    sandbox.write("deployments", "auth 1\ntickets 7\n");
    sandbox.write("images.json", r#"{"auth":"r/x/auth@sha256:11","tickets":"r/x/tickets@sha256:22"}"#);
    sandbox
}

fn deploy(sandbox: &Sandbox, smoke_test: &[&str], environment: &[(&str, &str)]) -> Output {
    let images = sandbox.path().join("images.json").display().to_string();
    let mut arguments = vec!["xtask/tests/services", "shop", images.as_str()];
    arguments.extend(smoke_test);
    sandbox.run("infra/deploy/deploy.sh", &arguments, "", environment)
}

fn rollbacks(sandbox: &Sandbox) -> Vec<String> {
    sandbox.calls().into_iter().filter(|call| call.contains(" rollout undo ")).collect()
}

#[test]
fn images_are_deployed_by_digest_with_the_secret_that_pulls_them() {
    let sandbox = sandbox();
    let output = deploy(&sandbox, &["true"], &[]);
    assert!(output.status.success(), "{}", printed(&output));
    let applied = sandbox.read("kustomization.yaml");
    assert!(
        applied.contains(r#"{name: ticketing/auth, newName: r/x/auth, digest: "sha256:11"}"#),
        "{applied}"
    );
    assert!(applied.contains(r#""value": [{"name": "registry"}]"#), "{applied}");
    let rollouts = sandbox.calls().into_iter().filter(|call| call.contains("rollout status")).count();
    assert_eq!(rollouts, 2, "every workload is awaited");
}

#[test]
fn a_stuck_rollout_is_rolled_back_and_unchanged_deployments_are_not() {
    let sandbox = sandbox();
    let output = deploy(&sandbox, &["true"], &[("STUCK", "deployment.apps/auth")]);
    assert!(!output.status.success());
    assert_eq!(
        rollbacks(&sandbox),
        ["kubectl --namespace shop rollout undo deployment/auth --to-revision 1"]
    );
    assert!(printed(&output).contains("the former programs of shop were restored"), "{}", printed(&output));
}

#[test]
fn a_failed_smoke_test_rolls_back() {
    let sandbox = sandbox();
    let output = deploy(&sandbox, &["false"], &[]);
    assert!(!output.status.success());
    assert_eq!(rollbacks(&sandbox).len(), 1);
}

#[test]
fn a_first_deployment_is_not_rolled_back() {
    let sandbox = sandbox();
    sandbox.write("deployments", "");
    let output = deploy(&sandbox, &["false"], &[]);
    assert!(!output.status.success());
    assert!(rollbacks(&sandbox).is_empty());
}

#[test]
fn nothing_is_deployed_without_the_digest_of_every_image() {
    let sandbox = sandbox();
    sandbox.write("images.json", r#"{"auth":"r/x/auth@sha256:11"}"#);
    let output = deploy(&sandbox, &["true"], &[]);
    assert!(!output.status.success());
    assert!(printed(&output).contains("image: ticketing/tickets:dev"), "{}", printed(&output));
    assert!(!sandbox.calls().iter().any(|call| call.starts_with("kubectl apply")));
}

#[test]
fn images_missing_in_the_registry_are_built() {
    let sandbox = Sandbox::new();
    sandbox.write("images", "r/x/auth:a1\nr/x/tickets:old\n");
    let output = sandbox.run("infra/deploy/changed.sh", &["r/x"], KEYS, &[]);
    assert!(output.status.success(), "{}", printed(&output));
    assert_eq!(String::from_utf8_lossy(&output.stdout).trim(), r#"["tickets","orders"]"#);
}

#[test]
fn nothing_is_built_when_the_registry_has_all_images() {
    let sandbox = Sandbox::new();
    sandbox.write("images", "r/x/auth:a1\nr/x/tickets:b2\nr/x/orders:c3\n");
    let output = sandbox.run("infra/deploy/changed.sh", &["r/x"], KEYS, &[]);
    assert_eq!(String::from_utf8_lossy(&output.stdout).trim(), "[]");
}

#[test]
fn images_are_referenced_by_digest() {
    let sandbox = Sandbox::new();
    sandbox.write("images", "r/x/auth:a1\nr/x/tickets:b2\nr/x/orders:c3\n");
    let output = sandbox.run("infra/deploy/references.sh", &["r/x"], KEYS, &[]);
    let references: serde_json::Value = serde_json::from_slice(&output.stdout).expect("JSON");
    for name in ["auth", "tickets", "orders"] {
        let reference = references[name].as_str().expect("a reference");
        let digest = reference.strip_prefix(&format!("r/x/{name}@sha256:")).expect("a digest");
        assert_eq!(digest.len(), 64);
    }
}

#[test]
fn a_missing_image_cannot_be_referenced() {
    let sandbox = Sandbox::new();
    sandbox.write("images", "r/x/auth:a1\n");
    let output = sandbox.run("infra/deploy/references.sh", &["r/x"], KEYS, &[]);
    assert!(!output.status.success());
    assert!(
        printed(&output).contains("deploy: r/x has no image of tickets under b2"),
        "{}",
        printed(&output)
    );
}
