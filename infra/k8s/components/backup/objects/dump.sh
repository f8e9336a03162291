#!/usr/bin/env bash
# Writes the database that STORE_URL names to /dump/archive.gz. A document is dumped whole, and each holds all that its
# aggregate's rules need, so a dump of a database at work is sound.
set -euo pipefail
umask 077

# In a file, since everybody on the machine can read a command line.
printf 'uri: "%s"\n' "$STORE_URL" > /tmp/mongodump.yaml
mongodump --config=/tmp/mongodump.yaml --gzip --archive=/dump/archive.gz
