#!/bin/sh
# cargo's RUSTC_WORKSPACE_WRAPPER: compiles the workspace's crates with the counters that libFuzzer reads. The crates of
# others stay as they are, so they are not built again.
set -eu
exec "$@" -Cpasses=sancov-module \
  -Cllvm-args=-sanitizer-coverage-level=4 \
  -Cllvm-args=-sanitizer-coverage-inline-8bit-counters \
  -Cllvm-args=-sanitizer-coverage-pc-table \
  -Cllvm-args=-sanitizer-coverage-trace-compares
