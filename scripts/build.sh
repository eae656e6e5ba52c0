#!/usr/bin/env bash
# Builds the server, the islands' WebAssembly and the CSS by cargo-leptos. Usage: build.sh debug|release
# Prints the path of the binary. Does nothing when no source changed since the last build of this profile.
source "$(dirname "$0")/env.sh"

profile="${1:-debug}"
case "$profile" in debug | release) ;; *) die "usage: build.sh debug|release" ;; esac

export LEPTOS_SITE_ROOT
LEPTOS_SITE_ROOT="$(site_root "$profile")"
binary="$CARGO_TARGET_DIR/$profile/portico"
stamp="$CARGO_TARGET_DIR/$profile/portico.built-from"

# What the result depends on: this checkout's place (another one may share the target folder), sources and tools.
# A file is told by its path, size and time of change: reading them all would cost more than it saves.
fingerprint() {
  echo "$PROJECT_ROOT $(rustc --version) $CARGO_LEPTOS_VERSION"
  find Cargo.toml Cargo.lock .cargo rust-toolchain.toml package-lock.json src migrations style public \
    -type f -printf '%p %s %T@\n' 2>/dev/null | sort
}

now="$(fingerprint | sha256sum)"
if [ -x "$binary" ] && [ -d "$LEPTOS_SITE_ROOT" ] && [ "$(cat "$stamp" 2>/dev/null)" = "$now" ]; then
  echo "$binary"
  exit 0
fi
rm -f "$stamp"

# The server's crates need none of the tools, so a first release build compiles them beside the tools and the islands. What cargo-leptos
# runs afterwards finds them done.
if [ "$profile" = release ] && [ ! -x "$binary" ]; then
  say "compiling the server; beside it the build tools and the browser's part"
  cargo build --release --locked --no-default-features --features ssr --bin portico </dev/null >&2 &
  server=$!
  trap 'kill "$server" 2>/dev/null || true' EXIT
fi
scripts/setup-tools.sh build

options=()
[ "$profile" = debug ] || options=(--release --precompress)
cargo leptos build ${options[@]+"${options[@]}"} </dev/null >&2
echo "$now" >"$stamp"
echo "$binary"
