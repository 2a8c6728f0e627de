#!/bin/sh
# Installs the Debian packages of one purpose: `run` (the program) or `test` (the servers and tools of the tests and benchmarks).
# Does nothing where all are there; says what is missing where it may not install.
set -eu
case "${1:-run}" in
  run) want="libarchive13 fonts-noto-cjk" ;;
  test) want="chromium mariadb-server tshark tcpflow tcpreplay iproute2 ethtool tcpdump curl openssl p7zip-full postgresql firebird3.0-server firebird3.0-utils softhsm2 libgl1 libglib2.0-0 libreoffice-writer-nogui libreoffice-calc-nogui libreoffice-impress-nogui" ;;
  *) echo "usage: debian.sh run|test" >&2; exit 2 ;;
esac
if [ "$1" = run ] && ! python3 -c 'import ensurepip' 2>/dev/null; then want="$want python3-venv"; fi
if [ "$1" = test ] && ! command -v npm >/dev/null 2>&1; then want="$want nodejs npm"; fi
missing=""
if ! command -v dpkg-query >/dev/null 2>&1; then
  echo "set-up: not a Debian or Ubuntu machine; please see that these are there: $want"
  exit 0
fi
for name in $want; do
  dpkg-query -W -f '${Status}' "$name" 2>/dev/null | grep -q 'ok installed' || missing="$missing $name"
done
[ -z "$missing" ] && exit 0
if [ "$(id -u)" = 0 ]; then as_root=""
elif command -v sudo >/dev/null 2>&1 && sudo -n true 2>/dev/null; then as_root="sudo"
else echo "set-up: these Debian packages are missing and only root may install them:$missing" >&2; exit 1
fi
echo "set-up: Debian packages$missing"
export DEBIAN_FRONTEND=noninteractive
$as_root apt-get update -qq
$as_root apt-get install -y -qq --no-install-recommends $missing >/dev/null
