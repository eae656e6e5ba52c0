#!/usr/bin/env bash
# Makes sure that authlib (and joserfc, its part for signatures) is there, the second client library that the tests of tokens use. Prints the path of a Python that has it.
# It lives in a virtual environment in the cache folder, under a name that says which versions are in it.
source "$(dirname "$0")/env.sh"

PACKAGES=(authlib==1.9.10 joserfc==1.8.0 requests==2.34.2 cryptography==50.0.2)
key="$(printf '%s\n' "${PACKAGES[@]}" | sha256sum | cut -c1-12)"
place="$PROJECT_CACHE/python-$key"

if [ ! -e "$place/.complete" ]; then
  have python3 || apt_install python3 python3-venv || die "Python 3.9 or later is needed: install python3 and python3-venv"
  say "a virtual environment with ${PACKAGES[*]} (once)"
  rm -rf "$place"
  python3 -m venv "$place" >"$PROJECT_CACHE/python.log" 2>&1 ||
    { apt_install python3-venv && python3 -m venv "$place"; } >"$PROJECT_CACHE/python.log" 2>&1 ||
    { tail -3 "$PROJECT_CACHE/python.log" >&2; die "python3 cannot make a virtual environment: install python3-venv"; }
  "$place/bin/pip" install --quiet --disable-pip-version-check --no-input "${PACKAGES[@]}" </dev/null >"$PROJECT_CACHE/python.log" 2>&1 ||
    { tail -3 "$PROJECT_CACHE/python.log" >&2; die "pip cannot install ${PACKAGES[*]}"; }
  touch "$place/.complete"
fi
echo "$place/bin/python"
