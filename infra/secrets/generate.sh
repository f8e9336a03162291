#!/usr/bin/env bash
# Creates missing secrets of an environment with random values, in kubectl's current cluster. Existing secrets stay. No value
# is printed or on a command line.
#
#   infra/secrets/generate.sh ticketing-dev          creates missing secrets
#   infra/secrets/generate.sh check ticketing-dev    prints missing secrets, and fails if there are any
#
# Environment variables:
#   STRIPE_SECRET_KEY, STRIPE_PUBLISHABLE_KEY, STRIPE_WEBHOOK_SECRET
#     required in production; namespaces that end in -dev or -staging get keys for the simulator by default
#   SMTP_URL
#     the mail server, such as smtps://user:password@mail.example:465; required in production; namespaces that end in -dev
#     or -staging get Mailpit by default
#   BACKUP_BUCKET, BACKUP_ENDPOINT, BACKUP_ACCESS_KEY_ID, BACKUP_SECRET_ACCESS_KEY
#     the bucket of backups, at an endpoint such as nyc3.digitaloceanspaces.com; required in production
#   AUTH_STORE_URL, TICKETS_STORE_URL, …
#     the URLs of external databases; by default, those of this cluster
set -euo pipefail
umask 077

SERVICES=(auth tickets orders expiration payments notifications)

fail() {
    echo "secrets: $*" >&2
    exit 1
}

usage() {
    fail "usage: infra/secrets/generate.sh [check] <namespace>"
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

# All secrets of the manifests, except for those that cert-manager creates.
required() {
    for service in "${SERVICES[@]}"; do
        echo "$service-mongodb"
        echo "$service-database"
        echo "$service-nats"
    done
    echo nats-cluster
    echo auth-key
    echo stripe
    echo mail
    if is_production; then echo backup; fi
}

if [ -z "$check" ] && ! kubectl get namespace "$namespace" > /dev/null 2>&1; then
    kubectl create namespace "$namespace" > /dev/null || fail "the namespace $namespace could not be created"
fi

present() {
    kubectl --namespace "$namespace" get secrets --output name || fail "the secrets of the cluster cannot be listed"
}

existing="$(present)"

exists() {
    grep -qx "secret/$1" <<< "$existing"
}

missing() {
    while read -r name; do
        exists "$name" || echo "$name"
    done < <(required)
}

if [ -n "$check" ]; then
    names="$(missing)"
    [ -z "$names" ] || fail "missing in $namespace: ${names//$'\n'/, }; create them with infra/secrets/generate.sh $namespace"
    echo "secrets: complete in $namespace"
    exit
fi

# Starts with a letter: NATS would parse a digit as the start of a number.
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
            # Escaped as a single-quoted YAML string.
            printf "  %s: '%s'\n" "$1" "${2//\'/\'\'}"
            shift 2
        done
    } | kubectl --namespace "$namespace" create --filename - > /dev/null || fail "$name could not be created"
    echo "secrets: created $name"
}

# value <secret> <key>
value() {
    kubectl --namespace "$namespace" get secret "$1" --output "jsonpath={.data.$2}" | base64 --decode
}

# given <variable>...: whether all are set; an error if only some are.
given() {
    local set=0 variable
    for variable in "$@"; do [ -z "${!variable:-}" ] || set=$((set + 1)); done
    [ "$set" -eq 0 ] || [ "$set" -eq $# ] || fail "set all of $* or none"
    [ "$set" -gt 0 ]
}

STRIPE=(STRIPE_SECRET_KEY STRIPE_PUBLISHABLE_KEY STRIPE_WEBHOOK_SECRET)
BACKUP=(BACKUP_BUCKET BACKUP_ENDPOINT BACKUP_ACCESS_KEY_ID BACKUP_SECRET_ACCESS_KEY)

# Checked before any secret is created: a partial environment is useless.
if ! exists stripe && ! given "${STRIPE[@]}" && is_production; then fail "set ${STRIPE[*]}: $namespace takes real payments"; fi
if ! exists mail && ! given SMTP_URL && is_production; then fail "set SMTP_URL: $namespace sends emails"; fi
if ! exists backup && ! given "${BACKUP[@]}" && is_production; then fail "set ${BACKUP[*]}: $namespace needs backups"; fi

for service in "${SERVICES[@]}"; do
    database="$service-mongodb"
    if ! exists "$database"; then
        create "$database" root-password "$(password)" password "$(password)" keyfile "$(password)$(password)"
    fi
    if ! exists "$service-database"; then
        elsewhere="$(tr '[:lower:]' '[:upper:]' <<< "$service")_STORE_URL"
        hosts="$database-0.$database:27017,$database-1.$database:27017,$database-2.$database:27017"
        own="mongodb://$service:$(value "$database" password)@$hosts/$service?replicaSet=rs0"
        create "$service-database" STORE_URL "${!elsewhere:-$own}"
    fi
    if ! exists "$service-nats"; then
        password="$(password)"
        create "$service-nats" password "$password" BUS_URL "nats://$service:$password@nats:4222"
    fi
done
# Encrypts auth's signing keys: keep a copy outside of the cluster, or a restored database signs everybody out.
exists auth-key || create auth-key auth.key "$(head -c 32 /dev/urandom | base64)"
exists nats-cluster || create nats-cluster password "$(password)"

if ! exists stripe; then
    if given "${STRIPE[@]}"; then
        create stripe STRIPE_SECRET_KEY "$STRIPE_SECRET_KEY" STRIPE_PUBLISHABLE_KEY "$STRIPE_PUBLISHABLE_KEY" \
            STRIPE_WEBHOOK_SECRET "$STRIPE_WEBHOOK_SECRET"
    else
        create stripe STRIPE_SECRET_KEY "sk_test_$(password)" STRIPE_PUBLISHABLE_KEY "pk_test_$(password)" \
            STRIPE_WEBHOOK_SECRET "whsec_$(password)"
    fi
fi
exists mail || create mail SMTP_URL "${SMTP_URL:-smtp://mailpit:1025?tls=none}"
if ! exists backup && given "${BACKUP[@]}"; then
    create backup BUCKET "$BACKUP_BUCKET" ENDPOINT "$BACKUP_ENDPOINT" ACCESS_KEY_ID "$BACKUP_ACCESS_KEY_ID" \
        SECRET_ACCESS_KEY "$BACKUP_SECRET_ACCESS_KEY"
fi
echo "secrets: complete in $namespace"
