#!/usr/bin/env bash
# Makes sure that the pinned Rust toolchain can compile for wasm32-unknown-unknown.
# Ordinary way: rustup. Otherwise the standard library is built from the distribution's rust-src of the same version.
source "$(dirname "$0")/env.sh"

TARGET=wasm32-unknown-unknown

have cargo || die "Rust is needed: https://rustup.rs, or your distribution's package rustup"
libdir="$(rustc --print target-libdir --target "$TARGET")"
compgen -G "$libdir/libstd-*.rlib" >/dev/null && exit 0

if have rustup && ordinary 90 rustup target add "$TARGET"; then
  compgen -G "$libdir/libstd-*.rlib" >/dev/null && exit 0
fi

sysroot="$(rustc --print sysroot)"
version="$(rustc --version | cut -d' ' -f2)"
work="$(mktemp -d "$PROJECT_CACHE/wasm-std.XXXXXX")"
trap 'rm -rf "$work"' EXIT

# fetch_sources: the library folder of exactly this rustc, from Debian's rust-src package, into $work/library.
# A private apt configuration: the system's own sources stay as they are.
fetch_sources() {
  have apt-get || return 1
  local mirror suite keyring=/usr/share/keyrings/debian-archive-keyring.gpg package apt
  mirror="$(apt-get indextargets --format '$(REPO_URI)' | grep -E '/debian/?$' | head -1)"
  [ -n "$mirror" ] && [ -e "$keyring" ] || return 1
  for suite in trixie-backports trixie forky sid; do
    mkdir -p "$work/apt/lists/partial" "$work/apt/cache/archives/partial"
    echo "deb [signed-by=$keyring] $mirror $suite main" >"$work/apt/sources.list"
    apt=(-o "Dir::Etc::sourcelist=$work/apt/sources.list" -o Dir::Etc::sourceparts=/dev/null
      -o "Dir::State::lists=$work/apt/lists" -o "Dir::Cache=$work/apt/cache" -o APT::Sandbox::User=root)
    apt-get "${apt[@]}" update -qq >&2 || continue
    package="$(apt-cache "${apt[@]}" madison rust-src | awk -F'|' '{ gsub(/ /, "", $2); print $2 }' | grep -m1 -F "$version+")" || continue
    say "rust-src $package from $suite"
    (cd "$work" && apt-get "${apt[@]}" download -qq "rust-src=$package" >&2 && dpkg -x rust-src_*.deb unpacked) || continue
    mv "$work/unpacked/usr/src/rustc-$version/library" "$work/library"
    return 0
  done
  return 1
}

say "building the standard library for $TARGET from its sources (about a minute, once)"
if [ ! -e "$sysroot/lib/rustlib/src/rust/library/std" ]; then
  if ! { have rustup && ordinary 60 rustup component add rust-src; }; then
    fetch_sources || die "no sources of rustc $version: run 'rustup target add $TARGET' where rustup's server is reachable"
    mkdir -p "$sysroot/lib/rustlib/src/rust"
    cp -r "$work/library" "$sysroot/lib/rustlib/src/rust/library"
  fi
fi

mkdir -p "$work/empty/src"
printf '[package]\nname = "empty"\nedition = "2024"\n[workspace]\n[profile.release]\ncodegen-units = 1\n' >"$work/empty/Cargo.toml"
: >"$work/empty/src/lib.rs"
toolchain="$(basename "$sysroot")"
(cd "$work/empty" && RUSTUP_TOOLCHAIN="$toolchain" RUSTC_BOOTSTRAP=1 RUSTFLAGS="-Cembed-bitcode=yes" CARGO_TARGET_DIR="$work/empty/target" \
  cargo build --release --quiet -Z build-std=std,panic_abort,proc_macro,test --target "$TARGET")
mkdir -p "$libdir"
find "$work/empty/target/$TARGET/release/deps" -name '*.rlib' ! -name 'libempty-*' -exec cp {} "$libdir/" \;
compgen -G "$libdir/libstd-*.rlib" >/dev/null || die "the standard library was not built"
say "standard library for $TARGET installed"
