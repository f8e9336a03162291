//! `cargo xtask lint`: linters of workflows, scripts, YAML and the Dockerfile.

use std::path::Path;

use crate::run::{TaskError, output, program, root};
use crate::setup;

const WORKFLOWS: &str = ".github/workflows";

/// Runs all linters, then fails if any of them found an error.
pub(crate) fn run() -> Result<(), TaskError> {
    let bin = setup::linters()?;
    let workflows = files(&[WORKFLOWS])?;
    let scripts = files(&["*.sh", ".ci/run", "xtask/tests/services/fakes"])?;
    let dockerfiles = files(&["*Dockerfile"])?;
    let yaml = files(&["*.yaml", "*.yml"])?;
    // actionlint runs shellcheck on the scripts of workflows.
    let shellcheck = format!("-shellcheck={}", bin.join("shellcheck").display());
    let lints: [(&str, Vec<&str>, &[String]); 7] = [
        ("yamllint", vec!["--strict", "--config-file", "infra/lint/yamllint.yaml"], &yaml),
        ("actionlint", vec!["-pyflakes=", &shellcheck], &workflows),
        ("zizmor", vec!["--offline", "--no-progress", "--quiet", "--persona=pedantic", ".github"], &[]),
        ("check-jsonschema", vec!["--quiet", "--builtin-schema=vendor.github-workflows"], &workflows),
        (
            "check-jsonschema",
            vec!["--quiet", "--builtin-schema=vendor.dependabot", ".github/dependabot.yml"],
            &[],
        ),
        ("hadolint", vec!["--failure-threshold=style"], &dockerfiles),
        ("shellcheck", vec!["--external-sources"], &scripts),
    ];
    let mut failures = Vec::new();
    for (linter, mut arguments, files) in lints {
        arguments.extend(files.iter().map(String::as_str));
        eprintln!("\n=== {linter}: {} files", files.len().max(1));
        if let Err(error) = check(&bin, linter, &arguments) {
            failures.push(error.to_string());
        }
    }
    if failures.is_empty() { Ok(()) } else { Err(TaskError(failures.join("\n"))) }
}

fn check(bin: &Path, linter: &str, arguments: &[&str]) -> Result<(), TaskError> {
    program(&bin.join(linter).to_string_lossy(), arguments, &[])
        .map_err(|_| TaskError(format!("{linter} found the errors above")))
}

/// The files of the repository that match one of the patterns. No match is an error: the linter would check nothing.
fn files(patterns: &[&str]) -> Result<Vec<String>, TaskError> {
    let mut arguments = vec!["ls-files", "--cached", "--others", "--exclude-standard", "--deduplicate", "--"];
    arguments.extend(patterns);
    let list = output("git", &arguments)?;
    // The list contains files whose removal is not committed.
    let exists = |name: &&str| root().join(name).is_file();
    let files: Vec<_> = list.lines().filter(exists).map(str::to_owned).collect();
    if files.is_empty() {
        Err(TaskError(format!("no file matches {}", patterns.join(", "))))
    } else {
        Ok(files)
    }
}
