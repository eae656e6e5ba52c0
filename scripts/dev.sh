#!/usr/bin/env bash
# make dev: debug build with reload on change.
source "$(dirname "$0")/env.sh"

step "set-up" scripts/setup.sh build
export LEPTOS_SITE_ROOT
LEPTOS_SITE_ROOT="$(site_root debug)"
rm -f "$CARGO_TARGET_DIR/debug/portico.built-from"
exec cargo leptos watch -- serve --demo "$@"
