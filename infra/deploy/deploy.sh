#!/usr/bin/env bash
# Brings images to a cluster, waits until they run, asks them something, and puts back what was there if that fails.
#
#   infra/deploy/deploy.sh <overlay> <namespace> <images.json> [<command that asks> [<its arguments>...]]
#
# images.json holds the reference of each image by its name, as infra/deploy/references.sh prints them. Only Deployments
# are put back: databases and the broker keep what they were given.
set -euo pipefail

readonly patience=10m # for one rollout: a node may have to be added first

main() {
  [ $# -ge 3 ] || fail "say what to deploy: $0 <overlay> <namespace> <images.json> [<command>...]"
  local overlay="$1" images="$3"
  namespace="$2"
  shift 3
  [ -d "$overlay" ] || fail "there is no folder $overlay"
  wrapper=$(mktemp -d)
  trap 'rm -rf "$wrapper"' EXIT

  wrap "$overlay" "$images"
  local before
  before=$(revisions)
  kubectl apply --kustomize "$wrapper"
  if rolled_out && answers "$@"; then
    echo "deploy: $namespace runs $(jq length "$images") images"
    return
  fi
  put_back "$before"
  fail "$namespace has its former programs again; what went wrong stands above"
}

# A kustomization around the overlay that names the very images, and the secret that pulls them.
wrap() { # overlay, images
  local rendered name reference current
  rendered=$(kubectl kustomize "$1")
  {
    echo "apiVersion: kustomize.config.k8s.io/v1beta1"
    echo "kind: Kustomization"
    echo "resources: [$(way_to "$1")]"
    echo "images:"
    while read -r name reference; do
      # However the overlay calls it.
      current=$(grep -oE "image: [^ ]*/$name(:|@|$)" <<< "$rendered" | head -n 1 | sed -E 's/^image: //; s/[:@]$//') || true
      # One that this environment does without, such as the simulator.
      [ -n "$current" ] || continue
      echo "  - {name: $current, newName: ${reference%@*}, digest: \"${reference#*@}\"}"
    done < <(jq -r 'to_entries[] | "\(.key) \(.value)"' "$2")
    echo "patches:"
    echo "  - target: {kind: ServiceAccount}"
    echo '    patch: |'
    echo '      [{"op": "add", "path": "/imagePullSecrets", "value": [{"name": "registry"}]}]'
  } > "$wrapper/kustomization.yaml"
  rendered=$(kubectl kustomize "$wrapper")
  if grep -E 'image: ([^ @]*/)?ticketing/[^ @]*$' <<< "$rendered" >&2; then
    fail "$2 does not say which images these are"
  fi
}

# The way from the wrapper to a folder: up to the root, and down again. kustomize takes no other.
way_to() {
  local from to
  from=$(cd "$wrapper" && pwd -P) to=$(cd "$1" && pwd -P)
  echo "$(sed -E 's#/[^/]+#../#g' <<< "$from")${to#/}"
}

# Every Deployment with the number of its present revision.
revisions() {
  kubectl --namespace "$namespace" get deployments --selector app.kubernetes.io/part-of=ticketing --output json \
    | jq -r '.items[] | "\(.metadata.name) \(.metadata.annotations["deployment.kubernetes.io/revision"] // "0")"'
}

rolled_out() {
  local workload
  for workload in $(kubectl --namespace "$namespace" get statefulsets,deployments \
    --selector app.kubernetes.io/part-of=ticketing --output name); do
    kubectl --namespace "$namespace" rollout status "$workload" --timeout "$patience" || return 1
  done
}

answers() {
  [ $# -eq 0 ] || "$@"
}

# Only what changed: undoing a Deployment that did not would bring back something older.
put_back() { # revisions
  local name revision after
  after=$(revisions)
  while read -r name revision; do
    # There was none before, or it had never started.
    [ "${revision:-0}" != 0 ] || continue
    if ! grep -qxF "$name $revision" <<< "$after"; then
      echo "deploy: putting $name back to revision $revision" >&2
      kubectl --namespace "$namespace" rollout undo "deployment/$name" --to-revision "$revision"
      kubectl --namespace "$namespace" rollout status "deployment/$name" --timeout "$patience"
    fi
  done <<< "$1"
}

fail() {
  echo "deploy: $*" >&2
  exit 1
}

main "$@"
