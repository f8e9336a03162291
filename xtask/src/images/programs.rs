//! The programs of the images: static, as in the Dockerfile, so that they run where there is nothing else.

use std::path::PathBuf;

use super::names;
use crate::run::{Failed, output, program};
use crate::setup::ImageTools;
use crate::up::target;

/// As in the Dockerfile.
const RUSTFLAGS: &str = "-C target-feature=+crt-static";

/// How programs are compiled.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Profile {
    /// What is deployed: small.
    Image,
    /// For working on it: quick to build again.
    Dev,
}

impl Profile {
    fn name(self) -> &'static str {
        match self {
            Self::Image => "image",
            Self::Dev => "dev",
        }
    }

    fn folder(self) -> &'static str {
        match self {
            Self::Image => "image",
            Self::Dev => "debug",
        }
    }
}

/// Builds programs, and returns the folder that they lie in.
pub(crate) fn build(profile: Profile, chosen: &[&str], tools: &ImageTools) -> Result<PathBuf, Failed> {
    // The target is named although it is our own: so build scripts and macros are compiled as always.
    let host = output("rustc", &["--print", "host-tuple"])?;
    let mut arguments =
        vec!["auditable", "build", "--locked", "--profile", profile.name(), "--target", &host];
    // All packages, whichever programs are wanted: features are united over them, so nothing is compiled twice.
    arguments.extend(names().flat_map(|name| ["--package", name]));
    arguments.extend(chosen.iter().flat_map(|name| ["--bin", name]));
    eprintln!("\n=== cargo {}", arguments.join(" "));
    program(&tools.auditable.to_string_lossy(), &arguments, &[("RUSTFLAGS", RUSTFLAGS)])?;
    Ok(target()?.join(host).join(profile.folder()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::run::root;

    fn dockerfile() -> String {
        std::fs::read_to_string(root().join("infra/docker/Dockerfile")).unwrap()
    }

    #[test]
    fn the_dockerfile_compiles_with_the_same_flags() {
        assert!(dockerfile().contains(&format!("ENV RUSTFLAGS=\"{RUSTFLAGS}\"")));
    }

    #[test]
    fn the_dockerfile_compiles_the_same_programs() {
        let text = dockerfile();
        let (_, rest) = text.split_once("ENV PROGRAMS=\"").unwrap();
        let (list, _) = rest.split_once('"').unwrap();
        let packages: Vec<_> =
            list.split_whitespace().filter(|word| !["--package", "\\"].contains(word)).collect();
        assert_eq!(packages, names().collect::<Vec<_>>());
    }
}
