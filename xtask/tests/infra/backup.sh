#!/usr/bin/env bash
# Stands in for mongodump, mongorestore and rclone in the tests of scripts, as whichever it is called: the database is a
# file of $CLUSTER, and so is each object of the bucket.
set -euo pipefail

tool="$(basename "$0")"
echo "$tool $*" >> "$CLUSTER/calls"

# Where a name of rclone leads: below the bucket a slash is a dash.
place() {
    case "$1" in
        bucket:*)
            local name="bucket-${1#bucket:}"
            echo "$CLUSTER/${name//\//-}"
            ;;
        *) echo "$1" ;;
    esac
}

case "$tool $*" in
    "mongodump --config="*" --gzip --archive="*)
        grep -q '^uri: "mongodb://' "${1#--config=}"
        cp "$CLUSTER/database" "${3#--archive=}"
        ;;
    "mongorestore --config="*" --gzip --archive="*" --drop --stopOnError")
        grep -q '^uri: "mongodb://' "${1#--config=}"
        cp "${3#--archive=}" "$CLUSTER/database"
        ;;
    "rclone copyto --s3-no-check-bucket "*) cp "$(place "$3")" "$(place "$4")" ;;
    "rclone lsf --files-only bucket:"*)
        folder="$(place "$3")"
        for file in "$folder"-*; do [ ! -e "$file" ] || echo "${file#"$folder-"}"; done
        ;;
    "rclone delete --min-age "*) ;;
    *)
        echo "the test's $tool does not know: $*" >&2
        exit 64
        ;;
esac
