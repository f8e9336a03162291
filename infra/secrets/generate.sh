#!/usr/bin/env bash
# Makes the secrets of an environment, with fresh random values, in the cluster that kubectl points to. What is there
# already stays as it is. No value is printed, and none is on a command line.
#
#   infra/secrets/generate.sh ticketing-dev          makes what is missing
#   infra/secrets/generate.sh check ticketing-dev    names what is missing, and fails if anything is
#
# What only you can know comes from the environment:
#   STRIPE_SECRET_KEY, STRIPE_PUBLISHABLE_KEY, STRIPE_WEBHOOK_SECRET
#     needed in production; namespaces that end in -dev or -staging get keys for the simulator otherwise
#   BACKUP_BUCKET, BACKUP_ENDPOINT, BACKUP_ACCESS_KEY_ID, BACKUP_SECRET_ACCESS_KEY
#     where backups go, such as nyc3.digitaloceanspaces.com; needed in production
#   AUTH_STORE_URL, TICKETS_STORE_URL, …
#     where databases are that are managed elsewhere; otherwise those of this cluster are meant
set -euo pipefail
umask 077

SERVICES=(auth tickets orders expiration payments)

fail() {
    echo "secrets: $*" >&2
    exit 1
}

usage() {
    fail "say which namespace: infra/secrets/generate.sh [check] <namespace>"
}

check=
namespace=
for argument in "$@"; do
    case "$argument" in
        check | --check) check=1 ;;
        -*) usage ;;
        *)
            [ -z "$namespace" ] || usage
            namespace="$argument"
            ;;
    esac
done
[ -n "$namespace" ] || usage
command -v kubectl > /dev/null || fail "kubectl is missing; install it: https://kubernetes.io/docs/tasks/tools/"

is_production() {
    case "$namespace" in
        *-dev | *-staging) false ;;
        *) true ;;
    esac
}

# Every secret that the manifests name, but for those that cert-manager makes.
wanted() {
    for service in "${SERVICES[@]}"; do
        echo "$service-mongodb"
        echo "$service-database"
        echo "$service-nats"
    done
    echo nats-cluster
    echo stripe
    if is_production; then echo backup; fi
}

if [ -z "$check" ] && ! kubectl get namespace "$namespace" > /dev/null 2>&1; then
    kubectl create namespace "$namespace" > /dev/null || fail "the namespace $namespace could not be made"
fi

present() {
    kubectl --namespace "$namespace" get secrets --output name || fail "the cluster cannot be asked for its secrets"
}

existing="$(present)"

is_there() {
    grep -qx "secret/$1" <<< "$existing"
}

missing() {
    while read -r name; do
        is_there "$name" || echo "$name"
    done < <(wanted)
}

if [ -n "$check" ]; then
    names="$(missing)"
    [ -z "$names" ] || fail "missing in $namespace: ${names//$'\n'/, }; make them with infra/secrets/generate.sh $namespace"
    echo "secrets: all there in $namespace"
    exit
fi

# It begins with a letter, since NATS takes what begins with a digit for a number.
password() {
    printf 'p%s' "$(od -An -N24 -tx1 /dev/urandom | tr -d ' \n')"
}

# create <name> <key> <value>...
create() {
    local name="$1"
    shift
    {
        printf 'apiVersion: v1\nkind: Secret\nmetadata:\n  name: %s\n  labels: {app.kubernetes.io/part-of: ticketing}\nstringData:\n' "$name"
        while [ $# -gt 0 ]; do
            # As YAML writes anything between single quotes.
            printf "  %s: '%s'\n" "$1" "${2//\'/\'\'}"
            shift 2
        done
    } | kubectl --namespace "$namespace" create --filename - > /dev/null || fail "$name could not be made"
    echo "secrets: made $name"
}

# value <secret> <key>
value() {
    kubectl --namespace "$namespace" get secret "$1" --output "jsonpath={.data.$2}" | base64 --decode
}

# given <variable>...: whether all are set; some of them are a mistake.
given() {
    local set=0 variable
    for variable in "$@"; do [ -z "${!variable:-}" ] || set=$((set + 1)); done
    [ "$set" -eq 0 ] || [ "$set" -eq $# ] || fail "set all of $* or none"
    [ "$set" -gt 0 ]
}

STRIPE=(STRIPE_SECRET_KEY STRIPE_PUBLISHABLE_KEY STRIPE_WEBHOOK_SECRET)
BACKUP=(BACKUP_BUCKET BACKUP_ENDPOINT BACKUP_ACCESS_KEY_ID BACKUP_SECRET_ACCESS_KEY)

# Before anything is made: a half-made environment helps nobody.
if ! is_there stripe && ! given "${STRIPE[@]}" && is_production; then fail "set ${STRIPE[*]}: $namespace takes real payments"; fi
if ! is_there backup && ! given "${BACKUP[@]}" && is_production; then fail "set ${BACKUP[*]}: $namespace needs backups"; fi

for service in "${SERVICES[@]}"; do
    database="$service-mongodb"
    if ! is_there "$database"; then
        create "$database" root-password "$(password)" password "$(password)" keyfile "$(password)$(password)"
    fi
    if ! is_there "$service-database"; then
        elsewhere="$(tr '[:lower:]' '[:upper:]' <<< "$service")_STORE_URL"
        hosts="$database-0.$database:27017,$database-1.$database:27017,$database-2.$database:27017"
        own="mongodb://$service:$(value "$database" password)@$hosts/$service?replicaSet=rs0"
        create "$service-database" STORE_URL "${!elsewhere:-$own}"
    fi
    if ! is_there "$service-nats"; then
        password="$(password)"
        create "$service-nats" password "$password" BUS_URL "nats://$service:$password@nats:4222"
    fi
done
is_there nats-cluster || create nats-cluster password "$(password)"

if ! is_there stripe; then
    if given "${STRIPE[@]}"; then
        create stripe STRIPE_SECRET_KEY "$STRIPE_SECRET_KEY" STRIPE_PUBLISHABLE_KEY "$STRIPE_PUBLISHABLE_KEY" \
            STRIPE_WEBHOOK_SECRET "$STRIPE_WEBHOOK_SECRET"
    else
        create stripe STRIPE_SECRET_KEY "sk_test_$(password)" STRIPE_PUBLISHABLE_KEY "pk_test_$(password)" \
            STRIPE_WEBHOOK_SECRET "whsec_$(password)"
    fi
fi
if ! is_there backup && given "${BACKUP[@]}"; then
    create backup BUCKET "$BACKUP_BUCKET" ENDPOINT "$BACKUP_ENDPOINT" ACCESS_KEY_ID "$BACKUP_ACCESS_KEY_ID" \
        SECRET_ACCESS_KEY "$BACKUP_SECRET_ACCESS_KEY"
fi
echo "secrets: all there in $namespace"
