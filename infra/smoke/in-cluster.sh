#!/usr/bin/env bash
# Makes a purchase on a cluster, with a port-forward to its Stripe simulator as for developers' browsers.
#
#   infra/smoke/in-cluster.sh <namespace> <base-url>
set -euo pipefail

namespace="${1:?usage: in-cluster.sh <namespace> <base-url>}"
base="${2:?usage: in-cluster.sh <namespace> <base-url>}"

forwarded=$(mktemp)
kubectl --namespace "$namespace" port-forward service/stripe-sim 0:8080 > "$forwarded" &
forward=$!
trap 'kill "$forward" 2> /dev/null || true; rm -f "$forwarded"' EXIT

# kubectl prints the local port when it listens.
for _ in {1..60}; do
  port=$(sed -nE 's/^Forwarding from 127\.0\.0\.1:([0-9]+) .*/\1/p' "$forwarded")
  [ -z "$port" ] || break
  kill -0 "$forward" 2> /dev/null || { echo "smoke: the port-forward to the simulator of $namespace failed" >&2; exit 1; }
  sleep 0.5
done
[ -n "$port" ] || { echo "smoke: the port-forward to the simulator of $namespace was not ready within 30 seconds" >&2; exit 1; }

"$(dirname "$0")/purchase.sh" "$base" "http://127.0.0.1:$port"
