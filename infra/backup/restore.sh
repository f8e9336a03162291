#!/usr/bin/env bash
# Replaces a service's database by a backup, in kubectl's current cluster, and recovers it from the other services, which
# keep running. The service is stopped meanwhile. docs/RUNBOOK.md explains what is lost, and what to check afterwards.
#
#   infra/backup/restore.sh ticketing auth                          the latest backup
#   infra/backup/restore.sh ticketing auth 2026-11-22T03-17-05Z     the backup of this time
#   infra/backup/restore.sh --yes …                                 without confirmation
set -euo pipefail

fail() {
    echo "restore: $*" >&2
    exit 1
}

yes=
if [ "${1:-}" = --yes ]; then
    yes=1
    shift
fi
[ $# -ge 2 ] && [ $# -le 3 ] || fail "usage: infra/backup/restore.sh [--yes] <namespace> <service> [<time>]"
namespace="$1"
service="$2"
backup="${3:-latest}"
for tool in kubectl jq; do command -v "$tool" > /dev/null || fail "$tool is missing; install it"; done

k() { kubectl --namespace "$namespace" "$@"; }

cron_job="$(k get cronjob "backup-$service" --output json)" ||
    fail "there is no backup-$service in $namespace; is components/backup part of it?"
replicas="$(k get deployment "$service" --output 'jsonpath={.spec.replicas}')"
# A failed restore has stopped the service before.
[ "$replicas" -gt 0 ] || replicas=2

if [ -z "$yes" ]; then
    read -r -p "This replaces the database of $service in $namespace by the backup '$backup'. Type '$service' to continue: " answer
    [ "$answer" = "$service" ] || fail "not confirmed; nothing was changed"
fi

job="restore-$service-$(date -u +%Y%m%d%H%M%S)"
# The backup's job in reverse: first the bucket, then the database.
# shellcheck disable=SC2016
restore='.spec.jobTemplate
    | .apiVersion = "batch/v1"
    | .kind = "Job"
    | .metadata = {name: $job, labels: .spec.template.metadata.labels}
    | .spec.backoffLimit = 0
    | .spec.template.spec as $pod
    | .spec.template.spec.initContainers = [$pod.containers[0]
        | .command = ["sh", "/scripts/download.sh"]
        | .env += [{name: "BACKUP", value: $backup}]]
    | .spec.template.spec.containers = [$pod.initContainers[0]
        | .command = ["bash", "/scripts/load.sh"]]'

echo "restore: stopping $service"
k scale deployment "$service" --replicas 0
k wait pod --selector "app.kubernetes.io/name=$service" --for delete --timeout 120s

echo "restore: running $job"
jq --arg job "$job" --arg backup "$backup" "$restore" <<< "$cron_job" | k create --filename -
outcome=failed
# For two hours.
for ((poll = 0; poll < 1440; poll++)); do
    status="$(k get job "$job" --output 'jsonpath={.status.succeeded}/{.status.failed}')"
    case "$status" in
        1/*) outcome=restored && break ;;
        */[1-9]*) break ;;
    esac
    sleep 5
done
k logs "job/$job" --all-containers || true
[ "$outcome" = restored ] ||
    fail "$job failed; $service stays stopped, because its database may be incomplete. Retry, or start it: kubectl --namespace $namespace scale deployment $service --replicas $replicas"

# A restored database must not act on its old state, so the other services' events come first.
case "$service" in
    auth) sources=() ;;
    notifications) sources=(auth) ;;
    orders) sources=(tickets expiration payments) ;;
    *) sources=(orders) ;;
esac
events="$(mktemp)"
trap 'rm -f "$events"' EXIT
for source in "${sources[@]}"; do
    echo "restore: exporting the events of $source"
    k exec "deployment/$source" -- /service export-events >> "$events"
done

pod="recover-$service-$(date -u +%Y%m%d%H%M%S)"
# A pod of the service without its ports, so that no request reaches the pod.
# shellcheck disable=SC2016
recover='.spec.template
    | {apiVersion: "v1", kind: "Pod", metadata: {name: $pod, labels: .metadata.labels}, spec: .spec}
    | .spec.restartPolicy = "Never"
    | del(.spec.topologySpreadConstraints)
    | .spec.containers[0] |= (del(.ports, .startupProbe, .readinessProbe, .livenessProbe, .lifecycle)
        | .resources.limits.memory = "2Gi"
        | if $stdin then .args = ["recover", "--events", "-"] | .stdin = true | .stdinOnce = true
          else .args = ["recover"] end)'
stdin=false
[ ${#sources[@]} -eq 0 ] || stdin=true

echo "restore: running $pod"
k get deployment "$service" --output json | jq --arg pod "$pod" --argjson stdin "$stdin" "$recover" | k create --filename -
if [ "$stdin" = true ]; then
    k wait "pod/$pod" --for condition=Ready --timeout 300s
    k attach "pod/$pod" --stdin < "$events"
fi
phase=
for ((poll = 0; poll < 1440; poll++)); do
    phase="$(k get pod "$pod" --output 'jsonpath={.status.phase}')"
    case "$phase" in Succeeded | Failed) break ;; esac
    sleep 5
done
k logs "pod/$pod" || true
[ "$phase" = Succeeded ] ||
    fail "$pod is $phase; $service stays stopped, because its database is not fully recovered. Read its log above and docs/RUNBOOK.md, then start it: kubectl --namespace $namespace scale deployment $service --replicas $replicas"
k delete pod "$pod"

echo "restore: starting $service"
k scale deployment "$service" --replicas "$replicas"
k rollout status "deployment/$service" --timeout 300s
echo "restore: $service has the database of '$backup', recovered"
