#!/bin/sh
# Downloads the backup BACKUP, such as 2026-11-22T03-17-05Z or `latest`, to the folder DUMP.
set -eu

folder="bucket:$BUCKET/$NAMESPACE/$SERVICE"
# The names are times: the last one is the latest.
names="$(rclone lsf --files-only "$folder" | sort)"
case "$BACKUP" in
    latest) name="$(echo "$names" | tail -n 1)" ;;
    *) name="$(echo "$names" | grep -Fx "$BACKUP.archive.gz")" || name= ;;
esac
if [ -z "$name" ]; then
    echo "there is no backup '$BACKUP' of $SERVICE in $BUCKET/$NAMESPACE; there are: ${names:-none}" >&2
    exit 1
fi
rclone copyto --s3-no-check-bucket "$folder/$name" "$DUMP/archive.gz"
echo "downloaded $name"
