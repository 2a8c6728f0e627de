#!/bin/sh
# Writes the lock files anew from pyproject.toml: what runs, on top of it what the tests and the extras need, and what
# `make fuzz` needs besides.
# Versions already locked stay unless `--upgrade` (or `--upgrade-package NAME`) is given. Needs pip-tools.
set -eu
cd "$(dirname "$0")/.."
build="$(mktemp -d)"
trap 'rm -rf "$build"' EXIT
printf 'hatchling\neditables\n' > "$build/build.in"
echo 'atheris>=3' > "$build/fuzz.in"
lock() {
  out=$1; shift
  pip-compile --quiet --generate-hashes --allow-unsafe --strip-extras --no-emit-index-url --no-emit-find-links \
    --no-annotate --no-header --output-file "$out" "$@"
}
lock requirements.lock "$@" pyproject.toml "$build/build.in"
lock requirements-dev.lock "$@" --extra dev -c requirements.lock pyproject.toml "$build/build.in"
lock requirements-fuzz.lock "$@" "$build/fuzz.in"
