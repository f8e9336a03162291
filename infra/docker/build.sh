#!/usr/bin/env bash
# Builds the image of one program for skaffold, which says in IMAGE how it is to be called.
#
#   IMAGE=ticketing/tickets:dev infra/docker/build.sh tickets
#
# PROFILE=image builds what is deployed instead of what is quick to build again.
set -euo pipefail
cd "$(dirname "$0")/../.."

program="${1:?say which program, such as tickets}"
: "${IMAGE:?say what the image is called}"

output=--load
[ "${PUSH_IMAGE:-false}" = false ] || output=--push
exec docker buildx build --file infra/docker/Dockerfile --target runtime --build-arg "BIN=$program" \
  --build-arg "PROFILE=${PROFILE:-dev}" ${PLATFORMS:+--platform "$PLATFORMS"} --tag "$IMAGE" "$output" .
