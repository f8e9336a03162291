//! The programs of the images: static, as in the Dockerfile, for images without libraries.

use std::path::PathBuf;

use super::names;
use crate::run::{TaskError, output, program, target};
use crate::setup::ImageTools;

/// The flags of the Dockerfile.
const RUSTFLAGS: &str = "-C target-feature=+crt-static";

/// A cargo profile.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Profile {
    /// Small programs, for deployment.
    Image,
    /// Quick builds, for development.
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

/// Builds programs, and returns their folder.
pub(crate) fn build(profile: Profile, chosen: &[&str], tools: &ImageTools) -> Result<PathBuf, TaskError> {
    // With an explicit target the flags do not apply to build scripts and macros.
    let host = output("rustc", &["--print", "host-tuple"])?;
    let mut arguments =
        vec!["auditable", "build", "--locked", "--profile", profile.name(), "--target", &host];
    // All packages, whichever programs are chosen: with unified features, dependencies are compiled once.
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
