"""Packs the present folder, with nothing but Python: zip.py OUT"""

import sys
import zipfile
from pathlib import Path

with zipfile.ZipFile(sys.argv[1], "w") as archive:
    for path in sorted(str(path) for path in Path(".").rglob("*") if path.is_file()):
        info = zipfile.ZipInfo(path, (1980, 1, 1, 0, 0, 0))
        info.external_attr = 0o644 << 16
        archive.writestr(info, Path(path).read_bytes())
