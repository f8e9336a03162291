use super::{files, read, root};
use std::collections::BTreeSet;
use std::fs;

fn alerts() -> BTreeSet<String> {
    let texts = files(&root().join("infra/k8s/components/monitoring"))
        .into_iter()
        .map(|path| fs::read_to_string(path).expect("a file"));
    let text = texts.collect::<Vec<_>>().join("\n");
    text.lines().filter_map(|line| line.trim().strip_prefix("- alert: ")).map(str::to_owned).collect()
}

#[test]
fn the_runbook_tells_what_to_do_about_every_alert_and_no_other() {
    let runbook = read("docs/RUNBOOK.md");
    let (_, part) = runbook.split_once("\n## Alerts\n").expect("a part about alerts");
    let part = part.split("\n## ").next().expect("the part");
    let told: BTreeSet<_> =
        part.lines().filter_map(|line| line.strip_prefix("### ")).map(str::to_owned).collect();
    assert_eq!(told, alerts());
}
