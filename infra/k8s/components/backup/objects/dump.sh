#!/usr/bin/env bash
# Dumps the database STORE_URL to the folder DUMP. A dump of a live database is consistent for each aggregate: it is one
# document.
set -euo pipefail
umask 077

# In a file: other users can read command lines.
config="$(mktemp)"
printf 'uri: "%s"\n' "$STORE_URL" > "$config"
mongodump --config="$config" --gzip --archive="$DUMP/archive.gz"
