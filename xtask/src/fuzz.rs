//! `cargo xtask fuzz`: runs the fuzz targets, which take what callers without an account can send.

use std::fs;
use std::path::PathBuf;

use crate::run::{TaskError, cargo, program, programs, root, target, unusable};

/// How long each target runs in `cargo xtask test`: all together about a minute.
const SECONDS: u32 = 7;

/// An input that takes five seconds is a defect, too.
const LIMITS: [&str; 4] = ["-timeout=5", "-rss_limit_mb=2048", "-max_len=4096", "-verbosity=0"];

#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    /// A target of `crates/fuzz/targets`; without a name, all of them.
    target: Option<String>,
    /// How long each target runs.
    #[arg(long, default_value_t = SECONDS)]
    seconds: u32,
    /// Run the target once with this input.
    #[arg(long, requires = "target")]
    input: Option<PathBuf>,
}

impl Options {
    /// Every target, as long as in `cargo xtask test`.
    pub(crate) fn all() -> Self {
        Self { target: None, seconds: SECONDS, input: None }
    }
}

/// Builds the targets with the counters of the fuzzer, and runs them.
pub(crate) fn run(options: &Options) -> Result<(), TaskError> {
    let mut names = targets()?;
    if let Some(wanted) = &options.target {
        names.retain(|name| name == wanted);
    }
    if names.is_empty() {
        return Err(TaskError("there is no such target; crates/fuzz/targets has them".to_owned()));
    }
    build(&names)?;
    for name in names {
        // Found inputs are kept beside the build, so the next run starts with them; the seeds stay as they are.
        let folder = target()?.join("fuzz");
        let corpus = folder.join(&name);
        fs::create_dir_all(&corpus).map_err(unusable(&corpus))?;
        let time = format!("-max_total_time={}", options.seconds);
        let artifacts = format!("-artifact_prefix={}/", folder.display());
        let inputs = match &options.input {
            Some(input) => vec![input.to_string_lossy().into_owned()],
            None => vec![corpus.to_string_lossy().into_owned(), format!("crates/fuzz/seeds/{name}"), time],
        };
        let inputs = inputs.iter().map(String::as_str).chain([artifacts.as_str()]);
        let arguments: Vec<_> = inputs.chain(LIMITS).collect();
        eprintln!("\n=== fuzz target {name}");
        program(&programs(false)?.join(binary(&name)).to_string_lossy(), &arguments, &[])?;
    }
    Ok(())
}

/// The crates of others are those of the tests: the features of the whole workspace. The programs that have no entry point of
/// the fuzzer are not linked.
fn build(names: &[String]) -> Result<(), TaskError> {
    let wrapper = root().join("crates/fuzz/rustc-with-coverage.sh");
    let binaries: Vec<_> = names.iter().map(|name| binary(name)).collect();
    let mut arguments = vec!["build", "--workspace", "--exclude", "xtask", "--all-features", "--lib"];
    arguments.extend(binaries.iter().flat_map(|name| ["--bin", name]));
    cargo(&arguments, &[("RUSTC_WORKSPACE_WRAPPER", &wrapper.to_string_lossy())])
}

fn binary(name: &str) -> String {
    format!("fuzz-{}", name.replace('_', "-"))
}

/// The names of the targets.
fn targets() -> Result<Vec<String>, TaskError> {
    let folder = root().join("crates/fuzz/targets");
    let entries = fs::read_dir(&folder).map_err(unusable(&folder))?;
    let name = |entry: std::io::Result<fs::DirEntry>| {
        let path = entry.ok()?.path();
        Some(path.file_stem()?.to_str()?.to_owned())
    };
    let mut names: Vec<_> = entries.filter_map(name).collect();
    names.sort();
    Ok(names)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_target_is_a_program_and_has_seeds() {
        let manifest = fs::read_to_string(root().join("crates/fuzz/Cargo.toml")).unwrap();
        let names = targets().unwrap();
        assert!(names.len() > 5, "{names:?}");
        for name in names {
            let program = format!("name = \"{}\"\npath = \"targets/{name}.rs\"", binary(&name));
            assert!(manifest.contains(&program), "{name}");
            let seeds = fs::read_dir(root().join("crates/fuzz/seeds").join(&name)).unwrap();
            assert!(seeds.count() > 0, "{name}");
        }
    }
}
