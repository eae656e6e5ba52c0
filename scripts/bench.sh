#!/usr/bin/env bash
# make bench: measures the release build and prints tables; the results belong into docs/performance.md.
# Sizes of what the browser gets, start time and idle memory, load (benches/), Lighthouse.
source "$(dirname "$0")/env.sh"

step "set-up" scripts/setup.sh test
E2E_BINARY="$(scripts/build.sh release)"
LEPTOS_SITE_ROOT="$(site_root release)"
export E2E_BINARY LEPTOS_SITE_ROOT

printf '\nMachine: %s, %s cores, %s GiB memory, %s\n' "$(grep -m1 'model name' /proc/cpuinfo | cut -d: -f2- | xargs)" "$(nproc)" \
  "$(awk '/MemTotal/ { printf "%d", $2 / 1048576 }' /proc/meminfo)" "$(date -u +%F)"

# NAME and bytes: plain and brotli at quality 11, as served.
size() {
  local file
  for file in "$LEPTOS_SITE_ROOT"/pkg/*."$2"; do
    node -e 'const b = require("fs").readFileSync(process.argv[2]);
      console.log(`| ${process.argv[1]} | ${(b.length / 1000).toFixed(1)} kB | ${(require("zlib").brotliCompressSync(b).length / 1000).toFixed(1)} kB |`)' "$1" "$file"
  done
}
printf '\n| sent to the browser | plain | brotli |\n|---|---|---|\n'
size "islands, WebAssembly" wasm
size "islands, JavaScript" js
size "style sheet" css

started=$(date +%s%N)
folder="$(mktemp -d)"
port="$(node -e 'const s = require("net").createServer().listen(0, () => { console.log(s.address().port); s.close(); })')"
LEPTOS_SITE_ADDR="127.0.0.1:$port" PORTICO_PUBLIC_URL="http://127.0.0.1:$port" PORTICO_DATABASE_URL="sqlite:$folder/portico.db" \
  PORTICO_MASTER_KEY_FILE="$folder/master.key" "$E2E_BINARY" serve >"$folder/log" 2>&1 </dev/null &
server=$!
trap 'kill "$server" 2>/dev/null || true; rm -rf "$folder"' EXIT
until curl -fsS -o /dev/null "http://127.0.0.1:$port/healthz" 2>/dev/null; do
  kill -0 "$server" 2>/dev/null || { cat "$folder/log" >&2; die "the server did not start"; }
  sleep 0.01
done
ready=$(date +%s%N)
sleep 3
printf '\n| release binary | |\n|---|---|\n| size | %s MB |\n| start with an empty database until /healthz answers | %s ms |\n| idle memory (resident) | %s MB |\n' \
  "$(($(stat -c %s "$E2E_BINARY") / 1000000))" "$(((ready - started) / 1000000))" "$(awk '/VmRSS/ { printf "%d", $2 / 1000 }' "/proc/$server/status")"
kill "$server" && wait "$server" 2>/dev/null || true

# A large tenant is filled in once per database: some minutes and about a gigabyte each.
launchpads() { cargo bench --features ssr,testing --bench launchpad --locked; }
rm -f "$PROJECT_CACHE"/bench.db*
BENCH_DATABASE_URL="sqlite:$PROJECT_CACHE/bench.db" step "launchpads on SQLite" launchpads
export -f launchpads
# The throw-away cluster's own database serves: nothing else is in it.
step "launchpads on PostgreSQL" scripts/test-postgres.sh run bash -c 'BENCH_DATABASE_URL="$TEST_POSTGRES_URL" launchpads'
rm -f "$PROJECT_CACHE"/bench.db*
step "token endpoint" scripts/bench-tokens.sh release
cd end2end
step "Lighthouse" playwright test --config bench.config.ts </dev/null
