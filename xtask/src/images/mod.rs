//! The programs' images: `cargo xtask images` builds them without a registry, `cargo xtask image-keys` names their
//! contents.

mod build;
mod inputs;
mod keys;
mod programs;

use servers::cluster::SERVICES;

use crate::run::Failed;
use crate::setup;

pub(crate) use keys::print as print_keys;
pub(crate) use programs::Profile;

/// What every image must stay below: it is pulled by each node that runs it, at the worst of times.
const LARGEST: u64 = 25 * 1024 * 1024;

/// Which images, and how.
#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    /// Which images; all of them if none is named.
    #[arg(value_parser = clap::builder::PossibleValuesParser::new(names()))]
    names: Vec<String>,

    /// How the programs are compiled.
    #[arg(long, value_enum, default_value_t = Profile::Image)]
    profile: Profile,
}

impl Options {
    /// Every image as it is deployed.
    pub(crate) fn all() -> Self {
        Self { names: Vec::new(), profile: Profile::Image }
    }
}

/// Every program that has an image.
pub(crate) fn names() -> impl Iterator<Item = &'static str> {
    SERVICES.iter().map(|service| service.name).chain(["stripe-sim"])
}

/// Builds images from the last stage of the Dockerfile.
pub(crate) fn run(options: &Options) -> Result<(), Failed> {
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
    println!("\n{:<34} {:>9}  made of", "image", "MiB");
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
        built.iter().filter(|image| image.size >= LARGEST).map(|image| image.tag.as_str()).collect();
    if options.profile == Profile::Image && !large.is_empty() {
        return Err(Failed(format!("{} must be below {} MiB", large.join(", "), mebibytes(LARGEST))));
    }
    Ok(())
}

#[expect(clippy::cast_precision_loss, reason = "one digit behind the point is shown")]
fn mebibytes(bytes: u64) -> f64 {
    bytes as f64 / f64::from(1024 * 1024)
}
