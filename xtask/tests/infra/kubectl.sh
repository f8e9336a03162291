#!/usr/bin/env bash
# Stands in for kubectl in the tests of scripts: what it is asked to make is kept in files of $CLUSTER, and so are its
# command lines.
set -euo pipefail

echo "$*" >> "$CLUSTER/calls"
if [ "$1" = --namespace ]; then shift 2; fi
case "$*" in
    "get namespace "*) [ -e "$CLUSTER/namespace-$3" ] ;;
    "create namespace "*) touch "$CLUSTER/namespace-$3" ;;
    "get secrets --output name")
        for file in "$CLUSTER"/secret-*; do [ ! -e "$file" ] || echo "secret/${file##*/secret-}"; done
        ;;
    "get secret "*)
        key="${5#*.data.}"
        sed -n "s/^  ${key%\}}: '\(.*\)'$/\1/p" "$CLUSTER/secret-$3" | tr -d '\n' | base64
        ;;
    "get cronjob "*) cat "$CLUSTER/cronjob.json" ;;
    "get deployment "*) printf 3 ;;
    "get job "*) cat "$CLUSTER/outcome" ;;
    "create --filename -")
        made="$(cat)"
        name="$(sed -n 's/^  name: \(.*\)$/\1/p' <<< "$made" | head -n 1)"
        if [ -z "$name" ]; then
            printf '%s' "$made" > "$CLUSTER/job.json"
        else
            [ ! -e "$CLUSTER/secret-$name" ]
            printf '%s\n' "$made" > "$CLUSTER/secret-$name"
        fi
        ;;
    "scale "* | "wait "* | "logs "* | "rollout "*) ;;
    *)
        echo "the test's kubectl does not know: $*" >&2
        exit 64
        ;;
esac
