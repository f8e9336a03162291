#!/bin/sh
# Brings the backup that BACKUP names, such as 2026-11-22T03-17-05Z, or the latest one, to /dump/archive.gz.
set -eu

folder="bucket:$BUCKET/$NAMESPACE/$SERVICE"
name="$BACKUP.archive.gz"
if [ "$BACKUP" = latest ]; then
    # The names are times, so the last one is the latest.
    name="$(rclone lsf --files-only "$folder" | sort | tail -n 1)"
fi
if [ -z "$name" ] || ! rclone lsf "$folder/$name" | grep -q .; then
    echo "there is no backup $BACKUP of $SERVICE in $BUCKET/$NAMESPACE; those that there are:" >&2
    rclone lsf --files-only "$folder" >&2
    exit 1
fi
rclone copyto --s3-no-check-bucket "$folder/$name" /dump/archive.gz
echo "brought $name"
