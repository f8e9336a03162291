//! Backups, and `infra/backup/restore.sh`.

use serde_json::json;

use super::environment;
use super::scripts::{FakeCluster, ScriptRun};

const SCRIPT: &str = "infra/backup/restore.sh";

fn cluster(outcome: &str) -> FakeCluster {
    let cluster = FakeCluster::empty();
    let production = environment("production");
    let job = production.find("CronJob", "backup-orders").expect("a backup of orders");
    cluster.put("cronjob.json", &job.0.to_string());
    cluster.put("outcome", outcome);
    let deployment = production.find("Deployment", "orders").expect("orders is deployed");
    cluster.put("deployment.json", &deployment.0.to_string());
    cluster.put("phase", "Succeeded");
    cluster
}

#[test]
fn every_database_has_a_backup() {
    let production = environment("production");
    for database in production
        .objects
        .iter()
        .filter(|one| one.labels().get("app.kubernetes.io/component") == Some(&"database"))
    {
        let service = database.name().split("-mongodb").next().unwrap_or_default();
        let backup = production.find("CronJob", &format!("backup-{service}"));
        let backup = backup.unwrap_or_else(|| panic!("{service} has no backup"));
        let env = backup.at("/spec/jobTemplate/spec/template/spec/initContainers/0/env/1");
        assert_eq!(env["valueFrom"]["secretKeyRef"]["name"], format!("{service}-database"));
        assert_eq!(
            backup.at("/spec/jobTemplate/spec/template/spec/containers/0/env/1"),
            &json!({"name": "SERVICE", "value": service})
        );
    }
}

/// Environment variables of a backup's containers, without their folders.
const VARIABLES: [(&str, &str); 5] = [
    ("STORE_URL", "mongodb://orders:p0@db/orders"),
    ("BUCKET", "backups"),
    ("NAMESPACE", "ticketing"),
    ("SERVICE", "orders"),
    ("KEEP", "30d"),
];

fn step(cluster: &FakeCluster, name: &str, backup: &str) -> ScriptRun {
    let variables = [&VARIABLES[..], &[("BACKUP", backup)]].concat();
    cluster.run(&format!("infra/k8s/components/backup/objects/{name}.sh"), &[], &variables)
}

#[test]
fn a_backup_is_restored() {
    let cluster = FakeCluster::empty();
    cluster.put("database", "sold once");
    assert!(step(&cluster, "dump", "").succeeded);
    let uploaded = step(&cluster, "upload", "").output;
    let name = uploaded.split_whitespace().find_map(|word| word.strip_suffix(".archive.gz")).expect("a name");

    for backup in ["latest", name] {
        cluster.put("database", "broken");
        assert!(step(&cluster, "download", backup).output.contains(name));
        assert!(step(&cluster, "load", backup).succeeded);
        assert_eq!(cluster.get("database"), "sold once");
    }
    let calls = cluster.get("calls");
    assert!(calls.contains("rclone delete --min-age 30d bucket:backups/ticketing/orders"), "{calls}");
    assert!(!calls.contains("p0"), "no password on a command line: {calls}");
}

#[test]
fn the_latest_backup_is_the_default_and_a_missing_one_is_an_error() {
    let cluster = FakeCluster::empty();
    let ran = step(&cluster, "download", "latest");
    assert!(!ran.succeeded && ran.output.contains("there is no backup 'latest' of orders"), "{}", ran.output);
    for day in ["2026-11-21", "2026-11-22", "2026-09-30"] {
        cluster.put(&format!("bucket-backups-ticketing-orders-{day}T03-17-00Z.archive.gz"), day);
    }
    assert!(step(&cluster, "download", "latest").output.contains("downloaded 2026-11-22"));
    assert_eq!(cluster.get("archive.gz"), "2026-11-22");
    let ran = step(&cluster, "download", "2026-11-20T03-17-00Z");
    assert!(!ran.succeeded && ran.output.contains("2026-09-30T03-17-00Z.archive.gz"), "{}", ran.output);
}

#[test]
fn a_restore_stops_the_service_and_reverses_the_backup_job() {
    let cluster = cluster("1/");
    let ran = cluster.run(SCRIPT, &["--yes", "ticketing", "orders", "2026-11-22T03-17-05Z"], &[]);
    assert!(
        ran.succeeded && ran.output.contains("orders has the database of '2026-11-22T03-17-05Z', recovered"),
        "{}",
        ran.output
    );

    let job = cluster.created("job.json");
    assert_eq!((job.kind(), job.api_version()), ("Job", "batch/v1"));
    let (first, second) =
        (job.at("/spec/template/spec/initContainers"), job.at("/spec/template/spec/containers"));
    assert_eq!(
        (&first[0]["name"], &first[0]["command"]),
        (&json!("bucket"), &json!(["sh", "/scripts/download.sh"]))
    );
    assert_eq!(
        (&second[0]["name"], &second[0]["command"]),
        (&json!("database"), &json!(["bash", "/scripts/load.sh"]))
    );
    let last = first[0]["env"].as_array().and_then(|env| env.last());
    assert_eq!(last, Some(&json!({"name": "BACKUP", "value": "2026-11-22T03-17-05Z"})));
    assert_eq!(
        job.pod_labels().get("app.kubernetes.io/name"),
        Some(&"backup"),
        "network policies select this label"
    );
    let all = first.as_array().into_iter().chain(second.as_array()).flatten().count();
    assert_eq!((all, job.at("/spec/backoffLimit")), (2, &json!(0)));

    let calls = cluster.get("calls");
    let at = |call: &str| calls.find(call).unwrap_or_else(|| panic!("no `{call}` in\n{calls}"));
    assert!(at("scale deployment orders --replicas 0") < at("create --filename"));
    assert!(at("create --filename") < at("exec deployment/tickets -- /service export-events"));
    assert!(at("attach pod/recover-orders-") < at("scale deployment orders --replicas 3"));
}

#[test]
fn a_restored_service_is_recovered_before_it_starts() {
    let cluster = cluster("1/");
    let ran = cluster.run(SCRIPT, &["--yes", "ticketing", "orders"], &[]);
    assert!(ran.succeeded, "{}", ran.output);
    let given = "an event of tickets\nan event of expiration\nan event of payments\n";
    assert_eq!(cluster.get("attached"), given);

    let production = environment("production");
    let template = production.find("Deployment", "orders").expect("orders is deployed");
    let template = template.at("/spec/template");
    let pod = cluster.created("pod.json");
    assert_eq!(
        pod.at("/metadata/labels"),
        &template["metadata"]["labels"],
        "network policies select these labels"
    );
    let (container, of_service) = (pod.at("/spec/containers/0"), &template["spec"]["containers"][0]);
    for same in ["image", "env", "envFrom", "securityContext"] {
        assert_eq!(container[same], of_service[same], "{same}");
    }
    assert_eq!(container["args"], json!(["recover", "--events", "-"]));
    assert_eq!((&container["stdin"], &container["stdinOnce"]), (&json!(true), &json!(true)));
    for absent in ["ports", "readinessProbe", "livenessProbe", "startupProbe", "lifecycle"] {
        assert!(container[absent].is_null(), "{absent}: requests must not reach this pod");
    }
    assert_eq!(pod.at("/spec/restartPolicy"), "Never");
}

#[test]
fn a_service_that_is_not_fully_recovered_stays_stopped() {
    let cluster = cluster("1/");
    cluster.put("phase", "Failed");
    let ran = cluster.run(SCRIPT, &["--yes", "ticketing", "orders"], &[]);
    assert!(!ran.succeeded && ran.output.contains("orders stays stopped"), "{}", ran.output);
    assert!(!cluster.get("calls").contains("--replicas 3"));
}

#[test]
fn after_a_restore_that_failed_the_service_stays_stopped() {
    let cluster = cluster("/1");
    let ran = cluster.run(SCRIPT, &["--yes", "ticketing", "orders"], &[]);
    assert!(!ran.succeeded && ran.output.contains("orders stays stopped"), "{}", ran.output);
    assert!(!cluster.get("calls").contains("--replicas 3"));
}

#[test]
fn nothing_is_done_without_a_yes() {
    let cluster = cluster("1/");
    let ran = cluster.run(SCRIPT, &["ticketing", "orders"], &[]);
    assert!(!ran.succeeded);
    assert!(!cluster.get("calls").contains("scale"), "{}", ran.output);
}
