#!/usr/bin/env bash
# Replaces a service's database by a backup, in kubectl's current cluster. The service is stopped meanwhile. Changes since
# the backup are lost: docs/RUNBOOK.md explains what to check afterwards.
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

echo "restore: starting $service"
k scale deployment "$service" --replicas "$replicas"
k rollout status "deployment/$service" --timeout 300s
echo "restore: $service has the database of '$backup'"
