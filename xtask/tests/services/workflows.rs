use super::{files, images, read, root};
use serde_json::Value;
use std::collections::BTreeSet;

/// All workflows: file name and parsed content.
fn workflows() -> Vec<(String, Value)> {
    let folder = root().join(".github/workflows");
    let names =
        files(&folder).into_iter().map(|path| path.file_name().expect("a name").display().to_string());
    names.map(|name| (name.clone(), super::yaml(&format!(".github/workflows/{name}")))).collect()
}

#[test]
fn a_matrix_of_images_contains_all_of_them() {
    let images = images();
    let mut seen = 0;
    for (workflow, parsed) in workflows() {
        for (job, definition) in parsed["jobs"].as_object().expect("jobs") {
            let Some(matrix) = definition["strategy"]["matrix"].as_object() else { continue };
            for list in matrix.values().filter_map(Value::as_array) {
                let names: BTreeSet<_> = list.iter().filter_map(Value::as_str).map(str::to_owned).collect();
                if !names.is_disjoint(&images) {
                    seen += 1;
                    assert_eq!(names, images, "the matrix of {job} in {workflow}");
                }
            }
        }
    }
    assert!(seen > 0, "the image scan has a matrix");
}

#[test]
fn the_deployment_builds_the_images_of_the_keys() {
    // The matrix is computed, not a list that could differ.
    let text = read(".github/workflows/deploy.yaml");
    assert!(text.contains("keys=$(cargo xtask image-keys)"));
    assert!(text.contains("infra/deploy/changed.sh \"$REGISTRY\" <<< \"$keys\""));
    assert!(text.contains("image: ${{ fromJSON(needs.plan.outputs.changed) }}"));
}

#[test]
fn every_action_is_pinned_with_its_version() {
    let mut unpinned = Vec::new();
    for (name, _) in workflows() {
        let text = read(&format!(".github/workflows/{name}"));
        let uses =
            text.lines().filter_map(|line| line.trim().trim_start_matches("- ").strip_prefix("uses: "));
        for action in uses.filter(|action| !action.starts_with("./")) {
            let (reference, comment) = action.split_once(" # v").unwrap_or((action, ""));
            let hash = reference.rsplit_once('@').map_or("", |(_, hash)| hash);
            if hash.len() != 40 || !hash.chars().all(|c| c.is_ascii_hexdigit()) || comment.is_empty() {
                unpinned.push(format!("{name}: {action}"));
            }
        }
    }
    assert!(unpinned.is_empty(), "\n{}", unpinned.join("\n"));
}

#[test]
fn permissions_are_granted_by_jobs_only() {
    for (name, parsed) in workflows() {
        assert!(
            parsed["permissions"].as_object().is_some_and(serde_json::Map::is_empty),
            "{name} begins with `permissions: {{}}`"
        );
        for (job, definition) in parsed["jobs"].as_object().expect("jobs") {
            assert!(definition["permissions"].is_object(), "{job} of {name} has `permissions`");
            let is_bounded = definition["timeout-minutes"].is_number() || definition["uses"].is_string();
            assert!(is_bounded, "{job} of {name} has `timeout-minutes`");
        }
    }
}
