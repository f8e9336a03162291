#!/usr/bin/env bash
# Makes a whole purchase on a cluster whose simulator of Stripe is reached by a port-forward, as browsers of developers
# reach it.
#
#   infra/smoke/in-cluster.sh <namespace> <base-url>
set -euo pipefail

namespace="${1:?say which namespace, such as ticketing-staging}"
base="${2:?say where the marketplace is, such as https://staging.tickets.example}"

forwarded=$(mktemp)
kubectl --namespace "$namespace" port-forward service/stripe-sim 0:8080 > "$forwarded" &
forward=$!
trap 'kill "$forward" 2> /dev/null || true; rm -f "$forwarded"' EXIT

# It says which port it took as soon as it listens.
for _ in {1..60}; do
  port=$(sed -nE 's/^Forwarding from 127\.0\.0\.1:([0-9]+) .*/\1/p' "$forwarded")
  [ -z "$port" ] || break
  kill -0 "$forward" 2> /dev/null || { echo "smoke: $namespace has no simulator to forward to" >&2; exit 1; }
  sleep 0.5
done
[ -n "$port" ] || { echo "smoke: the simulator of $namespace was not forwarded within 30 seconds" >&2; exit 1; }

"$(dirname "$0")/purchase.sh" "$base" "http://127.0.0.1:$port"
