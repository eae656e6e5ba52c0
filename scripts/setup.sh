#!/usr/bin/env bash
# Installs what is missing. Usage: setup.sh base|build|test. Quick when everything is there.
# base: what compiling the server needs. build: and the tools for the browser's part. test: and what tests need.
source "$(dirname "$0")/env.sh"

what="${1:-build}"
for part in rust npm; do "scripts/setup-$part.sh"; done
if [ "$what" = test ]; then
  scripts/setup-browser.sh
  scripts/setup-postgres.sh
  scripts/setup-lemonldap.sh
  for proxy in nginx caddy; do scripts/setup-proxies.sh "$proxy" >/dev/null; done
  scripts/setup-python.sh >/dev/null
fi
[ "$what" = base ] || scripts/setup-tools.sh "$what"
