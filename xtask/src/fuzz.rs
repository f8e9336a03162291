//! `cargo xtask fuzz`: runs the fuzz targets, which take what callers without an account can send.

use std::fs;

use crate::run::{TaskError, program, root, target, unusable};
use crate::setup;

/// How long each target runs in `cargo xtask test`: all together about a minute.
const SECONDS: u32 = 7;

#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    /// A target of `fuzz/targets`; without a name, all of them.
    target: Option<String>,
    /// How long each target runs.
    #[arg(long, default_value_t = SECONDS)]
    seconds: u32,
}

impl Options {
    /// Every target, as long as in `cargo xtask test`.
    pub(crate) fn all() -> Self {
        Self { target: None, seconds: SECONDS }
    }
}

/// Builds the targets with the instrumentation of the fuzzer, and runs them.
///
/// The compiler is the stable one, so there is no sanitizer; our code has no `unsafe`.
pub(crate) fn run(options: &Options) -> Result<(), TaskError> {
    let cargo_fuzz = setup::cargo_fuzz()?;
    let cargo_fuzz = |command: &str, arguments: &[&str]| {
        eprintln!("\n=== cargo fuzz {command} {}", arguments.join(" "));
        let options = ["fuzz", command, "--dev", "--sanitizer", "none", "--no-cfg-fuzzing"];
        program(&cargo_fuzz.to_string_lossy(), &[&options[..], arguments].concat(), &[])
    };
    cargo_fuzz("build", &[])?;
    let mut targets = targets()?;
    if let Some(name) = &options.target {
        targets.retain(|target| target == name);
    }
    if targets.is_empty() {
        return Err(TaskError("there is no such target; fuzz/targets has them".to_owned()));
    }
    for name in targets {
        // Found inputs are kept beside the build, so the next run starts with them; the seeds stay as they are.
        let corpus = target()?.join("fuzz").join(&name);
        fs::create_dir_all(&corpus).map_err(unusable(&corpus))?;
        let (corpus, seeds) = (corpus.to_string_lossy(), format!("fuzz/seeds/{name}"));
        let time = format!("-max_total_time={}", options.seconds);
        // An input that takes five seconds is a defect, too.
        let limits =
            ["-timeout=5", "-rss_limit_mb=2048", "-max_len=4096", "-verbosity=0", "-print_final_stats=1"];
        cargo_fuzz("run", &[&[&name, &*corpus, &seeds, "--", &time][..], &limits].concat())?;
    }
    Ok(())
}

/// The names of the targets.
fn targets() -> Result<Vec<String>, TaskError> {
    let folder = root().join("fuzz/targets");
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
        let manifest = fs::read_to_string(root().join("fuzz/Cargo.toml")).unwrap();
        let names = targets().unwrap();
        assert!(names.len() > 5, "{names:?}");
        for name in names {
            assert!(manifest.contains(&format!("path = \"targets/{name}.rs\"")), "{name}");
            let seeds = fs::read_dir(root().join("fuzz/seeds").join(&name)).unwrap();
            assert!(seeds.count() > 0, "{name}");
        }
    }
}
