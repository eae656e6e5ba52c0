# shellcheck shell=bash
# Sourced by every script: where things live, which versions are used, and a few helpers.
# The cache folder is outside the checkout, so that a fresh clone reuses compiled dependencies and tools.
# No variable here begins with PORTICO_: those are the configuration of the portal itself.

set -euo pipefail

PROJECT_ROOT="$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)"
PROJECT_CACHE="${PROJECT_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/portico}"
export PROJECT_ROOT PROJECT_CACHE
export CARGO_TARGET_DIR="${CARGO_TARGET_DIR:-$PROJECT_CACHE/target}"
export PATH="$PROJECT_CACHE/bin:$PROJECT_ROOT/node_modules/.bin:$PATH"

# Cargo tells by file times whether something is compiled already. Where another checkout used this folder last, what it left may be newer
# than files here that say something else: then everything here counts as changed.
if [ -d "$CARGO_TARGET_DIR" ] && [ "$(cat "$CARGO_TARGET_DIR/checkout" 2>/dev/null)" != "$PROJECT_ROOT" ]; then
  find "$PROJECT_ROOT"/{src,migrations,tests,benches} -type f -exec touch {} +
fi
mkdir -p "$CARGO_TARGET_DIR"
echo "$PROJECT_ROOT" >"$CARGO_TARGET_DIR/checkout"

# Tools that Cargo.lock and package-lock.json do not pin. wasm-bindgen follows Cargo.lock.
CARGO_LEPTOS_VERSION=0.3.10
CARGO_NEXTEST_VERSION=0.9.143
CARGO_DENY_VERSION=0.20.2
export CARGO_LEPTOS_VERSION CARGO_NEXTEST_VERSION CARGO_DENY_VERSION

# REGISTRIES_ONLY=1 skips every download that does not come from a package registry.
REGISTRIES_ONLY="${REGISTRIES_ONLY:-}"

export npm_config_update_notifier=false npm_config_fund=false npm_config_audit=false
# The same for cargo-leptos and plain cargo: leptos reads it at compile time, a difference would rebuild it.
export LEPTOS_OUTPUT_NAME=portico

# site_root debug|release: where cargo-leptos puts the browser's files, beside the binary of the same profile.
# cargo-leptos empties this folder at every build, so the two profiles must not share one.
site_root() { echo "$CARGO_TARGET_DIR/site-$1"; }

# Colours only where a person reads.
if [ -t 2 ] && [ -z "${NO_COLOR:-}" ]; then bold=$'\033[1m' red=$'\033[31m' green=$'\033[32m' yellow=$'\033[33m' plain=$'\033[0m'
else bold='' red='' green='' yellow='' plain=''; fi
say() { echo "$bold»$plain $*" >&2; }
warn() { echo "$yellow! $*$plain" >&2; }
die() { echo "$red✗ $*$plain" >&2; exit 1; }
duration() { printf '%d min %02d s' $(($1 / 60)) $(($1 % 60)); }
have() { command -v "$1" >/dev/null 2>&1; }

# ordinary SECONDS COMMAND…: tries the way the tool's own documentation describes, briefly and quietly.
# Fails when it is not reachable; the caller then falls back to package registries.
ordinary() {
  local limit="$1"; shift
  [ -z "$REGISTRIES_ONLY" ] || return 1
  say "trying: $* (at most ${limit} s)"
  timeout "$limit" "$@" </dev/null >"$PROJECT_CACHE/last-try.log" 2>&1
}

# step NAME COMMAND…: runs a command, then prints its name and duration; fails when the command does.
step() {
  local name="$1" started=$SECONDS status=0; shift
  say "$name …"
  "$@" || status=$?
  if [ "$status" -eq 0 ]; then echo "$green✓ $name$plain ($(duration $((SECONDS - started))))" >&2
  else echo "$red✗ $name: failed with status $status$plain ($(duration $((SECONDS - started))))" >&2; fi
  return "$status"
}

# as_root COMMAND…: directly as root, else by sudo, else fails with a hint.
as_root() {
  if [ "$(id -u)" -eq 0 ]; then "$@"
  elif have sudo; then sudo "$@"
  else warn "needs root: $*"; return 1; fi
}

# apt_install PACKAGE…: Debian's and Ubuntu's packages; fails elsewhere.
apt_install() {
  have apt-get || return 1
  say "installing Debian packages: $*"
  local log="$PROJECT_CACHE/apt.log"
  as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends "$@" </dev/null >"$log" 2>&1 && return 0
  { as_root apt-get update && as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends "$@"; } \
    </dev/null >"$log" 2>&1 || { tail -5 "$log" >&2; return 1; }
}

# locked_version CRATE: the version that Cargo.lock pins.
locked_version() {
  awk -v want="\"$1\"" '$1 == "name" { found = ($3 == want) } found && $1 == "version" { gsub(/"/, "", $3); print $3; exit }' \
    "$PROJECT_ROOT/Cargo.lock"
}

mkdir -p "$PROJECT_CACHE/bin"
cd "$PROJECT_ROOT"
