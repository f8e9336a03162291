#!/usr/bin/env bash
# Builds the image of a program for skaffold, which sets its name in IMAGE.
#
#   IMAGE=ticketing/tickets:dev infra/docker/build.sh tickets
#
# PROFILE=image builds for deployment instead of development.
set -euo pipefail
cd "$(dirname "$0")/../.."

program="${1:?usage: build.sh <program>, such as tickets}"
: "${IMAGE:?set the name of the image}"

output=--load
[ "${PUSH_IMAGE:-false}" = false ] || output=--push
exec docker buildx build --file infra/docker/Dockerfile --target runtime --build-arg "BIN=$program" \
  --build-arg "PROFILE=${PROFILE:-dev}" ${PLATFORMS:+--platform "$PLATFORMS"} --tag "$IMAGE" "$output" .
