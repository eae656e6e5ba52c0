#!/usr/bin/env bash
# Makes sure that wrk is there, which loads servers in the measurements. Prints its path.
# Ordinary way: Debian's package, installed. Otherwise the same package is unpacked into the cache folder.
source "$(dirname "$0")/env.sh"

PACKAGES=(wrk libluajit-5.1-2 libluajit-5.1-common)
UNPACKED="$PROJECT_CACHE/wrk"

found() {
  if have wrk; then command -v wrk; return 0; fi
  [ -x "$UNPACKED/wrk" ] && [[ "$("$UNPACKED/wrk" --version 2>&1 || true)" == wrk* ]] && echo "$UNPACKED/wrk"
}

unpack() {
  have apt-get && have dpkg || return 1
  local work
  work="$(mktemp -d "$PROJECT_CACHE/wrk.XXXXXX")"
  say "unpacking Debian's wrk into $UNPACKED"
  if (cd "$work" && apt-get download -qq "${PACKAGES[@]}" </dev/null >"$PROJECT_CACHE/apt.log" 2>&1); then
    rm -rf "$UNPACKED" && mkdir -p "$UNPACKED"
    for package in "$work"/*.deb; do dpkg -x "$package" "$UNPACKED"; done
    printf '#!/bin/sh\nhere="$(dirname "$0")"\nexport LD_LIBRARY_PATH="$(echo "$here"/usr/lib/*-linux-gnu)"\nexec "$here/usr/bin/wrk" "$@"\n' >"$UNPACKED/wrk"
    chmod +x "$UNPACKED/wrk"
  fi
  rm -rf "$work"
}

found && exit 0
apt_install "${PACKAGES[@]}" && found && exit 0
unpack && found && exit 0
die "no wrk: install Debian's package wrk"
