#!/bin/sh
# Brings the browser scripts and the address-to-country table from npm into the package; with `test`, also the servers
# that only the tests start (an OpenID provider, an Ethereum node, a Solidity compiler).
set -eu
omit="--omit=dev --omit=optional"
[ "${1:-}" = test ] && omit=""
static=src/tongguan/service/console/static/vendor
geo=src/tongguan/border/geo
if ! command -v npm >/dev/null 2>&1; then
  echo "set-up: no Node.js; the console will show tables where charts would be, and addresses outside the register get no country"
  exit 0
fi
echo "set-up: browser scripts and the address table"
npm ci $omit --silent --no-audit --no-fund --ignore-scripts 2>/dev/null
mkdir -p "$static" "$geo"
cp node_modules/echarts/dist/echarts.min.js "$static/echarts.min.js"
cp node_modules/htmx.org/dist/htmx.min.js "$static/htmx.min.js"
cp node_modules/@ip-location-db/geo-whois-asn-country-mmdb/geo-whois-asn-country.mmdb "$geo/country.mmdb"
