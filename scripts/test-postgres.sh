#!/usr/bin/env bash
# A throw-away PostgreSQL cluster for tests: not durable unless TEST_POSTGRES_DURABLE=1, trusts local connections, listens on a free loopback port.
#
#   test-postgres.sh start        prints TEST_POSTGRES_URL=…, the cluster keeps running
#   test-postgres.sh stop         stops and removes it
#   test-postgres.sh run COMMAND… runs the command with TEST_POSTGRES_URL set, then stops and removes it
#   test-postgres.sh bindir       prints where the server binaries are
source "$(dirname "$0")/env.sh"

STATE="${TEST_POSTGRES_STATE:-$PROJECT_ROOT/target/test-postgres}"

bindir() {
  local dir
  for dir in $(ls -d /usr/lib/postgresql/*/bin /opt/homebrew/opt/postgresql*/bin 2>/dev/null | sort -rV); do
    [ -x "$dir/initdb" ] && { echo "$dir"; return 0; }
  done
  dir="$(dirname "$(command -v initdb || true)")"
  [ -x "$dir/initdb" ] && [ -x "$dir/postgres" ] && { echo "$dir"; return 0; }
  return 1
}

# PostgreSQL refuses to run as root: hand over to an unprivileged account.
unprivileged() {
  if [ "$(id -u)" -ne 0 ]; then (cd / && "$@"); return; fi
  local account=nobody
  id postgres >/dev/null 2>&1 && account=postgres
  (cd / && runuser -u "$account" -- "$@")
}

free_port() {
  node -e 'const s = require("net").createServer().listen(0, "127.0.0.1", () => { console.log(s.address().port); s.close(); })'
}

start() {
  local bin dir port
  bin="$(bindir)" || die "no PostgreSQL server binaries, run scripts/setup-postgres.sh"
  stop
  # A folder of its own under /tmp: the unprivileged account may not be able to enter the checkout.
  dir="$(mktemp -d /tmp/portico-postgres.XXXXXX)"
  [ "$(id -u)" -ne 0 ] || chown "$(id -un postgres 2>/dev/null || echo nobody)" "$dir"
  unprivileged "$bin/initdb" -D "$dir/data" -U postgres -A trust -E UTF8 --locale=C --no-sync >"$dir.log" 2>&1 ||
    { cat "$dir.log" >&2; die "initdb failed"; }
  port="$(free_port)"
  # Tests can lose their data; what is measured (TEST_POSTGRES_DURABLE=1) writes through to the disk as in production.
  local careless="-c fsync=off -c synchronous_commit=off -c full_page_writes=off"
  [ -z "${TEST_POSTGRES_DURABLE:-}" ] || careless=""
  mkdir -p "$STATE"
  printf '%s\n' "$dir" >"$STATE/dir"
  printf 'postgres://postgres@127.0.0.1:%s/postgres\n' "$port" >"$STATE/url"
  unprivileged "$bin/pg_ctl" -D "$dir/data" -l "$dir/server.log" -w -t 60 -s start -o "-p $port -h 127.0.0.1 -k $dir \
    $careless -c max_connections=300 -c shared_buffers=256MB -c max_wal_size=2GB -c autovacuum=off" </dev/null >/dev/null 2>&1 || { cat "$dir/server.log" >&2; die "PostgreSQL did not start"; }
  rm -f "$dir.log"
}

stop() {
  [ -e "$STATE/dir" ] || return 0
  local dir bin
  dir="$(cat "$STATE/dir")"
  if bin="$(bindir)" && [ -e "$dir/data/postmaster.pid" ]; then
    unprivileged "$bin/pg_ctl" -D "$dir/data" -m immediate -s stop >/dev/null 2>&1 || true
  fi
  rm -rf "$dir" "$STATE"
}

case "${1:-}" in
  start) start; echo "TEST_POSTGRES_URL=$(cat "$STATE/url")" ;;
  stop) stop ;;
  bindir) bindir ;;
  run)
    shift
    [ -z "${TEST_POSTGRES_URL:-}" ] || exec "$@"
    # One cluster per run, so that two runs do not stop each other's.
    STATE="$STATE-$$"
    trap stop EXIT
    start
    TEST_POSTGRES_URL="$(cat "$STATE/url")" "$@"
    ;;
  *) die "usage: test-postgres.sh start|stop|bindir|run COMMAND…" ;;
esac
