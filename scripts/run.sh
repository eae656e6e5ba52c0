#!/usr/bin/env bash
# make run: installs what is missing, builds release, starts the demo with one partner's identity provider and two applications. Arguments
# go to `portico serve`.
source "$(dirname "$0")/env.sh"

step "set-up" scripts/setup.sh base
step "release build" scripts/build.sh release >/dev/null

export LEPTOS_SITE_ROOT
LEPTOS_SITE_ROOT="$(site_root release)"

portal="${PORTICO_PUBLIC_URL:-http://127.0.0.1:3000}"
others=()
trap 'kill "${others[@]}" 2>/dev/null || true' EXIT

# The demonstration stays whole without it, but nobody of that partner can sign in.
tsx demo/identity-provider.ts 3010 "$portal" >"$PROJECT_CACHE/identity-provider.log" 2>&1 </dev/null &
others+=($!)

# Two of the demonstration's applications sign people in through the portal. Portal and applications agree on a random secret, made here
# at each start and known to nobody else.
DEMO_APP_CLIENT_SECRET="$(node -p 'require("crypto").randomBytes(32).toString("base64url")')"
export DEMO_APP_CLIENT_SECRET
demo_app() { # SHORT-NAME PORT NAME SCOPE…
  local options=(--listen "127.0.0.1:$2" --issuer "$portal" --client-id "demo-$1" --name "$3")
  for scope in "${@:4}"; do options+=(--scope "$scope"); done
  "$CARGO_TARGET_DIR/release/portico" demo-app "${options[@]}" >"$PROJECT_CACHE/demo-app-$1.log" 2>&1 </dev/null &
  others+=($!)
}
demo_app orders 3011 "Order desk" orders:read orders:write orders:approve
demo_app drawings 3012 "Technical drawings" drawings:read drawings:comment drawings:release

"$CARGO_TARGET_DIR/release/portico" serve --demo \
  --demo-app orders=http://127.0.0.1:3011 --demo-app drawings=http://127.0.0.1:3012 "$@"
