#!/usr/bin/env bash
# make run: installs what is missing, builds release, starts the demo with one partner's identity provider. Arguments go to
# `portico serve`.
source "$(dirname "$0")/env.sh"

step "set-up" scripts/setup.sh build
step "release build" scripts/build.sh release >/dev/null

export LEPTOS_SITE_ROOT
LEPTOS_SITE_ROOT="$(site_root release)"

# The demonstration stays whole without it, but nobody of that partner can sign in.
tsx demo/identity-provider.ts 3010 "${PORTICO_PUBLIC_URL:-http://127.0.0.1:3000}" >"$PROJECT_CACHE/identity-provider.log" 2>&1 </dev/null &
provider=$!
trap 'kill "$provider" 2>/dev/null || true' EXIT

"$CARGO_TARGET_DIR/release/portico" serve --demo "$@"
