//! Runs the scripts of `infra` against a cluster that is a folder.

use std::env;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::process::{Command, Stdio};

use ::pods::manifests::{Object, parse, root};
use tempfile::TempDir;

/// A cluster that is a folder, and tools that know it.
pub(crate) struct Cluster(TempDir);

/// What a script did.
pub(crate) struct Ran {
    pub(crate) succeeded: bool,
    /// Both of its outputs.
    pub(crate) said: String,
}

impl Cluster {
    /// Without anything in it.
    pub(crate) fn empty() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let tools = [("kubectl", include_str!("kubectl.sh"))].into_iter();
        let backup = ["mongodump", "mongorestore", "rclone"].map(|name| (name, include_str!("backup.sh")));
        for (name, text) in tools.chain(backup) {
            let program = folder.path().join(name);
            fs::write(&program, text).expect("a program");
            fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).expect("a program");
        }
        Self(folder)
    }

    /// Puts something where its `kubectl` looks for it.
    pub(crate) fn put(&self, name: &str, text: &str) {
        fs::write(self.0.path().join(name), text).expect("a file");
    }

    /// What was put there; empty if nothing was.
    pub(crate) fn get(&self, name: &str) -> String {
        fs::read_to_string(self.0.path().join(name)).unwrap_or_default()
    }

    /// The object that was made under this name of a file.
    pub(crate) fn made(&self, name: &str) -> Object {
        let objects = parse(&self.get(name)).expect("YAML");
        objects.into_iter().next().unwrap_or_else(|| panic!("{name} was not made"))
    }

    /// Runs a script of the repository with these variables.
    pub(crate) fn run(&self, script: &str, arguments: &[&str], variables: &[(&str, &str)]) -> Ran {
        let path = env::join_paths(
            [self.0.path().to_owned()]
                .into_iter()
                .chain(env::split_paths(&env::var_os("PATH").unwrap_or_default())),
        );
        // As pods run them: what a map is mounted as may not be run by itself.
        let output = Command::new("bash")
            .arg(root().join(script))
            .args(arguments)
            .env("PATH", path.expect("a path"))
            .env("CLUSTER", self.0.path())
            .env("DUMP", self.0.path())
            .env("TMPDIR", self.0.path())
            .envs(variables.iter().copied())
            .stdin(Stdio::null())
            .output()
            .expect("a script");
        let said = [output.stdout, output.stderr].concat();
        Ran { succeeded: output.status.success(), said: String::from_utf8_lossy(&said).into_owned() }
    }
}
