//! `cargo xtask bench`: measures the release build of the programs.

use std::path::{Path, PathBuf};

use crate::run::{BUILD_PROGRAMS, TaskError, cargo, output, program, program_in, programs, target, unusable};
use crate::setup;

#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    /// The measurements; without a name, all of them.
    names: Vec<String>,
    /// Measure browse, show, sell, order, purchase and sign-in in a few minutes.
    #[arg(long, conflicts_with = "names")]
    quick: bool,
    /// Write the quick figures to this file as JSON.
    #[arg(long, value_name = "FILE", requires = "quick")]
    json: Option<PathBuf>,
    /// Measure this revision in the same rounds, and print the ratios.
    #[arg(long, value_name = "REVISION", requires = "quick")]
    compare: Option<String>,
}

/// cargo's arguments to build the programs of the quick figures alone: each takes minutes to link.
const BUILD_QUICK: [&str; 6] = ["build", "--package", "ticketing", "--package", "bench", "--all-features"];

/// Builds the release programs and measures them.
pub(crate) fn run(options: &Options) -> Result<(), TaskError> {
    let needs_servers = |name: &String| name == "relay" || name.starts_with("cluster-");
    if !options.quick && (options.names.is_empty() || options.names.iter().any(needs_servers)) {
        setup::servers()?;
    }
    let baseline = options.compare.as_deref().map(build_baseline).transpose()?;
    // The bench starts the programs as processes. Built together, they share their dependencies.
    let programs_of = if options.quick { &BUILD_QUICK[..] } else { &BUILD_PROGRAMS[..] };
    cargo(&[programs_of, &["--release", "--quiet"]].concat(), &[])?;
    let mut arguments: Vec<_> = options.names.iter().map(String::as_str).collect();
    arguments.extend(options.quick.then_some("--quick"));
    let json = options.json.as_deref().map(Path::to_string_lossy);
    arguments.extend(json.as_deref().into_iter().flat_map(|file| ["--json", file]));
    let baseline = baseline.as_deref().map(Path::to_string_lossy);
    arguments.extend(baseline.as_deref().into_iter().flat_map(|file| ["--baseline", file]));
    program(&programs(true)?.join("bench").to_string_lossy(), &arguments, &[])
}

/// Builds the program of another revision. Returns its path.
fn build_baseline(revision: &str) -> Result<PathBuf, TaskError> {
    let commit = output("git", &["rev-parse", "--verify", &format!("{revision}^{{commit}}")])?;
    let folder = target()?.join("baseline").join(&commit);
    let built = folder.join(format!("ticketing{}", std::env::consts::EXE_SUFFIX));
    if built.is_file() {
        return Ok(built);
    }
    std::fs::create_dir_all(&folder).map_err(unusable(&folder))?;
    let checkout = folder.join("checkout");
    if checkout.exists() {
        // Left by a build that failed.
        program("git", &["worktree", "remove", "--force", &checkout.to_string_lossy()], &[])?;
    }
    program("git", &["worktree", "add", "--detach", &checkout.to_string_lossy(), &commit], &[])?;
    // Its dependencies are mostly those of this revision, so they share the target folder.
    let target_folder = target()?;
    let environment = [("CARGO_TARGET_DIR", target_folder.as_os_str())];
    let arguments = ["build", "--release", "--quiet", "--package", "ticketing", "--all-features"];
    program_in(&checkout, "cargo", &arguments, &environment)?;
    let program_of_it = programs(true)?.join(built.file_name().unwrap_or_default());
    std::fs::copy(&program_of_it, &built).map_err(unusable(&program_of_it))?;
    program("git", &["worktree", "remove", "--force", &checkout.to_string_lossy()], &[])?;
    Ok(built)
}
