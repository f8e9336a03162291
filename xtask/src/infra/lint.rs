//! Reads what the compiler does not: workflows, scripts, YAML, the Dockerfile.

use std::path::Path;

use crate::run::{Failed, output, program};
use crate::setup;

const WORKFLOWS: &str = ".github/workflows";

/// Runs every linter, and says afterwards which of them found something.
pub(crate) fn run() -> Result<(), Failed> {
    let bin = setup::linters()?;
    let workflows = files(&[WORKFLOWS])?;
    let scripts = files(&["*.sh", ".ci/run", "xtask/tests/services/fakes"])?;
    let dockerfiles = files(&["*Dockerfile"])?;
    let yaml = files(&["*.yaml", "*.yml"])?;
    // It knows scripts in workflows, too.
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
    let mut unhappy = Vec::new();
    for (linter, mut arguments, files) in lints {
        arguments.extend(files.iter().map(String::as_str));
        eprintln!("\n=== {linter}: {} files", files.len().max(1));
        if let Err(fault) = check(&bin, linter, &arguments) {
            unhappy.push(fault.to_string());
        }
    }
    if unhappy.is_empty() { Ok(()) } else { Err(Failed(unhappy.join("\n"))) }
}

fn check(bin: &Path, linter: &str, arguments: &[&str]) -> Result<(), Failed> {
    program(&bin.join(linter).to_string_lossy(), arguments, &[])
        .map_err(|_| Failed(format!("{linter} found what stands above")))
}

/// The files of the repository that match one of the patterns; at least one, or a linter would have nothing to say.
fn files(patterns: &[&str]) -> Result<Vec<String>, Failed> {
    let mut arguments = vec!["ls-files", "--cached", "--others", "--exclude-standard", "--deduplicate", "--"];
    arguments.extend(patterns);
    let list = output("git", &arguments)?;
    // What was removed and not committed yet is still listed.
    let there = |name: &&str| crate::run::root().join(name).is_file();
    let files: Vec<_> = list.lines().filter(there).map(str::to_owned).collect();
    if files.is_empty() { Err(Failed(format!("no file matches {}", patterns.join(", ")))) } else { Ok(files) }
}
