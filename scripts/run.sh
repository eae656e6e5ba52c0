#!/usr/bin/env bash
# make run: installs what is missing, builds release, starts the demo. Arguments go to `portico serve`.
source "$(dirname "$0")/env.sh"

step "set-up" scripts/setup.sh build
step "release build" scripts/build.sh release >/dev/null

export LEPTOS_SITE_ROOT
LEPTOS_SITE_ROOT="$(site_root release)"
exec "$CARGO_TARGET_DIR/release/portico" serve --demo "$@"
