"""Makes the hostile archives: make.py FOLDER

Each function below is one archive that must be refused, with the code that it is refused with. FOLDER/cases.txt lists
them as `name code`. The archive `honest` must be accepted. The same bytes come out each time; nothing but Python's
standard library is used, and archives are written by hand, so that each header can lie."""

import hashlib
import io
import struct
import sys
import zipfile
import zlib
from pathlib import Path

UNSAFE = "package_unsafe_path"
FORM = "package_not_canonical"
LARGE = "package_too_large"
UNREADABLE = "package_unreadable"
SUMS = "package_sums_malformed"
CHANGED = "package_checksum_mismatch"
INVALID = "package_invalid"

CASES = []


def case(code):
    def add(function):
        CASES.append((function.__name__.replace("_", "-"), code, function))
        return function

    return add


# ---- an honest app, and its archive, header by header ----

APP = {
    "action-schema.json": b'{ "greet": { "input": { "type": "object" } } }\n',
    "bot-logic.js": b"export async function greet(payload, ctx) {\n  return 'hello';\n}\n",
    "lib/words.js": b"export const words = ['hello'];\n",
    "manifest.json": b'{ "id": "honest", "name": "Honest", "version": "1.0.0" }\n',
}
ATTRIBUTES = 0o644 << 16


def sums(files):
    listed = sorted(path for path in files if path not in ("SHA256SUMS", "signature.sig"))
    return "".join(f"{hashlib.sha256(files[path]).hexdigest()}  {path}\n" for path in listed).encode()


def with_sums(files):
    return {**files, "SHA256SUMS": sums(files)}


class Entry:
    """One file: what its two headers say, and its bytes. Central values are the local ones unless they differ."""

    def __init__(self, name, data, **lies):
        self.name = name if isinstance(name, bytes) else name.encode()
        self.data = data
        self.lies = lies

    def get(self, key, default):
        return self.lies.get(key, default)

    def common(self, where):
        crc = self.get("crc", zlib.crc32(self.data))
        value = lambda key, default: self.lies.get(f"{where}_{key}", self.get(key, default))
        return struct.pack(
            "<HHHHHIII",
            value("needs", 20),
            value("flags", 0),
            value("method", 0),
            value("time", 0),
            value("date", 0x21),
            value("crc", crc),
            value("packed", len(self.data)),
            value("size", len(self.data)),
        )

    def local(self):
        name = self.get("local_name", self.name)
        extra = self.get("local_extra", b"")
        head = b"PK\3\4" + self.common("local") + struct.pack("<HH", len(name), len(extra))
        return head + name + extra + self.data + self.get("behind", b"")

    def central(self, offset):
        extra, comment = self.get("extra", b""), self.get("comment", b"")
        head = b"PK\1\2" + struct.pack("<H", self.get("made", 0x314)) + self.common("central")
        head += struct.pack("<HHHHH", len(self.name), len(extra), len(comment), self.get("disk", 0), self.get("internal", 0))
        head += struct.pack("<II", self.get("attributes", ATTRIBUTES), self.get("offset", offset))
        return head + self.name + extra + comment


def end(count, size, offset, **lies):
    get = lies.get
    comment = get("comment", b"")
    return b"PK\5\6" + struct.pack(
        "<HHHHIIH",
        get("disk", 0),
        get("central_disk", 0),
        get("count_here", count) & 0xFFFF,
        get("count", count) & 0xFFFF,
        get("size", size),
        get("offset", offset),
        get("comment_length", len(comment)),
    ) + comment


def archive(entries, front=b"", gap=b"", before_end=b"", shift=0, order=None, **lies):
    body, places = front, []
    for entry in entries:
        places.append(len(body) - (len(front) if not shift else 0))
        body += entry.local()
    body += gap
    pairs = list(zip(entries, places))
    central = b"".join(entry.central(place) for entry, place in (order(pairs) if order else pairs))
    offset = len(body) if shift else len(body) - len(front)
    said = {"count": len(entries), "size": len(central), "offset": offset, **lies}
    return body + central + before_end + end(**said)


def entries_of(files):
    return [Entry(path, files[path]) for path in sorted(files)]


def honest(extra=None):
    return archive(entries_of(with_sums({**APP, **(extra or {})})))


def beside(*more):
    """The honest entries and these, in the order of their names."""
    return archive(sorted(entries_of(with_sums(APP)) + list(more), key=lambda entry: entry.name))


def lying(path="manifest.json", **lies):
    """The honest archive with one entry whose headers lie."""
    files = with_sums(APP)
    return archive([Entry(name, files[name], **(lies if name == path else {})) for name in sorted(files)])


# ---- ways out ----

for number, (what, name) in enumerate(
    [
        ("dots", "../evil.js"),
        ("deep dots", "lib/../../../.config/autostart/evil"),
        ("dots at the end", "lib/.."),
        ("root", "/etc/cron.d/evil"),
        ("two slashes", "//server/share/evil"),
        ("backslash", "..\\evil.js"),
        ("drive", "C:/evil.js"),
        ("stream", "manifest.json:evil"),
        ("nul byte", b"evil.js\0.png"),
        ("here", "./manifest.json"),
        ("empty component", "lib//words.js"),
        ("empty name", ""),
        ("device", "lib/NUL.js"),
        ("numbered device", "com1"),
        ("dropped dot", "lib./words.js"),
        ("option", "lib/-rf"),
        ("tilde", "~/.bashrc"),
        ("variable", "$HOME/evil"),
        ("line break", "lib/a\nb.js"),
        ("escape sequence", "lib/\x1b[2J.js"),
        ("space at the end", "manifest.json "),
        ("turned around", "lib/\u202esj.live.js"),
        ("no UTF-8", b"lib/\xff\xfe.js"),
        ("overlong dots", b"lib/\xc0\xae\xc0\xae/evil.js"),
        ("long name", "a" * 300),
        ("nested deep", "a/" * 140 + "a"),
    ]
):
    CASES.append((f"way-out-{what.replace(' ', '-')}", UNSAFE, lambda name=name: beside(Entry(name, b"evil"))))


# ---- links and other things that are no files ----


@case(FORM)
def link_to_the_root():
    return beside(Entry("data", b"/", attributes=0o120777 << 16))


@case(FORM)
def link_and_a_file_behind_it():
    return beside(Entry("data", b"../..", attributes=0o120777 << 16), Entry("data/evil", b"x"))


@case(FORM)
def link_in_the_place_of_a_file():
    return lying("bot-logic.js", attributes=0o120777 << 16)


@case(FORM)
def pipe():
    return beside(Entry("pipe", b"", attributes=0o010644 << 16))


@case(FORM)
def device_file():
    return beside(Entry("null", b"", attributes=0o020666 << 16))


@case(FORM)
def folder():
    return beside(Entry("lib/", b""))


@case(FORM)
def folder_by_its_attributes():
    return beside(Entry("lib2", b"", attributes=(0o040755 << 16) | 0x10))


@case(FORM)
def set_user_id():
    return lying("bot-logic.js", attributes=0o104755 << 16)


@case(FORM)
def hidden_in_dos():
    return lying("bot-logic.js", attributes=ATTRIBUTES | 2)


# ---- twins ----


@case(FORM)
def twice_the_same():
    return beside(Entry("manifest.json", APP["manifest.json"]))


@case(FORM)
def twice_with_other_bytes():
    return beside(Entry("bot-logic.js", b"export async function greet() { return 'evil'; }\n"))


@case(UNSAFE)
def twins_by_case():
    return honest({"Manifest.JSON": b"{}"})


@case(UNSAFE)
def twin_folders_by_case():
    return honest({"LIB/words.js": b"export const words = [];\n"})


@case(UNSAFE)
def twins_by_unicode_form():
    return beside(Entry("caf\u00e9.js", b"1", flags=0x800), Entry("cafe\u0301.js", b"2", flags=0x800))


@case(UNSAFE)
def twin_by_another_alphabet():
    return beside(Entry("m\u0430nifest.json", b"{}", flags=0x800))


@case(UNSAFE)
def twin_by_width():
    return beside(Entry("\uff4danifest.json", b"{}", flags=0x800))


@case(UNSAFE)
def file_that_is_a_folder():
    return honest({"lib": b"x"})


@case(UNSAFE)
def file_that_is_a_folder_by_case():
    return honest({"LIB": b"x"})


# ---- the two headers of an entry disagree ----


@case(FORM)
def local_name_differs():
    return lying("manifest.json", local_name=b"manifest.jsom")


@case(FORM)
def local_name_leads_out():
    return lying("manifest.json", local_name=b"../../../evil")


@case(FORM)
def local_name_is_longer():
    return lying("manifest.json", local_name=b"manifest.json/../evil")


@case(FORM)
def local_size_differs():
    return lying("manifest.json", local_size=1, local_packed=1)


@case(FORM)
def local_sum_differs():
    return lying("manifest.json", local_crc=0xDEADBEEF)


@case(FORM)
def local_method_differs():
    return lying("manifest.json", local_method=8)


@case(FORM)
def local_flags_differ():
    return lying("manifest.json", local_flags=0x800)


@case(FORM)
def local_time_differs():
    return lying("manifest.json", local_date=0x5A21)


@case(FORM)
def local_extra_field():
    return lying("manifest.json", local_extra=b"\x75\x70\x05\0\1evil")


@case(FORM)
def sum_is_wrong_in_both():
    return lying("manifest.json", crc=0)


@case(FORM)
def two_sizes():
    return lying("manifest.json", central_size=10)


@case(FORM)
def sizes_by_a_descriptor():
    data = APP["manifest.json"]
    behind = b"PK\7\x08" + struct.pack("<III", zlib.crc32(data), len(data), len(data))
    return lying("manifest.json", flags=8, local_crc=0, local_packed=0, local_size=0, behind=behind)


@case(FORM)
def size_of_four_gigabytes():
    return lying("manifest.json", size=0xFFFFFFFE, packed=0xFFFFFFFE)


@case(FORM)
def offset_into_another_entry():
    return lying("manifest.json", offset=0)


@case(FORM)
def offset_past_the_end():
    return lying("manifest.json", offset=0xFFFFFFF0)


@case(FORM)
def bytes_between_entries():
    return lying("lib/words.js", behind=b"hidden")


@case(FORM)
def an_entry_that_the_index_does_not_list():
    return lying("lib/words.js", behind=Entry("evil.js", b"evil").local())


@case(FORM)
def index_in_another_order():
    return archive(entries_of(with_sums(APP)), order=lambda pairs: pairs[::-1])


@case(FORM)
def entries_in_another_order():
    return archive(entries_of(with_sums(APP))[::-1])


@case(FORM)
def entries_in_another_order_than_the_index():
    return archive(entries_of(with_sums(APP))[::-1], order=lambda pairs: sorted(pairs, key=lambda pair: pair[0].name))


# ---- fields that say nothing useful ----


@case(FORM)
def a_time():
    return lying("manifest.json", date=0x5A21, time=0x6000)


@case(FORM)
def made_by_dos():
    return lying("manifest.json", made=20)


@case(FORM)
def made_by_a_newer_packer():
    return lying("manifest.json", made=0x33F)


@case(FORM)
def needs_a_newer_reader():
    return lying("manifest.json", needs=45)


@case(FORM)
def extra_field_with_another_name():
    name = b"../evil"
    return lying("manifest.json", extra=struct.pack("<HHBI", 0x7075, len(name) + 5, 1, 0) + name)


@case(FORM)
def comment_of_an_entry():
    return lying("manifest.json", comment=b"PK\5\6" + bytes(18))


@case(FORM)
def says_it_is_text():
    return lying("manifest.json", internal=1)


@case(FORM)
def on_another_disk():
    return lying("manifest.json", disk=1)


@case(FORM)
def utf8_flag():
    return lying("manifest.json", flags=0x800)


# ---- compressed, encrypted, bombs ----


def deflated(data):
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    return packer.compress(data) + packer.flush()


@case(FORM)
def compressed():
    data = APP["manifest.json"]
    return lying_with(deflated(data), data)


def lying_with(packed, data, **lies):
    entries = [entry for entry in entries_of(with_sums(APP)) if entry.name != b"manifest.json"]
    entry = Entry("manifest.json", packed, method=8, crc=zlib.crc32(data), size=len(data), **lies)
    return archive(sorted(entries + [entry], key=lambda entry: entry.name))


@case(FORM)
def bomb_of_zeros():
    return lying_with(deflated(bytes(48 << 20)), bytes(48 << 20))


@case(FORM)
def bomb_that_says_it_is_small():
    packed = deflated(bytes(48 << 20))
    return lying_with(packed, b"{}")


@case(FORM)
def bomb_of_overlapping_entries():
    """One block of data that thousands of entries share, each header quoted by the one before it."""
    names = [f"f{number:04}".encode() for number in range(4000)]
    data = deflated(bytes(1 << 20))
    kernel = Entry(names[0], data, method=8, crc=zlib.crc32(bytes(1 << 20)), size=1 << 20)
    body = kernel.local()
    central = b"".join(
        Entry(name, data, method=8, crc=zlib.crc32(bytes(1 << 20)), size=1 << 20, offset=0).central(0) for name in names
    )
    return body + central + end(len(names), len(central), len(body))


@case(FORM)
def stored_entries_that_overlap():
    names = [f"f{number:04}".encode() for number in range(4000)]
    data = bytes(1 << 20)
    body = Entry(names[0], data).local()
    central = b"".join(Entry(name, data, offset=0).central(0) for name in names)
    return body + central + end(len(names), len(central), len(body))


@case(FORM)
def encrypted():
    return lying("bot-logic.js", flags=1)


@case(FORM)
def strongly_encrypted():
    return lying("bot-logic.js", flags=0x41)


@case(FORM)
def encrypted_with_aes():
    return lying("bot-logic.js", flags=1, method=99, extra=struct.pack("<HHH2sBH", 0x9901, 7, 2, b"AE", 3, 0))


@case(FORM)
def unknown_method():
    return lying("bot-logic.js", method=0xFFFF)


# ---- ends ----


@case(FORM)
def comment_of_the_archive():
    return archive(entries_of(with_sums(APP)), comment=b"hello")


@case(UNREADABLE)
def second_archive_in_the_comment():
    inner = honest({"evil.js": b"evil"})
    return archive(entries_of(with_sums(APP)), comment=inner[:60_000])


@case(FORM)
def end_record_in_the_comment():
    return archive(entries_of(with_sums(APP)), comment=end(0, 0, 0) + b"x")


@case(UNREADABLE)
def end_record_that_hides_another():
    """The last end record says that there is nothing; the one before it is the real one."""
    return archive(entries_of(with_sums(APP)), comment_length=22) + end(0, 0, 0)


@case(FORM)
def a_byte_behind():
    return honest() + b"\n"


@case(FORM)
def a_comment_that_is_not_there():
    return archive(entries_of(with_sums(APP)), comment_length=10)


@case(UNREADABLE)
def a_program_in_front():
    return archive(entries_of(with_sums(APP)), front=b"#!/bin/sh\nexec evil\n")


@case(FORM)
def a_program_in_front_with_right_offsets():
    return archive(entries_of(with_sums(APP)), front=b"#!/bin/sh\nexec evil\n", shift=1)


@case(UNREADABLE)
def two_archives():
    return honest({"evil.js": b"evil"}) + honest()


@case(FORM)
def bytes_before_the_index():
    return archive(entries_of(with_sums(APP)), gap=b"hidden")


@case(UNREADABLE)
def bytes_behind_the_index():
    return archive(entries_of(with_sums(APP)), before_end=b"hidden")


@case(UNREADABLE)
def zip64():
    record = b"PK\6\6" + struct.pack("<QHHIIQQQQ", 44, 45, 45, 0, 0, 5, 5, 0, 0)
    locator = b"PK\6\7" + struct.pack("<IQI", 0, 0, 1)
    return archive(entries_of(with_sums(APP)), before_end=record + locator)


@case(LARGE)
def zip64_that_says_it_has_more():
    record = b"PK\6\6" + struct.pack("<QHHIIQQQQ", 44, 45, 45, 0, 0, 1 << 60, 1 << 60, 1 << 60, 0)
    locator = b"PK\6\7" + struct.pack("<IQI", 0, 0, 1)
    lies = {"count": 0xFFFF, "count_here": 0xFFFF, "size": 0xFFFFFFFF, "offset": 0xFFFFFFFF}
    return archive(entries_of(with_sums(APP)), before_end=record + locator, **lies)


@case(FORM)
def zip64_sizes():
    extra = struct.pack("<HHQQ", 1, 16, 57, 57)
    return lying("manifest.json", size=0xFFFFFFFF, packed=0xFFFFFFFF, extra=extra, local_extra=extra)


@case(FORM)
def many_disks():
    return archive(entries_of(with_sums(APP)), disk=3)


@case(FORM)
def index_on_another_disk():
    return archive(entries_of(with_sums(APP)), central_disk=1)


@case(FORM)
def two_counts():
    return archive(entries_of(with_sums(APP)), count_here=1)


@case(FORM)
def fewer_entries_than_there_are():
    return archive(entries_of(with_sums(APP)), count=2, count_here=2)


@case(UNREADABLE)
def more_entries_than_there_are():
    return archive(entries_of(with_sums(APP)), count=9, count_here=9)


@case(UNREADABLE)
def index_elsewhere():
    return archive(entries_of(with_sums(APP)), offset=0)


@case(UNREADABLE)
def index_of_four_gigabytes():
    return archive(entries_of(with_sums(APP)), size=0xFFFFFFFF)


@case(UNREADABLE)
def cut_in_the_middle():
    whole = honest()
    return whole[: len(whole) // 2]


@case(UNREADABLE)
def without_its_last_byte():
    return honest()[:-1]


@case(UNREADABLE)
def without_its_first_byte():
    return honest()[1:]


@case(UNREADABLE)
def nothing():
    return b""


@case(UNREADABLE)
def only_a_magic_number():
    return b"PK\3\4"


@case(SUMS)
def only_an_end():
    return end(0, 0, 0)


@case(UNREADABLE)
def a_tar_archive():
    return b"manifest.json".ljust(257, b"\0") + b"ustar\0" + bytes(2000)


@case(UNREADABLE)
def compressed_once_more():
    return zlib.compress(honest())


# ---- too much ----


@case(LARGE)
def one_entry_too_many():
    return honest({f"f{number:04}": b"" for number in range(4097)})


@case(LARGE)
def a_million_entries():
    local = lambda number: Entry(f"f{number:06}", b"")
    one, count = local(0), 1_000_000
    head, back = one.local()[:30], one.central(0)
    body = b"".join(head + b"f%06d" % number for number in range(count))
    central = b"".join(back[:42] + struct.pack("<I", 37 * number) + b"f%06d" % number for number in range(count))
    return body + central + end(count, len(central), len(body))


@case(LARGE)
def a_million_entries_in_the_index_only():
    back = Entry("f000000", b"").central(0)
    body = Entry("f000000", b"").local()
    central = b"".join(back[:46] + b"f%06d" % number for number in range(1_000_000))
    return body + central + end(1_000_000, len(central), len(body))


@case(FORM)
def a_million_entries_that_say_they_are_few():
    back = Entry("f000000", b"").central(0)
    body = Entry("f000000", b"").local()
    central = b"".join(back[:46] + b"f%06d" % number for number in range(1 << 20))
    return body + central + end(1, len(central), len(body))


@case(LARGE)
def one_byte_too_large():
    small = honest({"data.bin": b""})
    return honest({"data.bin": bytes((64 << 20) - len(small) + 1)})


@case(UNSAFE)
def names_of_65_kilobytes():
    entry = Entry(b"a" * 65_535, b"")
    body = b"".join(entry.local() for _ in range(100))
    central = b"".join(entry.central(0) for _ in range(100))
    return body + central + end(200, len(central), len(body))


# ---- lists that do not fit ----


def with_list(text, files=None):
    return archive(entries_of({**(files or APP), "SHA256SUMS": text}))


@case(SUMS)
def no_list():
    return archive(entries_of(APP))


@case(SUMS)
def list_in_another_order():
    return with_list(b"".join(sums(APP).splitlines(keepends=True)[::-1]))


@case(SUMS)
def list_with_line_ends_of_windows():
    return with_list(sums(APP).replace(b"\n", b"\r\n"))


@case(SUMS)
def list_with_an_empty_line():
    return with_list(sums(APP) + b"\n")


@case(CHANGED)
def digests_in_capitals():
    lines = sums(APP).decode().splitlines()
    return with_list("".join(f"{line[:64].upper()}{line[64:]}\n" for line in lines).encode())


@case("package_file_unlisted")
def list_as_of_binary_files():
    return with_list(sums(APP).replace(b"  ", b" *"))


@case(SUMS)
def list_that_names_a_file_twice():
    first = sums(APP).splitlines(keepends=True)[0]
    return with_list(first + sums(APP))


@case(SUMS)
def list_without_its_last_line_break():
    return with_list(sums(APP)[:-1])


@case(SUMS)
def list_that_lists_itself():
    return with_list(sums(APP) + b"0" * 64 + b"  SHA256SUMS\n")


@case(SUMS)
def list_with_a_byte_order_mark_at_its_end():
    return with_list(sums(APP) + "\ufeff\n".encode())


@case(SUMS)
def list_that_is_no_text():
    return with_list(b"\xff\xfe" + sums(APP))


@case("package_file_unlisted")
def a_file_more():
    return with_list(sums(APP), {**APP, "evil.js": b"evil"})


@case("package_file_missing")
def a_file_less():
    files = {path: data for path, data in APP.items() if path != "lib/words.js"}
    return with_list(sums(APP), files)


@case(CHANGED)
def a_file_changed():
    return with_list(sums(APP), {**APP, "bot-logic.js": APP["bot-logic.js"].replace(b"hello", b"hellO")})


@case(CHANGED)
def two_files_exchanged():
    return with_list(sums(APP), {**APP, "bot-logic.js": APP["lib/words.js"], "lib/words.js": APP["bot-logic.js"]})


# ---- files that a reader of JSON or code could choke on ----


def app(**changed):
    files = {path.replace("__", "-").replace("_json", ".json").replace("_js", ".js"): data for path, data in changed.items()}
    return archive(entries_of(with_sums({**APP, **files})))


@case(INVALID)
def json_nested_deep():
    return app(manifest_json=b"[" * 200_000)


@case(INVALID)
def json_objects_nested_deep():
    return app(manifest_json=b'{"a":' * 100_000 + b"1" + b"}" * 100_000)


@case(INVALID)
def json_with_a_key_twice():
    return app(manifest_json=b'{ "id": "honest", "id": "evil", "name": "x", "version": "1.0.0" }')


@case(INVALID)
def json_with_a_huge_number():
    return app(manifest_json=b'{ "id": "honest", "name": "x", "version": ' + b"9" * 100_000 + b" }")


@case(INVALID)
def json_that_is_no_text():
    return app(manifest_json=b'{ "id": "\xff\xfe" }')


@case(INVALID)
def json_of_a_million_keys():
    return app(manifest_json=b"{" + b",".join(b'"k%d":1' % number for number in range(1_000_000)) + b"}")


@case(INVALID)
def manifest_that_says_it_is_official():
    return app(manifest_json=b'{ "id": "honest", "name": "x", "version": "1.0.0", "badge": "official" }')


def main():
    folder = Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    # Python's own packer and ours agree on what an honest archive is.
    whole = honest()
    with zipfile.ZipFile(io.BytesIO(whole)) as read:
        assert read.testzip() is None and len(read.namelist()) == 5
    (folder / "honest.aisapp").write_bytes(whole)
    for name, _, make in CASES:
        (folder / f"{name}.aisapp").write_bytes(make())
    (folder / "cases.txt").write_text("".join(f"{name} {code}\n" for name, code, _ in CASES))


main()
