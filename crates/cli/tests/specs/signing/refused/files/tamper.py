"""Changes a signed archive as somebody on its way might: tamper.py IN OUT WHAT. What it does not change stays, and the
archive is in its one form again, so that only SHA256SUMS and the signature can tell."""

import sys
import zipfile

source, target, what = sys.argv[1:]
with zipfile.ZipFile(source) as archive:
    files = {name: archive.read(name) for name in archive.namelist()}


def lines(name):
    return files[name].decode().splitlines(keepends=True)


def put(name, text):
    files[name] = "".join(text).encode()


signature = lines("signature.sig")
if what == "changed":
    files["bot-logic.js"] = files["bot-logic.js"].replace(b"export async", b"export  sync", 1)
elif what == "changed-and-listed":
    import hashlib

    before = hashlib.sha256(files["README.md"]).hexdigest()
    files["README.md"] += b"!"
    after = hashlib.sha256(files["README.md"]).hexdigest()
    files["SHA256SUMS"] = files["SHA256SUMS"].replace(before.encode(), after.encode())
elif what == "extra":
    files["extra.js"] = b"export const extra = 1;\n"
elif what == "missing":
    del files["README.md"]
elif what == "reordered":
    put("SHA256SUMS", lines("SHA256SUMS")[::-1])
elif what == "legacy":
    # The letters of the algorithm begin the line: "ED" becomes "Ed".
    put("signature.sig", [signature[0], "RW" + signature[1][2:], *signature[2:]])
elif what == "comment":
    put("signature.sig", [*signature[:2], "trusted comment: notes 1.0.1\n", signature[3]])
elif what == "no-signature":
    del files["signature.sig"]
elif what == "no-key":
    # Nothing lists the key's file but SHA256SUMS, which nothing but the signature covers.
    del files["publisher.pub"]
    put("SHA256SUMS", [line for line in lines("SHA256SUMS") if "publisher.pub" not in line])
elif what == "garbage":
    files["signature.sig"] = b"trust me\n"
else:
    sys.exit(f"nobody knows how to make '{what}'")

with zipfile.ZipFile(target, "w") as archive:
    for name in sorted(files):
        info = zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0))
        info.external_attr = 0o644 << 16
        archive.writestr(info, files[name])
