#!/usr/bin/env bash
# Makes sure that LemonLDAP::NG is there, an identity provider that the browser tests sign in with (end2end/providers).
# Ordinary way: Debian's packages, installed. Otherwise the same packages are unpacked into the cache folder.
source "$(dirname "$0")/env.sh"

PACKAGES=(
  liblemonldap-ng-portal-perl starman liblasso-perl libglib-perl
  libapache-session-browseable-perl libauthen-webauthn-perl libconvert-base32-perl libcookie-baker-xs-perl
  libcrypt-openssl-bignum-perl libdbi-perl libemail-sender-perl libgd-securityimage-perl libhttp-parser-xs-perl
  libimage-magick-perl libio-string-perl libipc-run-perl liblwp-protocol-https-perl libmime-tools-perl
  libnet-ldap-perl libstring-random-perl libunicode-string-perl libxml-libxml-perl libxml-simple-perl
)
UNPACKED="$PROJECT_CACHE/lemonldap"

# works [ROOT]: whether Perl finds the portal and Lasso, installed or below ROOT.
works() {
  local root="${1:-}" libraries="" modules=""
  [ -x "$root/usr/bin/starman" ] && [ -e "$root/var/lib/lemonldap-ng/conf/lmConf-1.json" ] || return 1
  if [ -n "$root" ]; then
    libraries="$(printf '%s:' "$root"/usr/lib/*-linux-* "$root/usr/lib")"
    modules="$(printf '%s:' "$root"/usr/share/perl5 "$root"/usr/lib/*-linux-*/perl5 "$root"/usr/lib/*-linux-*/perl5/*)"
  fi
  LD_LIBRARY_PATH="$libraries${LD_LIBRARY_PATH:-}" PERL5LIB="$modules${PERL5LIB:-}" \
    perl -e 'use Lasso; use Lemonldap::NG::Portal::Main; use Plack::Builder; use Starman::Server;' 2>"$PROJECT_CACHE/lemonldap.log"
}

# unpack: the packages and what they need, as far as it is not installed; needs no root.
unpack() {
  have apt-get && have dpkg || return 1
  local work names
  work="$(mktemp -d "$PROJECT_CACHE/lemonldap.XXXXXX")"
  names="$(apt-get install --simulate -y --no-install-recommends "${PACKAGES[@]}" 2>"$PROJECT_CACHE/apt.log" | awk '$1 == "Inst" { print $2 }')"
  [ -n "$names" ] || { rm -rf "$work"; return 1; }
  say "unpacking $(wc -w <<<"$names") Debian packages into $UNPACKED"
  # shellcheck disable=SC2086 # one word per package
  if (cd "$work" && apt-get download -qq $names </dev/null >"$PROJECT_CACHE/apt.log" 2>&1); then
    rm -rf "$UNPACKED" && mkdir -p "$UNPACKED"
    for package in "$work"/*.deb; do dpkg -x "$package" "$UNPACKED"; done
  fi
  rm -rf "$work"
  works "$UNPACKED"
}

works || works "$UNPACKED" && exit 0
say "LemonLDAP::NG for the browser tests (about 27 MB to download, a minute, once)"
apt_install "${PACKAGES[@]}" && works && exit 0
unpack && exit 0
tail -3 "$PROJECT_CACHE/lemonldap.log" >&2
die "no LemonLDAP::NG: install these Debian packages as root: ${PACKAGES[*]}"
