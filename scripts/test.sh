#!/usr/bin/env bash
# make test: every check, each with its name and duration. `test.sh STEP…` runs only some: setup fmt lint unit e2e deny
# Stops at the first failure.
source "$(dirname "$0")/env.sh"

fmt() { cargo fmt --all --check; }
lint_server() { cargo clippy --workspace --features ssr,testing --all-targets --locked -- -D warnings; }
lint_islands() { cargo clippy --features hydrate --target wasm32-unknown-unknown --lib --locked -- -D warnings; }
unit() { scripts/test-postgres.sh run cargo nextest run --workspace --features ssr,testing --locked --no-fail-fast; }
deny() {
  # The advisory database is a repository elsewhere; where it is unreachable the other checks still run.
  if timeout 60 cargo deny fetch db </dev/null >/dev/null 2>&1; then
    cargo deny --log-level error check
  else
    warn "the advisory database is unreachable: checking licences, bans and sources only"
    cargo deny --log-level error check licenses bans sources
  fi
}

[ $# -gt 0 ] || set -- setup fmt lint unit e2e deny
started=$SECONDS
for part in "$@"; do
  case "$part" in
    setup) step "set-up" scripts/setup.sh test ;;
    fmt) step "format" fmt ;;
    lint)
      step "clippy, server and tests" lint_server
      step "clippy, islands" lint_islands
      ;;
    unit) step "tests on SQLite and PostgreSQL" unit ;;
    # What runs in production: the release build. (scripts/e2e.sh alone takes the debug build, which a changed line makes sooner.)
    e2e) E2E_PROFILE="${E2E_PROFILE:-release}" step "end-to-end tests" scripts/e2e.sh ;;
    deny) step "cargo deny" deny ;;
    *) die "unknown step: $part" ;;
  esac
done
echo "$green✓ all of: $*$plain ($(duration $((SECONDS - started))))" >&2
