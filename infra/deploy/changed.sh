#!/usr/bin/env bash
# Prints the images that a registry does not have, as JSON.
#
#   cargo xtask image-keys | infra/deploy/changed.sh registry.digitalocean.com/tickets
set -euo pipefail

registry="${1:?usage: changed.sh <registry>, such as registry.digitalocean.com/tickets}"
# An error counts as missing: building an image again is harmless.
jq -r 'to_entries[] | "\(.key) \(.value)"' | while read -r name key; do
  docker buildx imagetools inspect "$registry/$name:$key" > /dev/null 2>&1 < /dev/null || echo "$name"
done | jq -Rnc '[inputs]'
