#!/bin/sh
# Builds the Extism guest: QuickJS-NG (the copy that crate rquickjs-sys carries) and guest.c, compiled to WebAssembly
# with a pinned compiler from PyPI. Everything it makes goes into bench/.peers, which git ignores. Needs cargo, Python 3
# with venv, and about 20 seconds after the download.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
bench=$(cd "$here/../.." && pwd)
work="$bench/.peers"
mkdir -p "$work/extism"

if ! "$work/zig/bin/python" -c 'import ziglang' 2>/dev/null; then
    python3 -m venv "$work/zig"
    "$work/zig/bin/pip" install --quiet ziglang==0.15.2
fi

quickjs=$(cargo metadata --locked --format-version 1 --manifest-path "$bench/Cargo.toml" | python3 -c '
import json, os, sys
packages = json.load(sys.stdin)["packages"]
print(next(os.path.dirname(p["manifest_path"]) for p in packages if p["name"] == "rquickjs-sys"))')/quickjs

python3 - "$bench/app/bot-logic.js" "$work/extism/app.h" <<'PY'
import sys
source = open(sys.argv[1], "rb").read()
with open(sys.argv[2], "w") as header:
    header.write("static const unsigned char app_source[] = {%s,0};\n" % ",".join(map(str, source)))
PY

"$work/zig/bin/python" -m ziglang cc -target wasm32-wasi -mexec-model=reactor -O2 -DNDEBUG -D_GNU_SOURCE \
    -DQUICKJS_NG_BUILD -D_WASI_EMULATED_PROCESS_CLOCKS -D_WASI_EMULATED_SIGNAL -fno-strict-aliasing -funsigned-char \
    -fno-sanitize=undefined -w -I"$quickjs" -I"$work/extism" \
    "$quickjs/quickjs.c" "$quickjs/libregexp.c" "$quickjs/libunicode.c" "$quickjs/dtoa.c" "$here/guest.c" \
    -lwasi-emulated-process-clocks -lwasi-emulated-signal -Wl,-z,stack-size=524288 -Wl,--gc-sections -s \
    -o "$work/extism/guest.wasm.new"
# Only a complete file gets the name that the harness looks for.
mv "$work/extism/guest.wasm.new" "$work/extism/guest.wasm"
