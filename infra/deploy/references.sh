#!/usr/bin/env bash
# Says as JSON under which digest a registry holds each image, so that what is deployed cannot change afterwards.
#
#   cargo xtask image-keys | infra/deploy/references.sh registry.digitalocean.com/tickets
set -euo pipefail

registry="${1:?say which registry, such as registry.digitalocean.com/tickets}"
jq -r 'to_entries[] | "\(.key) \(.value)"' | while read -r name key; do
  digest=$(docker buildx imagetools inspect --format '{{.Manifest.Digest}}' "$registry/$name:$key" < /dev/null) \
    || { echo "deploy: $registry has no image of $name under $key" >&2; exit 1; }
  echo "$name $registry/$name@$digest"
done | jq -Rnc '[inputs | split(" ") | {key: .[0], value: .[1]}] | from_entries'
