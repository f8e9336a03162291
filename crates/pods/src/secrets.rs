//! The secrets of an environment, as `infra/secrets/generate.sh` makes them, with a folder in the cluster's place.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Command;

use crate::manifests::{parse, root};

use crate::PodsError;

/// Keeps what is created, and tells it again.
const KUBECTL: &str = r#"#!/usr/bin/env bash
set -euo pipefail
arguments="$*"
case "$arguments" in
    *"get secrets --output name") ls "$CLUSTER" | sed -n 's/^secret-/secret\//p' ;;
    *"create --filename -")
        text="$(cat)"
        name="$(sed -n 's/^  name: //p' <<< "$text")"
        cat > "$CLUSTER/secret-$name" <<< "$text"
        ;;
    *"get secret "*)
        name="${arguments#*get secret }"
        key="${arguments##*.data.}"
        sed -n "s/^  ${key%\}}: '\(.*\)'$/\1/p" "$CLUSTER/secret-${name%% *}" | tr -d '\n' | base64 -w 0
        ;;
esac
"#;

/// The simulator's own keys, as a developer would give them: tests ask it what became of the money.
const GIVEN: [(&str, &str); 3] = [
    ("STRIPE_SECRET_KEY", "sk_test_sim"),
    ("STRIPE_PUBLISHABLE_KEY", "pk_test_sim"),
    ("STRIPE_WEBHOOK_SECRET", "whsec_sim"),
];

/// By secret and key. `databases` are the addresses of databases that are managed elsewhere.
pub(crate) fn make(
    namespace: &str,
    databases: &[(String, String)],
) -> Result<BTreeMap<(String, String), String>, PodsError> {
    let folder = tempfile::tempdir().map_err(PodsError::file(&std::env::temp_dir()))?;
    let program = folder.path().join("kubectl");
    fs::write(&program, KUBECTL).map_err(PodsError::file(&program))?;
    fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).map_err(PodsError::file(&program))?;
    generate(namespace, databases, folder.path())?;
    read(folder.path())
}

fn generate(namespace: &str, databases: &[(String, String)], folder: &Path) -> Result<(), PodsError> {
    let path = format!("{}:{}", folder.display(), std::env::var("PATH").unwrap_or_default());
    let script = root().join("infra/secrets/generate.sh");
    let mut command = Command::new(&script);
    command.arg(namespace).env("PATH", path).env("CLUSTER", folder).envs(GIVEN);
    for (service, url) in databases {
        command.env(format!("{}_STORE_URL", service.to_uppercase()), url);
    }
    let program = script.display().to_string();
    let output = command.output().map_err(|error| PodsError::Run { program: program.clone(), error })?;
    let words = || String::from_utf8_lossy(&output.stderr).trim().to_owned();
    output
        .status
        .success()
        .then_some(())
        .ok_or_else(|| PodsError::Failed { command: program, words: words() })
}

fn read(folder: &Path) -> Result<BTreeMap<(String, String), String>, PodsError> {
    let mut secrets = BTreeMap::new();
    for entry in fs::read_dir(folder).map_err(PodsError::file(folder))? {
        let path = entry.map_err(PodsError::file(folder))?.path();
        if !path.file_name().is_some_and(|name| name.to_string_lossy().starts_with("secret-")) {
            continue;
        }
        let text = fs::read_to_string(&path).map_err(PodsError::file(&path))?;
        for secret in parse(&text).map_err(PodsError::Manifest)? {
            let data = secret.at("/stringData").as_object().into_iter().flatten();
            secrets.extend(data.map(|(key, value)| {
                ((secret.name().to_owned(), key.clone()), value.as_str().unwrap_or_default().to_owned())
            }));
        }
    }
    Ok(secrets)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_those_of_the_script() {
        let elsewhere = [("auth".to_owned(), "mongodb://elsewhere/auth".to_owned())];
        let secrets = make("ticketing-dev", &elsewhere).unwrap();
        let value = |name: &str, key: &str| secrets[&(name.to_owned(), key.to_owned())].clone();
        assert_eq!(value("auth-database", "STORE_URL"), "mongodb://elsewhere/auth");
        let password = value("tickets-nats", "password");
        assert_eq!(value("tickets-nats", "BUS_URL"), format!("nats://tickets:{password}@nats:4222"));
        assert_eq!(value("stripe", "STRIPE_WEBHOOK_SECRET"), "whsec_sim");
    }
}
