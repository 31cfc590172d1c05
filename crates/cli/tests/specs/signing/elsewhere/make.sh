#!/bin/sh
# Makes files/: an app that nothing of oikos touched, packed by Python and signed by stock minisign. The key is a new one
# each time, and gone afterwards.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d)
trap 'rm -r "$work"' EXIT
mkdir "$work/app"
cd "$work/app"
echo '{ "id": "elsewhere", "name": "Elsewhere", "version": "1.0.0" }' > manifest.json
echo '{ "greet": { "title": "Greet", "input": { "type": "object" } } }' > action-schema.json
echo '{ "ai": false, "storage": false }' > permissions.json
printf "export async function greet(payload, ctx) {\n  return 'hello from elsewhere';\n}\n" > bot-logic.js
LC_ALL=C sha256sum * > ../SHA256SUMS
mv ../SHA256SUMS .
minisign -G -W -p ../elsewhere.pub -s ../elsewhere.key
minisign -S -s ../elsewhere.key -m SHA256SUMS -x signature.sig -t 'elsewhere 1.0.0'
python3 "$here/../stock/files/zip.py" ../elsewhere.aisapp
cp ../elsewhere.pub ../elsewhere.aisapp "$here/files/"
