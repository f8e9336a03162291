#!/usr/bin/env bash
# Creates the marketplace's infrastructure at DigitalOcean: network, cluster, registry, bucket for backups, router,
# certificates, DNS. Idempotent: run it again after an error. docs/DEPLOY.md explains the steps before and after, and costs.
#
#   DOMAIN=tickets.example STAGING_DOMAIN=tickets-staging.example infra/digitalocean/up.sh
#
# Requires doctl (signed in), kubectl, jq, and curl 7.75 or newer.
set -euo pipefail

: "${DOMAIN:?set the domain, such as DOMAIN=tickets.example}"
: "${STAGING_DOMAIN:?set the domain of staging, such as STAGING_DOMAIN=tickets-staging.example}"
readonly NAME="${NAME:-ticketing}" REGION="${REGION:-fra1}"
# Production has three members of each database and of the broker, each on its own node, beside staging.
readonly NODE_SIZE="${NODE_SIZE:-s-4vcpu-8gb}" NODES="${NODES:-3}" MAX_NODES="${MAX_NODES:-5}"
# Names of registries and buckets are global.
readonly REGISTRY="${REGISTRY:-$NAME-${DOMAIN//./-}}" BUCKET="${BUCKET:-$NAME-backups-${DOMAIN//./-}}"
readonly PRODUCTION=ticketing STAGING=ticketing-staging
readonly INGRESS_NGINX=https://raw.githubusercontent.com/kubernetes/ingress-nginx/controller-v1.15.1/deploy/static/provider/do/deploy.yaml
readonly CERT_MANAGER=https://github.com/cert-manager/cert-manager/releases/download/v1.19.1/cert-manager.yaml

main() {
  doctl account get > /dev/null || fail "doctl is not signed in; run: doctl auth init"
  network
  cluster
  registry
  namespaces
  bucket
  router
  certificates
  dns_records
  log "done. Next: infra/secrets/generate.sh $PRODUCTION, and the repository's settings (docs/DEPLOY.md)"
}

network() {
  vpc=$(doctl vpcs list --format Name,ID --no-header | awk -v name="$NAME" '$1 == name { print $2 }')
  if [ -z "$vpc" ]; then
    log "creating the network $NAME in $REGION"
    vpc=$(doctl vpcs create --name "$NAME" --region "$REGION" --format ID --no-header)
  fi
}

cluster() {
  if ! doctl kubernetes cluster get "$NAME" > /dev/null 2>&1; then
    log "creating the cluster $NAME, which takes some minutes"
    doctl kubernetes cluster create "$NAME" --region "$REGION" --vpc-uuid "$vpc" \
      --node-pool "name=$NAME;size=$NODE_SIZE;count=$NODES;auto-scale=true;min-nodes=$NODES;max-nodes=$MAX_NODES" \
      --auto-upgrade=true --surge-upgrade=true --maintenance-window sunday=03:00 --update-kubeconfig=false --wait
    # components/hpa needs it.
    doctl kubernetes 1-click install "$(doctl kubernetes cluster get "$NAME" --format ID --no-header)" --1-clicks metrics-server
  fi
  doctl kubernetes cluster kubeconfig save "$NAME"
}

registry() {
  if ! doctl registry get > /dev/null 2>&1; then
    log "creating the registry $REGISTRY"
    # The smaller plans have too few repositories for seven images.
    doctl registry create "$REGISTRY" --region "$REGION" --subscription-tier professional
  fi
  registry_name=$(doctl registry get --format Name --no-header)
}

# With the pull secret that infra/deploy/deploy.sh adds to every ServiceAccount.
namespaces() {
  local namespace
  for namespace in "$PRODUCTION" "$STAGING"; do
    kubectl get namespace "$namespace" > /dev/null 2>&1 || kubectl create namespace "$namespace"
    doctl registry kubernetes-manifest "$registry_name" --namespace "$namespace" --name registry \
      | kubectl apply --filename -
  done
}

# doctl creates keys, but no buckets. A temporary key for all buckets creates the bucket; the cluster gets a key for that
# bucket only.
bucket() {
  local endpoint="$REGION.digitaloceanspaces.com" key admin
  kubectl --namespace "$PRODUCTION" get secret backup > /dev/null 2>&1 && return
  log "creating the bucket $BUCKET"
  admin=$(doctl spaces keys create "$BUCKET-admin" --grants 'bucket=;permission=fullaccess' --output json | first)
  spaces "$admin" --head "https://$BUCKET.$endpoint/" > /dev/null 2>&1 \
    || spaces "$admin" --retry 5 --retry-all-errors --request PUT "https://$BUCKET.$endpoint/" \
    || { delete_key "$admin"; fail "the bucket $BUCKET could not be created; if the name is taken, choose another with BUCKET="; }
  delete_key "$admin"
  key=$(doctl spaces keys create "$BUCKET" --grants "bucket=$BUCKET;permission=readwrite" --output json | first)
  jq --arg bucket "$BUCKET" --arg endpoint "$endpoint" '{
      apiVersion: "v1", kind: "Secret", metadata: {name: "backup", labels: {"app.kubernetes.io/part-of": "ticketing"}},
      stringData: {BUCKET: $bucket, ENDPOINT: $endpoint, ACCESS_KEY_ID: .access_key, SECRET_ACCESS_KEY: .secret_key}
    }' <<< "$key" | kubectl --namespace "$PRODUCTION" apply --filename -
}

# The key is not on the command line, which other users can read.
spaces() { # key, curl's arguments
  curl --silent --show-error --fail --aws-sigv4 aws:amz:us-east-1:s3 \
    --config <(jq -r '"user = \"\(.access_key):\(.secret_key)\""' <<< "$1") "${@:2}"
}

first() {
  jq 'if type == "array" then .[0] else . end'
}

delete_key() {
  doctl spaces keys delete "$(jq -r .access_key <<< "$1")" --force
}

# DigitalOcean creates a load balancer for the router's Service.
router() {
  kubectl apply --filename "$INGRESS_NGINX"
  kubectl --namespace ingress-nginx rollout status deployment/ingress-nginx-controller --timeout 10m
  # With a host name, pods can connect to the load balancer, as cert-manager does before it requests a certificate.
  kubectl --namespace ingress-nginx annotate service ingress-nginx-controller --overwrite \
    "service.beta.kubernetes.io/do-loadbalancer-name=$NAME" "service.beta.kubernetes.io/do-loadbalancer-hostname=$DOMAIN"
  address=""
  local tries
  for tries in {1..60}; do
    address=$(doctl compute load-balancer list --format Name,IP --no-header | awk -v name="$NAME" '$1 == name { print $2 }')
    [[ "$address" =~ ^[0-9.]+$ ]] && break
    [ "$tries" -lt 60 ] || fail "the load balancer $NAME has no address after ten minutes; look at: doctl compute load-balancer list"
    sleep "${POLL_SECONDS:-10}"
  done
  log "the load balancer is $address"
}

certificates() {
  kubectl apply --filename "$CERT_MANAGER"
  kubectl --namespace cert-manager rollout status deployment/cert-manager-webhook --timeout 10m
}

# Staging has a domain of its own: pages of a sibling host could set cookies of production, and count as its own site.
dns_records() {
  local domain id data
  for domain in "$DOMAIN" "$STAGING_DOMAIN"; do
    doctl compute domain get "$domain" > /dev/null 2>&1 || doctl compute domain create "$domain"
    read -r id data < <(doctl compute domain records list "$domain" --format ID,Type,Name,Data --no-header \
      | awk '$2 == "A" && $3 == "@" { print $1, $4 }') || true
    if [ -z "${id:-}" ]; then
      log "pointing $domain to $address"
      doctl compute domain records create "$domain" --record-type A --record-name @ --record-data "$address" --record-ttl 300
    elif [ "$data" != "$address" ]; then
      log "pointing $domain to $address instead of $data"
      doctl compute domain records update "$domain" --record-id "$id" --record-data "$address"
    fi
  done
}

log() {
  echo "up: $*"
}

fail() {
  echo "up: $*" >&2
  exit 1
}

main
