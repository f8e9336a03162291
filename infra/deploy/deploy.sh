#!/usr/bin/env bash
# Deploys images, waits for the rollouts, runs a smoke test, and rolls back on failure.
#
#   infra/deploy/deploy.sh <overlay> <namespace> <images.json> [<smoke test> [<its arguments>...]]
#
# images.json has the reference of each image by name, as infra/deploy/references.sh prints them. Only Deployments are rolled
# back: databases and the broker keep their changes.
set -euo pipefail

readonly ROLLOUT_TIMEOUT=10m # the cluster may have to add a node first

main() {
  [ $# -ge 3 ] || fail "usage: $0 <overlay> <namespace> <images.json> [<smoke test>...]"
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
  if rolled_out && passes "$@"; then
    echo "deploy: $namespace runs $(jq length "$images") images"
    return
  fi
  roll_back "$before"
  fail "the former programs of $namespace were restored; the error is above"
}

# A kustomization of the overlay with the images and their pull secret.
wrap() { # overlay, images
  local rendered name reference current
  rendered=$(kubectl kustomize "$1")
  {
    echo "apiVersion: kustomize.config.k8s.io/v1beta1"
    echo "kind: Kustomization"
    echo "resources: [$(relative_path_to "$1")]"
    echo "images:"
    while read -r name reference; do
      # The name in the overlay.
      current=$(grep -oE "image: [^ ]*/$name(:|@|$)" <<< "$rendered" | head -n 1 | sed -E 's/^image: //; s/[:@]$//') || true
      # Not in this environment, such as the simulator.
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
    fail "$2 lacks the images above"
  fi
}

# The relative path from the wrapper to a folder, through the root: kustomize requires a relative path.
relative_path_to() {
  local from to
  from=$(cd "$wrapper" && pwd -P) to=$(cd "$1" && pwd -P)
  echo "$(sed -E 's#/[^/]+#../#g' <<< "$from")${to#/}"
}

# All Deployments with their current revisions.
revisions() {
  kubectl --namespace "$namespace" get deployments --selector app.kubernetes.io/part-of=ticketing --output json \
    | jq -r '.items[] | "\(.metadata.name) \(.metadata.annotations["deployment.kubernetes.io/revision"] // "0")"'
}

rolled_out() {
  local workload
  for workload in $(kubectl --namespace "$namespace" get statefulsets,deployments \
    --selector app.kubernetes.io/part-of=ticketing --output name); do
    kubectl --namespace "$namespace" rollout status "$workload" --timeout "$ROLLOUT_TIMEOUT" || return 1
  done
}

passes() {
  [ $# -eq 0 ] || "$@"
}

# Rolls back changed Deployments only: undoing an unchanged one would restore an older revision.
roll_back() { # revisions
  local name revision after
  after=$(revisions)
  while read -r name revision; do
    # Without a revision there was no Deployment before.
    [ "${revision:-0}" != 0 ] || continue
    if ! grep -qxF "$name $revision" <<< "$after"; then
      echo "deploy: rolling back $name to revision $revision" >&2
      kubectl --namespace "$namespace" rollout undo "deployment/$name" --to-revision "$revision"
      kubectl --namespace "$namespace" rollout status "deployment/$name" --timeout "$ROLLOUT_TIMEOUT"
    fi
  done <<< "$1"
}

fail() {
  echo "deploy: $*" >&2
  exit 1
}

main "$@"
