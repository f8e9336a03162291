//! Installs Debian's packages, where that is possible without asking anybody.

use std::path::Path;

use crate::run::{Failed, output, program};

/// Installs packages if this is Debian (or Ubuntu) and we are root; else `help` says what to do.
pub(crate) fn install(what: &str, packages: &[&str], help: &str) -> Result<(), Failed> {
    let is_root = output("id", &["-u"]).is_ok_and(|id| id == "0");
    if !is_root || !Path::new("/etc/debian_version").exists() {
        return Err(Failed(format!("{what} is missing; {help}")));
    }
    eprintln!("setup: installing {what} ({})", packages.join(", "));
    let fault = |fault| Failed(format!("{what} is missing, and could not be installed: {fault}; {help}"));
    // The lists of a fresh machine are empty or old.
    apt_get(&["update"]).map_err(fault)?;
    let mut arguments = vec!["install", "--yes", "--no-install-recommends"];
    arguments.extend(packages);
    apt_get(&arguments).map_err(fault)
}

fn apt_get(arguments: &[&str]) -> Result<(), Failed> {
    let mut all = vec!["-qq", "-o", "Dpkg::Use-Pty=0"];
    all.extend(arguments);
    program("apt-get", &all, &[("DEBIAN_FRONTEND", "noninteractive")])
}
