#!/usr/bin/env bash
# Makes sure that PostgreSQL's server binaries are there, for the throw-away cluster of scripts/test-postgres.sh.
# Nothing is needed when TEST_POSTGRES_URL names a server already.
source "$(dirname "$0")/env.sh"

[ -z "${TEST_POSTGRES_URL:-}" ] || exit 0
"$PROJECT_ROOT/scripts/test-postgres.sh" bindir >/dev/null 2>&1 && exit 0
apt_install postgresql || die "no PostgreSQL server binaries: install the package postgresql, or set TEST_POSTGRES_URL"
"$PROJECT_ROOT/scripts/test-postgres.sh" bindir >/dev/null
