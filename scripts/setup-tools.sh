#!/usr/bin/env bash
# Installs the cargo tools that a build or a test needs, into the cache folder. Usage: setup-tools.sh [build|test]
# build: wasm-bindgen, cargo-leptos. test: those, cargo-nextest and cargo-deny.
source "$(dirname "$0")/env.sh"

built_here=""

# there CRATE BINARY VERSION: whether that very version is on the path, ours or somebody's.
there() {
  local crate="$1" binary="$2" version="$3" found=""
  # `--version` differs by tool; the stamp file says what we installed.
  [ -x "$PROJECT_CACHE/bin/$binary" ] && [ -e "$PROJECT_CACHE/bin/.$crate-$version" ] && return 0
  case "$crate" in
    cargo-*) found="$(cargo "${crate#cargo-}" --version 2>/dev/null | head -1 || true)" ;;
    *) have "$binary" && found="$("$binary" --version 2>/dev/null | head -1 || true)" ;;
  esac
  case " $found " in *" $version "*) return 0 ;; esac
  return 1
}

# installed CRATE VERSION: leaves the stamp.
installed() {
  rm -f "$PROJECT_CACHE/bin/.$1-"*
  touch "$PROJECT_CACHE/bin/.$1-$2"
}

# fetched CRATE VERSION: the ordinary way, a prebuilt binary.
fetched() { have cargo-binstall && ordinary 60 cargo binstall --no-confirm --root "$PROJECT_CACHE" "$1@$2"; }

# cheaply COMMAND…: compiles for tools that run for seconds, where compiling well would cost minutes.
cheaply() {
  nice -n 5 env -u RUSTFLAGS -u CARGO_ENCODED_RUSTFLAGS CARGO_TARGET_DIR="$PROJECT_CACHE/tools-target" "$@" </dev/null
  built_here=yes
}

# install_crate CRATE BINARY VERSION OPT_LEVEL
install_crate() {
  local crate="$1" binary="$2" version="$3" opt_level="$4"
  there "$crate" "$binary" "$version" && return 0
  if ! fetched "$crate" "$version"; then
    say "compiling $crate $version from its crate (some minutes, once)"
    cheaply env CARGO_PROFILE_RELEASE_LTO=off CARGO_PROFILE_RELEASE_OPT_LEVEL="$opt_level" \
      CARGO_PROFILE_RELEASE_CODEGEN_UNITS=16 CARGO_PROFILE_RELEASE_DEBUG=false \
      cargo install "$crate" --version "$version" --locked --root "$PROJECT_CACHE" --force
  fi
  installed "$crate" "$version"
}

# from_workspace PACKAGE BINARY CRATE VERSION: the same program out of tools/, which leaves out what a build does not need.
from_workspace() {
  local package="$1" binary="$2" crate="$3" version="$4"
  there "$crate" "$binary" "$version" && return 0
  if ! fetched "$crate" "$version"; then
    grep -qF "=$version" "tools/$binary/Cargo.toml" || die "tools/$binary/Cargo.toml names another version of $crate than $version"
    say "compiling $crate $version (one to three minutes, once)"
    (cd tools && cheaply cargo build --release --locked -p "$package")
    built_here=yes
    cp "$PROJECT_CACHE/tools-target/release/$binary" "$PROJECT_CACHE/bin/$binary"
  fi
  installed "$crate" "$version"
}

wasm_bindgen="$(locked_version wasm-bindgen)"
[ -n "$wasm_bindgen" ] || die "Cargo.lock does not name wasm-bindgen; run: cargo update -w"

from_workspace portico-wasm-bindgen wasm-bindgen wasm-bindgen-cli "$wasm_bindgen"
from_workspace portico-cargo-leptos cargo-leptos cargo-leptos "$CARGO_LEPTOS_VERSION"
if [ "${1:-build}" = test ]; then
  install_crate cargo-nextest cargo-nextest "$CARGO_NEXTEST_VERSION" 1
  install_crate cargo-deny cargo-deny "$CARGO_DENY_VERSION" 0
fi
[ -z "$built_here" ] || rm -rf "$PROJECT_CACHE/tools-target"
