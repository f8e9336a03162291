use super::{files, images, read, root};
use std::collections::BTreeSet;
use std::fs;

/// The names of the images in a text: `ticketing/<name>:dev`.
fn named_in(text: &str) -> Vec<String> {
    let after = text.split("ticketing/").skip(1);
    after
        .filter_map(|rest| Some(rest.split_once(":dev")?.0))
        .filter(|name| is_name(name))
        .map(str::to_owned)
        .collect()
}

fn is_name(text: &str) -> bool {
    !text.is_empty() && text.chars().all(|c| c.is_ascii_lowercase() || c == '-')
}

#[test]
fn the_manifests_run_every_image_and_no_other() {
    let yaml = files(&root().join("infra/k8s"))
        .into_iter()
        .filter(|path| path.extension().is_some_and(|end| end == "yaml"));
    let named: BTreeSet<_> =
        yaml.flat_map(|path| named_in(&fs::read_to_string(path).expect("a file"))).collect();
    assert_eq!(named, images());
}

#[test]
fn an_image_is_found_in_a_manifest_and_in_a_patch() {
    assert_eq!(
        named_in("image: ticketing/auth:dev\nvalue: \"ticketing/stripe-sim:dev\"}\n"),
        ["auth", "stripe-sim"]
    );
    assert_eq!(named_in("image: registry/ticketing/x y:dev"), Vec::<String>::new());
}

fn alerts() -> BTreeSet<String> {
    let texts = files(&root().join("infra/k8s/components/monitoring"))
        .into_iter()
        .map(|path| fs::read_to_string(path).expect("a file"));
    let text = texts.collect::<Vec<_>>().join("\n");
    text.lines().filter_map(|line| line.trim().strip_prefix("- alert: ")).map(str::to_owned).collect()
}

#[test]
fn the_runbook_has_a_section_for_every_alert_and_no_other() {
    let runbook = read("docs/RUNBOOK.md");
    let (_, part) = runbook.split_once("\n## Alerts\n").expect("a part about alerts");
    let part = part.split("\n## ").next().expect("the part");
    let sections: BTreeSet<_> =
        part.lines().filter_map(|line| line.strip_prefix("### ")).map(str::to_owned).collect();
    assert_eq!(sections, alerts());
}
