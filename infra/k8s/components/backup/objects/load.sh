#!/usr/bin/env bash
# Replaces the collections of the database that STORE_URL names by those in the folder DUMP.
set -euo pipefail
umask 077

config="$(mktemp)"
printf 'uri: "%s"\n' "$STORE_URL" > "$config"
mongorestore --config="$config" --gzip --archive="$DUMP/archive.gz" --drop --stopOnError
