#!/usr/bin/env bash
# Asks each service something through the front door that changes nothing: what can be said of production without
# buying there.
#
#   infra/smoke/reachable.sh <base-url>
set -euo pipefail

[ $# -eq 1 ] || { echo "smoke: say where the marketplace is, such as: $0 https://tickets.example" >&2; exit 1; }
base="${1%/}"

# client, tickets and auth answer anybody; orders and payments ask who is there.
while read -r wanted path; do
  status=$(curl --silent --show-error --max-time 20 --retry 5 --retry-connrefused --output /dev/null \
    --write-out '%{http_code}' "$base$path") || true
  [ "$status" = "$wanted" ] || { echo "smoke: GET $base$path answered $status instead of $wanted" >&2; exit 1; }
done << 'ROUTES'
200 /
200 /api/tickets
200 /api/users/jwks.json
401 /api/orders
401 /api/payments
ROUTES
echo "smoke: every service answers on $base"
