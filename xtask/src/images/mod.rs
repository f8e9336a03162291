//! `cargo xtask images` builds the programs' images without a registry; `cargo xtask image-keys` prints their keys.

mod build;
mod keys;
mod programs;

use servers::cluster::SERVICES;

use crate::run::TaskError;
use crate::setup;

pub(crate) use keys::print as print_keys;
pub(crate) use programs::Profile;

/// Size limit of an image: a node has to pull it before it can start the program.
const MAX_SIZE: u64 = 25 * 1024 * 1024;

/// The images to build, and the profile.
#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    /// The images; without a name, all of them.
    #[arg(value_parser = clap::builder::PossibleValuesParser::new(names()))]
    names: Vec<String>,

    /// The profile of the programs.
    #[arg(long, value_enum, default_value_t = Profile::Image)]
    profile: Profile,
}

impl Options {
    /// All images as they are deployed.
    pub(crate) fn all() -> Self {
        Self { names: Vec::new(), profile: Profile::Image }
    }
}

/// The programs that have an image.
pub(crate) fn names() -> impl Iterator<Item = &'static str> {
    SERVICES.iter().map(|service| service.name).chain(["stripe-sim"])
}

/// Builds images from the last stage of the Dockerfile.
pub(crate) fn run(options: &Options) -> Result<(), TaskError> {
    let containers = setup::containers()?;
    let tools = setup::image_tools()?;
    let chosen: Vec<_> = names()
        .filter(|name| options.names.is_empty() || options.names.iter().any(|one| one == name))
        .collect();
    let folder = programs::build(options.profile, &chosen, &tools)?;
    let mut built = Vec::new();
    for name in chosen {
        built.push(build::image(name, &folder.join(name), &containers, &tools)?);
    }
    println!("\n{:<34} {:>9}  contents", "image", "MiB");
    for image in &built {
        println!(
            "{:<34} {:>9.1}  {} packages: {}",
            image.tag,
            mebibytes(image.size),
            image.packages,
            image.sbom.display()
        );
    }
    let large: Vec<_> =
        built.iter().filter(|image| image.size >= MAX_SIZE).map(|image| image.tag.as_str()).collect();
    if options.profile == Profile::Image && !large.is_empty() {
        return Err(TaskError(format!("{} must be below {} MiB", large.join(", "), mebibytes(MAX_SIZE))));
    }
    Ok(())
}

#[expect(clippy::cast_precision_loss, reason = "one decimal is shown")]
fn mebibytes(bytes: u64) -> f64 {
    bytes as f64 / f64::from(1024 * 1024)
}
