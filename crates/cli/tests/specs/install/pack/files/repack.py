"""Packs an archive again, with nothing but Python: repack.py IN OUT [FILE OLD NEW] (NEW instead of OLD in FILE)."""

import sys
import zipfile

source, target, *change = sys.argv[1:]
with zipfile.ZipFile(source) as old, zipfile.ZipFile(target, "w") as new:
    for entry in old.infolist():
        data = old.read(entry)
        if change and entry.filename == change[0]:
            data = data.replace(change[1].encode(), change[2].encode())
        info = zipfile.ZipInfo(entry.filename, (1980, 1, 1, 0, 0, 0))
        info.external_attr = 0o644 << 16
        new.writestr(info, data)
