#!/usr/bin/env bash
# Sends a read-only request to each service through the router: the smoke test of production.
#
#   infra/smoke/reachable.sh <base-url>
set -euo pipefail

[ $# -eq 1 ] || { echo "usage: $0 <base-url>" >&2; exit 1; }
base="${1%/}"

# client, tickets and auth respond to anonymous requests; orders and payments require a session.
while read -r expected path; do
  status=$(curl --silent --show-error --max-time 20 --retry 5 --retry-connrefused --output /dev/null \
    --write-out '%{http_code}' "$base$path") || true
  [ "$status" = "$expected" ] || { echo "smoke: GET $base$path answered $status instead of $expected" >&2; exit 1; }
done << 'ROUTES'
200 /
200 /api/tickets
200 /api/users/jwks.json
401 /api/orders
401 /api/payments
ROUTES
echo "smoke: every service responds on $base"
