#!/usr/bin/env bash
# Prints the digest of each image in a registry as JSON, so that a deployment cannot change afterwards.
#
#   cargo xtask image-keys | infra/deploy/references.sh registry.digitalocean.com/tickets
set -euo pipefail

registry="${1:?usage: references.sh <registry>, such as registry.digitalocean.com/tickets}"
jq -r 'to_entries[] | "\(.key) \(.value)"' | while read -r name key; do
  digest=$(docker buildx imagetools inspect --format '{{.Manifest.Digest}}' "$registry/$name:$key" < /dev/null) \
    || { echo "deploy: $registry has no image of $name under $key" >&2; exit 1; }
  echo "$name $registry/$name@$digest"
done | jq -Rnc '[inputs | split(" ") | {key: .[0], value: .[1]}] | from_entries'
