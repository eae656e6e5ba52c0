#!/usr/bin/env bash
# Puts the npm packages of package-lock.json in place: tailwindcss, wasm-opt, Playwright, maildev, lighthouse.
# One copy per lock file lives in the cache folder; node_modules in the checkout is a link to it.
source "$(dirname "$0")/env.sh"

have npm || die "Node.js 20 or later with npm is needed: https://nodejs.org, or your distribution's packages nodejs and npm"
key="$(cat package.json package-lock.json | sha256sum | cut -c1-16)"
store="$PROJECT_CACHE/npm/$key"

if [ ! -e "$store/.complete" ]; then
  say "npm ci (once per package-lock.json)"
  rm -rf "$store" && mkdir -p "$store"
  cp package.json package-lock.json .npmrc "$store/"
  (cd "$store" && npm ci --no-progress --loglevel=error </dev/null >&2)
  touch "$store/.complete"
fi
if [ "$(readlink node_modules 2>/dev/null || true)" != "$store/node_modules" ]; then
  rm -rf node_modules
  ln -s "$store/node_modules" node_modules
fi
