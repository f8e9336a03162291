//! Runs scripts of `infra` with fake tools, whose cluster is a folder.

use std::env;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::process::{Command, Stdio};

use ::pods::manifests::{Object, parse, root};
use tempfile::TempDir;

/// A folder with the state of a cluster, and fake tools that use it.
pub(crate) struct FakeCluster(TempDir);

/// The result of a script.
pub(crate) struct ScriptRun {
    pub(crate) succeeded: bool,
    /// Standard output and standard error.
    pub(crate) output: String,
}

impl FakeCluster {
    /// A cluster without objects.
    pub(crate) fn empty() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let kubectl = [("kubectl", include_str!("kubectl.sh"))].into_iter();
        let backup = ["mongodump", "mongorestore", "rclone"].map(|name| (name, include_str!("backup.sh")));
        for (name, text) in kubectl.chain(backup) {
            let program = folder.path().join(name);
            fs::write(&program, text).expect("a program");
            fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).expect("a program");
        }
        Self(folder)
    }

    /// Writes a file of the state.
    pub(crate) fn put(&self, name: &str, text: &str) {
        fs::write(self.0.path().join(name), text).expect("a file");
    }

    /// Reads a file of the state; empty if there is none.
    pub(crate) fn get(&self, name: &str) -> String {
        fs::read_to_string(self.0.path().join(name)).unwrap_or_default()
    }

    /// The object that the fake kubectl created in this file.
    pub(crate) fn created(&self, name: &str) -> Object {
        let objects = parse(&self.get(name)).expect("YAML");
        objects.into_iter().next().unwrap_or_else(|| panic!("{name} was not created"))
    }

    /// Runs a script of the repository with these environment variables.
    pub(crate) fn run(&self, script: &str, arguments: &[&str], variables: &[(&str, &str)]) -> ScriptRun {
        let path = env::join_paths(
            [self.0.path().to_owned()]
                .into_iter()
                .chain(env::split_paths(&env::var_os("PATH").unwrap_or_default())),
        );
        // With bash, as in pods: files of a mounted config map are not executable.
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
        let text = [output.stdout, output.stderr].concat();
        ScriptRun { succeeded: output.status.success(), output: String::from_utf8_lossy(&text).into_owned() }
    }
}
