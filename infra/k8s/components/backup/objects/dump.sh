#!/usr/bin/env bash
# Writes the database that STORE_URL names to the folder DUMP. A document is dumped whole, and each holds all that its
# aggregate's rules need, so a dump of a database at work is sound.
set -euo pipefail
umask 077

# In a file, since everybody on the machine can read a command line.
config="$(mktemp)"
printf 'uri: "%s"\n' "$STORE_URL" > "$config"
mongodump --config="$config" --gzip --archive="$DUMP/archive.gz"
