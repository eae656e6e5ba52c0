#!/usr/bin/env bash
# End-to-end tests in a browser against the debug build. Arguments go to `playwright test`, for example a file or --project js.
source "$(dirname "$0")/env.sh"

E2E_BINARY="$(scripts/build.sh debug)"
LEPTOS_SITE_ROOT="$(site_root debug)"
export E2E_BINARY LEPTOS_SITE_ROOT
cd end2end
exec playwright test "$@" </dev/null
