#!/usr/bin/env bash
# Makes sure that a reverse proxy is there, for the tests of docs/nginx.conf and docs/Caddyfile. Usage: setup-proxies.sh nginx|caddy
# Prints its path. Ordinary way: Debian's package, installed. Otherwise the same package is unpacked into the cache folder.
source "$(dirname "$0")/env.sh"

name="${1:-}"
case "$name" in
  nginx) package=nginx-light ;;
  caddy) package=caddy ;;
  *) die "usage: setup-proxies.sh nginx|caddy" ;;
esac
UNPACKED="$PROJECT_CACHE/$name"

# able BINARY: whether it can ask another server for each request (nginx: ngx_http_auth_request_module; Caddy: forward_auth, from 2.5).
able() {
  case "$name" in
    nginx) "$1" -V 2>&1 | grep -q with-http_auth_request_module ;;
    caddy) "$1" version 2>/dev/null | grep -qE '^v?2\.([5-9]|[1-9][0-9])' ;;
  esac
}

# found: the path of one that is able to.
found() {
  local binary
  for binary in "$(command -v "$name" || true)" {/usr,/usr/local}/{bin,sbin}/"$name" "$UNPACKED"/usr/{bin,sbin}/"$name"; do
    [ -x "$binary" ] && able "$binary" && { echo "$binary"; return 0; }
  done
  return 1
}

# unpack: needs no root; the libraries they link to are on every Debian.
unpack() {
  have apt-get && have dpkg || return 1
  local work
  work="$(mktemp -d "$PROJECT_CACHE/$name.XXXXXX")"
  say "unpacking Debian's $name into $UNPACKED"
  if (cd "$work" && apt-get download -qq "$name" </dev/null >"$PROJECT_CACHE/apt.log" 2>&1); then
    rm -rf "$UNPACKED" && mkdir -p "$UNPACKED"
    for file in "$work"/*.deb; do dpkg -x "$file" "$UNPACKED"; done
  fi
  rm -rf "$work"
}

found && exit 0
# Unpacked first: a test needs the program, not a service that begins to listen on port 80 of this machine.
unpack && found && exit 0
apt_install "$package" && found && exit 0
die "no $name that asks for each request: install Debian's package $package"
