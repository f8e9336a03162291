#!/usr/bin/env bash
# A fake kubectl for tests of scripts. Created objects and command lines are kept in files of $CLUSTER.
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
    "get deployment "*" --output json") cat "$CLUSTER/deployment.json" ;;
    "get deployment "*) printf 3 ;;
    "exec deployment/"*" -- /service export-events")
        source="${2#deployment/}"
        echo "an event of $source"
        ;;
    "attach pod/"*" --stdin") cat > "$CLUSTER/attached" ;;
    "get pod "*) cat "$CLUSTER/phase" ;;
    "get job "*) cat "$CLUSTER/outcome" ;;
    "create --filename -")
        object="$(cat)"
        name="$(sed -n 's/^  name: \(.*\)$/\1/p' <<< "$object" | head -n 1)"
        if grep -q '"kind": "Pod"' <<< "$object"; then
            printf '%s' "$object" > "$CLUSTER/pod.json"
        elif [ -z "$name" ]; then
            printf '%s' "$object" > "$CLUSTER/job.json"
        else
            [ ! -e "$CLUSTER/secret-$name" ]
            printf '%s\n' "$object" > "$CLUSTER/secret-$name"
        fi
        ;;
    "scale "* | "wait "* | "logs "* | "rollout "* | "delete pod "*) ;;
    *)
        echo "the fake kubectl does not support: $*" >&2
        exit 64
        ;;
esac
