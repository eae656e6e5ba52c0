#!/usr/bin/env bash
# Takes pictures of pages at phone and desktop width, light and dark, into target/screenshots.
# Usage: screenshots.sh [ROLE:PATH…], for example `screenshots.sh member:/ owner:/partners`; default: end2end/pages.json.
source "$(dirname "$0")/env.sh"

E2E_BINARY="$(scripts/build.sh debug)"
LEPTOS_SITE_ROOT="$(site_root debug)"
export E2E_BINARY LEPTOS_SITE_ROOT E2E_PAGES="$*"
cd end2end
exec playwright test --config screenshots.config.ts </dev/null
