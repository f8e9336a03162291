#!/usr/bin/env bash
# Says as JSON which images a registry does not have yet.
#
#   cargo xtask image-keys | infra/deploy/changed.sh registry.digitalocean.com/tickets
set -euo pipefail

registry="${1:?say which registry, such as registry.digitalocean.com/tickets}"
# In doubt an image counts as missing: building it again does no harm.
jq -r 'to_entries[] | "\(.key) \(.value)"' | while read -r name key; do
  docker buildx imagetools inspect "$registry/$name:$key" > /dev/null 2>&1 < /dev/null || echo "$name"
done | jq -Rnc '[inputs]'
