#!/usr/bin/env bash
# Replaces the collections of the database that STORE_URL names by those of /dump/archive.gz.
set -euo pipefail
umask 077

printf 'uri: "%s"\n' "$STORE_URL" > /tmp/mongorestore.yaml
mongorestore --config=/tmp/mongorestore.yaml --gzip --archive=/dump/archive.gz --drop --stopOnError
