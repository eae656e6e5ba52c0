#!/usr/bin/env bash
# Makes sure that nginx is there, for the test of docs/nginx.conf. Prints its path.
# Ordinary way: Debian's package, installed. Otherwise the same package is unpacked into the cache folder.
source "$(dirname "$0")/env.sh"

UNPACKED="$PROJECT_CACHE/nginx"

# found: the path of an nginx that can ask another server for each request (ngx_http_auth_request_module).
found() {
  local binary
  for binary in "$(command -v nginx || true)" /usr/sbin/nginx /usr/local/sbin/nginx "$UNPACKED/usr/sbin/nginx"; do
    [ -x "$binary" ] && "$binary" -V 2>&1 | grep -q with-http_auth_request_module && { echo "$binary"; return 0; }
  done
  return 1
}

# unpack: needs no root; the libraries it links to are on every Debian.
unpack() {
  have apt-get && have dpkg || return 1
  local work
  work="$(mktemp -d "$PROJECT_CACHE/nginx.XXXXXX")"
  say "unpacking Debian's nginx into $UNPACKED"
  if (cd "$work" && apt-get download -qq nginx </dev/null >"$PROJECT_CACHE/apt.log" 2>&1); then
    rm -rf "$UNPACKED" && mkdir -p "$UNPACKED"
    for package in "$work"/*.deb; do dpkg -x "$package" "$UNPACKED"; done
  fi
  rm -rf "$work"
}

found && exit 0
# Unpacked first: a test needs the program, not a service that begins to listen on port 80 of this machine.
unpack && found && exit 0
apt_install nginx-light && found && exit 0
die "no nginx with auth_request: install Debian's package nginx-light"
