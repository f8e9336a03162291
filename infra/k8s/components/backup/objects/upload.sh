#!/bin/sh
# Uploads the dump in the folder DUMP to the bucket, named by the time, and deletes backups older than KEEP.
set -eu

folder="bucket:$BUCKET/$NAMESPACE/$SERVICE"
name="$(date -u +%Y-%m-%dT%H-%M-%SZ).archive.gz"
rclone copyto --s3-no-check-bucket "$DUMP/archive.gz" "$folder/$name"
echo "backed up as $name"
rclone delete --min-age "$KEEP" "$folder"
