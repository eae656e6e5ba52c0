#!/usr/bin/env bash
# The token endpoint beside npm oidc-provider: prints a table. Usage: bench-tokens.sh debug|release [options of benches/tokens/run.ts]
# `debug` only shows that the measurement works; its figures say nothing.
source "$(dirname "$0")/env.sh"

profile="${1:-release}"
shift || true
BENCH_WRK="$(scripts/setup-wrk.sh)"
BENCH_BINARY="${E2E_BINARY:-$(scripts/build.sh "$profile")}"
LEPTOS_SITE_ROOT="${LEPTOS_SITE_ROOT:-$(site_root "$profile")}"
# The path of the built seed, as cargo says it.
options=(--features ssr,testing --bench tokens --locked --message-format json)
[ "$profile" = debug ] || options+=(--release)
BENCH_SEED="$(cargo build "${options[@]}" | node -e '
  for (const line of require("fs").readFileSync(0, "utf8").split("\n")) {
    const message = line.startsWith("{") ? JSON.parse(line) : {};
    if (message.reason === "compiler-artifact" && message.target.name === "tokens" && message.executable) console.log(message.executable);
  }')"
[ -x "$BENCH_SEED" ] || die "benches/tokens/seed.rs was not built"
export BENCH_WRK BENCH_BINARY BENCH_SEED LEPTOS_SITE_ROOT
# A cluster that writes through to the disk, unlike that of the tests.
TEST_POSTGRES_DURABLE=1 scripts/test-postgres.sh run bash -c 'BENCH_POSTGRES_URL="$TEST_POSTGRES_URL" exec tsx benches/tokens/run.ts "$@" </dev/null' bench "$@"
