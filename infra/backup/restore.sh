#!/usr/bin/env bash
# Puts a backup in the place of a service's database, in the cluster that kubectl points to. The service is stopped
# meanwhile. What happened after the backup is lost to that service: docs/RUNBOOK.md says what to look at afterwards.
#
#   infra/backup/restore.sh ticketing auth                          the latest backup
#   infra/backup/restore.sh ticketing auth 2026-11-22T03-17-05Z     that one
#   infra/backup/restore.sh --yes …                                 without asking
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
[ $# -ge 2 ] && [ $# -le 3 ] || fail "say which namespace, service and backup: infra/backup/restore.sh <namespace> <service> [<time>]"
namespace="$1"
service="$2"
backup="${3:-latest}"
for tool in kubectl jq; do command -v "$tool" > /dev/null || fail "$tool is missing; install it"; done

ask() { kubectl --namespace "$namespace" "$@"; }

cron_job="$(ask get cronjob "backup-$service" --output json)" ||
    fail "there is no backup-$service in $namespace; is components/backup part of it?"
replicas="$(ask get deployment "$service" --output 'jsonpath={.spec.replicas}')"
# It was stopped already, by a restore that failed.
[ "$replicas" -gt 0 ] || replicas=2

if [ -z "$yes" ]; then
    read -r -p "This replaces the database of $service in $namespace by the backup '$backup'. Type '$service' to go on: " answer
    [ "$answer" = "$service" ] || fail "nothing was done"
fi

job="restore-$service-$(date -u +%Y%m%d%H%M%S)"
# The backup's own job the other way round: the bucket first, then the database.
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
ask scale deployment "$service" --replicas 0
ask wait pod --selector "app.kubernetes.io/name=$service" --for delete --timeout 120s

echo "restore: running $job"
jq --arg job "$job" --arg backup "$backup" "$restore" <<< "$cron_job" | ask create --filename -
outcome=failed
for ((look = 0; look < 1440; look++)); do
    status="$(ask get job "$job" --output 'jsonpath={.status.succeeded}/{.status.failed}')"
    case "$status" in
        1/*) outcome=restored && break ;;
        */[1-9]*) break ;;
    esac
    sleep 5
done
ask logs "job/$job" --all-containers || true
[ "$outcome" = restored ] ||
    fail "$job failed; $service stays stopped, so that nobody works on half a database. Try again, or start it: kubectl --namespace $namespace scale deployment $service --replicas $replicas"

echo "restore: starting $service"
ask scale deployment "$service" --replicas "$replicas"
ask rollout status "deployment/$service" --timeout 300s
echo "restore: $service has its database of '$backup'"
