#!/usr/bin/env bash
# Makes what the marketplace stands on at DigitalOcean, up to a cluster that answers under a name by https: network,
# cluster, registry, bucket for backups, router, certificates, DNS. What is there already stays as it is, so it can be
# run again after whatever went wrong. docs/DEPLOY.md tells what comes before and after, and what it costs.
#
#   DOMAIN=tickets.example infra/digitalocean/up.sh
#
# It needs doctl (signed in), kubectl, jq, and curl 7.75 or newer.
set -euo pipefail

: "${DOMAIN:?say under which domain, such as DOMAIN=tickets.example}"
readonly NAME="${NAME:-ticketing}" REGION="${REGION:-fra1}"
# Production has three of each database and of the broker, each on a node of its own, with staging beside them.
readonly NODE_SIZE="${NODE_SIZE:-s-4vcpu-8gb}" NODES="${NODES:-3}" MOST_NODES="${MOST_NODES:-5}"
# Names in registries and of buckets are everybody's.
readonly REGISTRY="${REGISTRY:-$NAME-${DOMAIN//./-}}" BUCKET="${BUCKET:-$NAME-backups-${DOMAIN//./-}}"
readonly PRODUCTION=ticketing STAGING=ticketing-staging
readonly INGRESS_NGINX=https://raw.githubusercontent.com/kubernetes/ingress-nginx/controller-v1.15.1/deploy/static/provider/do/deploy.yaml
readonly CERT_MANAGER=https://github.com/cert-manager/cert-manager/releases/download/v1.19.1/cert-manager.yaml

main() {
  doctl account get > /dev/null || fail "doctl is not signed in; say: doctl auth init"
  network
  cluster
  registry
  namespaces
  bucket
  router
  certificates
  names
  say "done. Next: infra/secrets/generate.sh $PRODUCTION, and the repository's settings, as docs/DEPLOY.md tells"
}

network() {
  vpc=$(doctl vpcs list --format Name,ID --no-header | awk -v name="$NAME" '$1 == name { print $2 }')
  if [ -z "$vpc" ]; then
    say "making the network $NAME in $REGION"
    vpc=$(doctl vpcs create --name "$NAME" --region "$REGION" --format ID --no-header)
  fi
}

cluster() {
  if ! doctl kubernetes cluster get "$NAME" > /dev/null 2>&1; then
    say "making the cluster $NAME, which takes some minutes"
    doctl kubernetes cluster create "$NAME" --region "$REGION" --vpc-uuid "$vpc" \
      --node-pool "name=$NAME;size=$NODE_SIZE;count=$NODES;auto-scale=true;min-nodes=$NODES;max-nodes=$MOST_NODES" \
      --auto-upgrade=true --surge-upgrade=true --maintenance-window sunday=03:00 --update-kubeconfig=false --wait
    # What components/hpa measures by.
    doctl kubernetes 1-click install "$(doctl kubernetes cluster get "$NAME" --format ID --no-header)" --1-clicks metrics-server
  fi
  doctl kubernetes cluster kubeconfig save "$NAME"
}

registry() {
  if ! doctl registry get > /dev/null 2>&1; then
    say "making the registry $REGISTRY"
    # Seven images are more than the smaller plans hold.
    doctl registry create "$REGISTRY" --region "$REGION" --subscription-tier professional
  fi
  registry_name=$(doctl registry get --format Name --no-header)
}

# With the secret that pulls images, which infra/deploy/deploy.sh gives to every ServiceAccount.
namespaces() {
  local namespace
  for namespace in "$PRODUCTION" "$STAGING"; do
    kubectl get namespace "$namespace" > /dev/null 2>&1 || kubectl create namespace "$namespace"
    doctl registry kubernetes-manifest "$registry_name" --namespace "$namespace" --name registry \
      | kubectl apply --filename -
  done
}

# doctl makes keys of buckets and no buckets. So: a key for everything makes the bucket and is deleted, and a key for that
# bucket alone goes to the cluster.
bucket() {
  local endpoint="$REGION.digitaloceanspaces.com" key admin
  kubectl --namespace "$PRODUCTION" get secret backup > /dev/null 2>&1 && return
  say "making the bucket $BUCKET"
  admin=$(doctl spaces keys create "$BUCKET-admin" --grants 'bucket=;permission=fullaccess' --output json | one)
  spaces "$admin" --head "https://$BUCKET.$endpoint/" > /dev/null 2>&1 \
    || spaces "$admin" --retry 5 --retry-all-errors --request PUT "https://$BUCKET.$endpoint/" \
    || { forget "$admin"; fail "the bucket $BUCKET could not be made; it may be somebody else's: choose another name with BUCKET="; }
  forget "$admin"
  key=$(doctl spaces keys create "$BUCKET" --grants "bucket=$BUCKET;permission=readwrite" --output json | one)
  jq --arg bucket "$BUCKET" --arg endpoint "$endpoint" '{
      apiVersion: "v1", kind: "Secret", metadata: {name: "backup", labels: {"app.kubernetes.io/part-of": "ticketing"}},
      stringData: {BUCKET: $bucket, ENDPOINT: $endpoint, ACCESS_KEY_ID: .access_key, SECRET_ACCESS_KEY: .secret_key}
    }' <<< "$key" | kubectl --namespace "$PRODUCTION" apply --filename -
}

# The key is not on the command line, which everybody on the machine can read.
spaces() { # key, curl's arguments
  curl --silent --show-error --fail --aws-sigv4 aws:amz:us-east-1:s3 \
    --config <(jq -r '"user = \"\(.access_key):\(.secret_key)\""' <<< "$1") "${@:2}"
}

one() {
  jq 'if type == "array" then .[0] else . end'
}

forget() {
  doctl spaces keys delete "$(jq -r .access_key <<< "$1")" --force
}

# DigitalOcean makes a load balancer for the router's Service.
router() {
  kubectl apply --filename "$INGRESS_NGINX"
  kubectl --namespace ingress-nginx rollout status deployment/ingress-nginx-controller --timeout 10m
  # Under its name pods reach the load balancer from inside, too; cert-manager has to, before it asks for a certificate.
  kubectl --namespace ingress-nginx annotate service ingress-nginx-controller --overwrite \
    "service.beta.kubernetes.io/do-loadbalancer-name=$NAME" "service.beta.kubernetes.io/do-loadbalancer-hostname=$DOMAIN"
  address=""
  local tries
  for tries in {1..60}; do
    address=$(doctl compute load-balancer list --format Name,IP --no-header | awk -v name="$NAME" '$1 == name { print $2 }')
    [[ "$address" =~ ^[0-9.]+$ ]] && break
    [ "$tries" -lt 60 ] || fail "the load balancer $NAME has no address after ten minutes; look at: doctl compute load-balancer list"
    sleep "${PAUSE:-10}"
  done
  say "the load balancer is $address"
}

certificates() {
  kubectl apply --filename "$CERT_MANAGER"
  kubectl --namespace cert-manager rollout status deployment/cert-manager-webhook --timeout 10m
}

# The domain itself is production's, staging.<domain> is staging's.
names() {
  doctl compute domain get "$DOMAIN" > /dev/null 2>&1 || doctl compute domain create "$DOMAIN"
  local name id data
  for name in @ staging; do
    read -r id data < <(doctl compute domain records list "$DOMAIN" --format ID,Type,Name,Data --no-header \
      | awk -v name="$name" '$2 == "A" && $3 == name { print $1, $4 }') || true
    if [ -z "${id:-}" ]; then
      say "pointing $name of $DOMAIN to $address"
      doctl compute domain records create "$DOMAIN" --record-type A --record-name "$name" --record-data "$address" --record-ttl 300
    elif [ "$data" != "$address" ]; then
      say "pointing $name of $DOMAIN to $address instead of $data"
      doctl compute domain records update "$DOMAIN" --record-id "$id" --record-data "$address"
    fi
  done
}

say() {
  echo "up: $*"
}

fail() {
  echo "up: $*" >&2
  exit 1
}

main
