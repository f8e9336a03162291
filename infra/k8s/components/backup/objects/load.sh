#!/usr/bin/env bash
# Replaces the collections of the database STORE_URL by those of the dump in the folder DUMP.
set -euo pipefail
umask 077

config="$(mktemp)"
printf 'uri: "%s"\n' "$STORE_URL" > "$config"
mongorestore --config="$config" --gzip --archive="$DUMP/archive.gz" --drop --stopOnError
