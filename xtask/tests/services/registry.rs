use super::script::{World, said};

const KEYS: &str = r#"{"auth":"a1","tickets":"b2","orders":"c3"}"#;

#[test]
fn what_the_registry_does_not_hold_is_to_be_built() {
    let world = World::new();
    world.write("images", "r/x/auth:a1\nr/x/tickets:old\n");
    let output = world.run("infra/deploy/changed.sh", &["r/x"], KEYS, &[]);
    assert!(output.status.success(), "{}", said(&output));
    assert_eq!(String::from_utf8_lossy(&output.stdout).trim(), r#"["tickets","orders"]"#);
}

#[test]
fn nothing_is_to_be_built_when_all_is_there() {
    let world = World::new();
    world.write("images", "r/x/auth:a1\nr/x/tickets:b2\nr/x/orders:c3\n");
    let output = world.run("infra/deploy/changed.sh", &["r/x"], KEYS, &[]);
    assert_eq!(String::from_utf8_lossy(&output.stdout).trim(), "[]");
}

#[test]
fn images_are_referred_to_by_their_digests() {
    let world = World::new();
    world.write("images", "r/x/auth:a1\nr/x/tickets:b2\nr/x/orders:c3\n");
    let output = world.run("infra/deploy/references.sh", &["r/x"], KEYS, &[]);
    let references: serde_json::Value = serde_json::from_slice(&output.stdout).expect("JSON");
    for name in ["auth", "tickets", "orders"] {
        let reference = references[name].as_str().expect("a reference");
        let digest = reference.strip_prefix(&format!("r/x/{name}@sha256:")).expect("a digest");
        assert_eq!(digest.len(), 64);
    }
}

#[test]
fn an_image_that_is_not_there_cannot_be_referred_to() {
    let world = World::new();
    world.write("images", "r/x/auth:a1\n");
    let output = world.run("infra/deploy/references.sh", &["r/x"], KEYS, &[]);
    assert!(!output.status.success());
    assert!(said(&output).contains("deploy: r/x has no image of tickets under b2"), "{}", said(&output));
}
