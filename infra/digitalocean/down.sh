#!/usr/bin/env bash
# Deletes the resources of up.sh and all data, after a confirmation. Backups stay in their bucket.
#
#   DOMAIN=tickets.example STAGING_DOMAIN=tickets-staging.example infra/digitalocean/down.sh
set -euo pipefail

: "${DOMAIN:?set the domain, such as DOMAIN=tickets.example}"
: "${STAGING_DOMAIN:?set the domain of staging, such as STAGING_DOMAIN=tickets-staging.example}"
readonly NAME="${NAME:-ticketing}"

read -r -p "This deletes the cluster $NAME with its databases, the registry and the records of both domains. Type the domain: " answer
[ "$answer" = "$DOMAIN" ] || { echo "down: not confirmed; nothing was deleted" >&2; exit 1; }

# With its load balancer and its volumes, which cost money, too.
if doctl kubernetes cluster get "$NAME" > /dev/null 2>&1; then
  doctl kubernetes cluster delete "$NAME" --dangerous --force
fi
if doctl registry get > /dev/null 2>&1; then
  doctl registry delete --force
fi
for domain in "$DOMAIN" "$STAGING_DOMAIN"; do
  if doctl compute domain get "$domain" > /dev/null 2>&1; then
    doctl compute domain records list "$domain" --format ID,Type,Name --no-header \
      | awk '$2 == "A" && $3 == "@" { print $1 }' \
      | while read -r id; do doctl compute domain records delete "$domain" "$id" --force; done
  fi
done
# A network can be deleted when it is empty.
vpc=$(doctl vpcs list --format Name,ID --no-header | awk -v name="$NAME" '$1 == name { print $2 }')
if [ -n "$vpc" ]; then
  doctl vpcs delete "$vpc" --force || echo "down: the network is still in use; run this again in some minutes" >&2
fi
echo "down: the bucket with the backups and its key remain: doctl spaces keys list"
