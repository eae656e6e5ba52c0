#!/usr/bin/env bash
# Installs the cargo tools that a build or a test needs, into the cache folder. Usage: setup-tools.sh [build|test]
# build: wasm-bindgen, cargo-leptos. test: those, cargo-nextest and cargo-deny.
source "$(dirname "$0")/env.sh"

built_here=""

# install_crate CRATE BINARY VERSION OPT_LEVEL
install_crate() {
  local crate="$1" binary="$2" version="$3" opt_level="$4"
  # The same version anywhere on PATH will do. `--version` differs by tool, the stamp file is what we installed.
  [ -x "$PROJECT_CACHE/bin/$binary" ] && [ -e "$PROJECT_CACHE/bin/.$crate-$version" ] && return 0
  local found=""
  case "$crate" in
    cargo-*) found="$(cargo "${crate#cargo-}" --version 2>/dev/null | head -1 || true)" ;;
    *) have "$binary" && found="$("$binary" --version 2>/dev/null | head -1 || true)" ;;
  esac
  case " $found " in *" $version "*) return 0 ;; esac

  if have cargo-binstall && ordinary 60 cargo binstall --no-confirm --root "$PROJECT_CACHE" "$crate@$version"; then
    :
  else
    say "compiling $crate $version from its crate (some minutes, once)"
    # A cheap profile: these tools run for seconds, compiling them costs minutes.
    nice -n 5 env -u RUSTFLAGS -u CARGO_ENCODED_RUSTFLAGS CARGO_TARGET_DIR="$PROJECT_CACHE/tools-target" \
      CARGO_PROFILE_RELEASE_LTO=off CARGO_PROFILE_RELEASE_OPT_LEVEL="$opt_level" \
      CARGO_PROFILE_RELEASE_CODEGEN_UNITS=16 CARGO_PROFILE_RELEASE_DEBUG=false \
      cargo install "$crate" --version "$version" --locked --root "$PROJECT_CACHE" --force </dev/null
    built_here=yes
  fi
  rm -f "$PROJECT_CACHE/bin/.$crate-"*
  touch "$PROJECT_CACHE/bin/.$crate-$version"
}

wasm_bindgen="$(locked_version wasm-bindgen)"
[ -n "$wasm_bindgen" ] || die "Cargo.lock does not name wasm-bindgen; run: cargo update -w"

install_crate wasm-bindgen-cli wasm-bindgen "$wasm_bindgen" 1
install_crate cargo-leptos cargo-leptos "$CARGO_LEPTOS_VERSION" 0
if [ "${1:-build}" = test ]; then
  install_crate cargo-nextest cargo-nextest "$CARGO_NEXTEST_VERSION" 1
  install_crate cargo-deny cargo-deny "$CARGO_DENY_VERSION" 0
fi
[ -z "$built_here" ] || rm -rf "$PROJECT_CACHE/tools-target"
