#!/usr/bin/env bash
# End-to-end tests in a browser against the debug build, or with E2E_PROFILE=release against that one. Arguments go to `playwright test`,
# for example a file or --project js.
source "$(dirname "$0")/env.sh"

profile="${E2E_PROFILE:-debug}"
E2E_BINARY="$(scripts/build.sh "$profile")"
LEPTOS_SITE_ROOT="$(site_root "$profile")"
export E2E_BINARY LEPTOS_SITE_ROOT
cd end2end
exec playwright test "$@" </dev/null
