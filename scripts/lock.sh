#!/bin/sh
# Writes the two lock files anew from pyproject.toml: what runs, and on top of it what the tests and the extras need.
# Versions already locked stay unless `--upgrade` (or `--upgrade-package NAME`) is given. Needs pip-tools.
set -eu
cd "$(dirname "$0")/.."
build="$(mktemp -d)"
trap 'rm -rf "$build"' EXIT
printf 'hatchling\neditables\n' > "$build/build.in"
lock() {
  out=$1; shift
  pip-compile --quiet --generate-hashes --allow-unsafe --strip-extras --no-emit-index-url --no-emit-find-links \
    --no-annotate --no-header --output-file "$out" "$@"
}
lock requirements.lock "$@" pyproject.toml "$build/build.in"
lock requirements-dev.lock "$@" --extra dev -c requirements.lock pyproject.toml "$build/build.in"
