#!/usr/bin/env bash
# A fake mongodump, mongorestore and rclone for tests of scripts, by its file name. The database and each object of the
# bucket are files of $CLUSTER.
set -euo pipefail

tool="$(basename "$0")"
echo "$tool $*" >> "$CLUSTER/calls"

# The file of an rclone path. In object names, dashes replace slashes.
file_of() {
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
    "rclone copyto --s3-no-check-bucket "*) cp "$(file_of "$3")" "$(file_of "$4")" ;;
    "rclone lsf --files-only bucket:"*)
        folder="$(file_of "$3")"
        for file in "$folder"-*; do [ ! -e "$file" ] || echo "${file#"$folder-"}"; done
        ;;
    "rclone delete --min-age "*) ;;
    *)
        echo "the fake $tool does not support: $*" >&2
        exit 64
        ;;
esac
