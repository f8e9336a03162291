use super::{image_keys, images, yaml};
use serde_json::Value;
use std::collections::BTreeSet;

fn artifacts() -> Vec<Value> {
    yaml("skaffold.yaml")["build"]["artifacts"].as_array().expect("artifacts").clone()
}

fn name(artifact: &Value) -> String {
    let image = artifact["image"].as_str().expect("an image");
    image.strip_prefix("ticketing/").expect("an image of the project").to_owned()
}

#[test]
fn skaffold_builds_every_image() {
    assert_eq!(artifacts().iter().map(name).collect::<BTreeSet<_>>(), images());
}

#[test]
fn skaffold_builds_each_image_from_the_program_of_its_name() {
    for artifact in artifacts() {
        let command = artifact["custom"]["buildCommand"].as_str().expect("a command");
        assert_eq!(command, format!("infra/docker/build.sh {}", name(&artifact)));
    }
}

#[test]
fn skaffold_builds_an_image_when_its_sources_have_changed() {
    let inputs = image_keys(&["--paths"]);
    for artifact in artifacts() {
        let name = name(&artifact);
        assert_eq!(
            artifact["custom"]["dependencies"]["paths"], inputs[&name],
            "the paths of {name} in skaffold.yaml"
        );
    }
}

#[test]
fn skaffold_deploys_existing_overlays() {
    let config = yaml("skaffold.yaml");
    let profiles = config["profiles"].as_array().expect("profiles").iter();
    for part in profiles.chain([&config]) {
        for path in part["manifests"]["kustomize"]["paths"].as_array().into_iter().flatten() {
            let path = path.as_str().expect("a path");
            assert!(super::root().join(path).join("kustomization.yaml").is_file(), "{path} is missing");
        }
    }
}
