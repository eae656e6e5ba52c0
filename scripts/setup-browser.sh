#!/usr/bin/env bash
# Makes sure that Playwright finds a Chromium: the distribution's, or the one that Playwright downloads.
source "$(dirname "$0")/env.sh"

for browser in /usr/bin/chromium /usr/bin/chromium-browser /usr/bin/google-chrome; do
  [ -x "$browser" ] && exit 0
done
[ -e "$PROJECT_CACHE/.playwright-browser" ] && exit 0

if ordinary 240 npx --no-install playwright install chromium; then
  touch "$PROJECT_CACHE/.playwright-browser"
elif apt_install chromium; then
  :
else
  die "no Chromium: install the package chromium, or run: npx playwright install --with-deps chromium"
fi
