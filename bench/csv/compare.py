#!/usr/bin/env python3
"""Puts csv-insights beside `sqlite3` and Python's `csv` on one file: the same questions, answers compared, time, CPU
and memory of each.

    python3 compare.py FILE [--oikos BINARY] [--group COLUMN ...] [--measure COLUMN ...]

`sqlite3` imports into a table with a type for each column (short rows filled with NULL, further fields dropped) and is
asked; Python goes through the file once. Whole numbers have to be equal, sums of others within 1e-9. Ends with 1 if
something differs.
"""

import argparse
import csv
import json
import math
import os
import pathlib
import subprocess
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
NUMERIC = {"integer": "INTEGER", "float": "REAL"}


def measured(command, out, **more):
    """Runs a command; wall and CPU seconds, and the most memory it had in MiB."""
    began = time.monotonic()
    process = subprocess.Popen(command, stdout=open(out, "wb"), stderr=subprocess.DEVNULL, **more)
    _, status, usage = os.wait4(process.pid, 0)
    wall = time.monotonic() - began
    code = os.waitstatus_to_exitcode(status)
    if code != 0:
        sys.exit(f"{command[0]} ended with {code}: {pathlib.Path(out).read_text()[-2000:]}")
    return {"wall": wall, "cpu": usage.ru_utime + usage.ru_stime, "rss": usage.ru_maxrss / 1024}


def quoted(text):
    return "'" + text.replace("'", "''") + "'"


def by_oikos(binary, file, groups, measures, home):
    environment = {**os.environ, "OIKOS_HOME": home}
    app = HERE.parent.parent / "apps" / "csv-insights"
    subprocess.run([binary, "app", "install", app, "--yes"], check=True, env=environment, stdout=subprocess.DEVNULL)
    request = {}
    if groups:
        request = {"group_by": groups, "measures": ["count", *(f"sum {name}" for name in measures)]}
    out = pathlib.Path(home) / "out.jsonl"
    command = [binary, "run", "csv-insights", "analyze", "--file", f"data={file}", "--input", json.dumps(request), "--json"]
    cost = measured(command, out, env=environment)
    lines = [json.loads(line) for line in out.read_text().splitlines()]
    end = lines[-1]
    cost["progress"] = sum(str(line.get("type")).upper() == "PROGRESS" for line in lines)
    cost["guest"] = end["usage"]["memory_bytes"] / 2**20
    cost["guest_cpu"] = end["usage"]["cpu_us"] / 1e6
    return end["data"], cost


def by_sqlite(file, columns, groups, measures, folder):
    table = ", ".join(f"c{place} {NUMERIC.get(column['type'], 'TEXT')}" for place, column in enumerate(columns))
    place = {column["name"]: f"c{index}" for index, column in enumerate(columns)}
    asked = [f".import --csv --skip 1 {quoted(str(file))} t", ".mode json"]
    for name in place.values():
        is_number = f"typeof({name}) IN ('integer', 'real')"
        asked.append(
            f"SELECT count(*) AS rows, count({name}) AS count, sum({name} = '') AS empty,"
            f" CAST(sum({name}) FILTER (WHERE {is_number}) AS TEXT) AS total, count(*) FILTER (WHERE {is_number}) AS numbers,"
            f" sum({name}) FILTER (WHERE {is_number}) AS sum, min({name}) FILTER (WHERE {name} <> '') AS min,"
            f" max({name}) FILTER (WHERE {is_number}) AS max_number, max({name}) AS max,"
            f" count(DISTINCT {name}) AS distinct_ FROM t;"
        )
    if groups:
        keys = ", ".join(place[name] for name in groups)
        sums = "".join(
            f", sum({place[name]}) FILTER (WHERE typeof({place[name]}) IN ('integer', 'real')) AS m{index}"
            for index, name in enumerate(measures)
        )
        named = ", ".join(f"{place[name]} AS k{index}" for index, name in enumerate(groups))
        asked.append(f"SELECT {named}, count(*) AS n{sums} FROM t GROUP BY {keys};")
    script = folder / "ask.sql"
    script.write_text(f"CREATE TABLE t ({table});\n" + "\n".join(asked) + "\n")
    out = folder / "sqlite.json"
    cost = measured(["sqlite3", folder / "t.db"], out, stdin=open(script, "rb"))
    text, answers, reader = out.read_text(), [], json.JSONDecoder()
    while text.strip():
        answer, end = reader.raw_decode(text.lstrip())
        answers.append(answer)
        text = text.lstrip()[end:]
    return [answer[0] for answer in answers[: len(columns)]], answers[len(columns)] if groups else [], cost


def by_python(file, columns, groups, measures, folder):
    """The same computations with the standard library, as a program of its own."""
    program = f"""
import csv, sys
kinds = {[column["type"] for column in columns]!r}
keys, sums = {[index for index, column in enumerate(columns) if column["name"] in groups]!r}, \
{[index for index, column in enumerate(columns) if column["name"] in measures]!r}
width = len(kinds)
csv.field_size_limit(1 << 24)
count, total, least, most = [0] * width, [0] * width, [None] * width, [None] * width
distinct, found = [set() for _ in kinds], {{}}
read = {{"integer": int, "float": float}}
with open({str(file)!r}, newline="", encoding="utf-8-sig") as file:
    reader = csv.reader(file)
    next(reader)
    for row in reader:
        row = (row or [""])[:width]
        values = [None] * width
        for index, field in enumerate(row):
            count[index] += 1
            kind = read.get(kinds[index])
            value = values[index] = kind(field) if kind and field else field
            distinct[index].add(value)
            if field:
                if kind:
                    total[index] += value
                if least[index] is None or value < least[index]:
                    least[index] = value
                if most[index] is None or value > most[index]:
                    most[index] = value
        entry = found.setdefault(tuple(values[index] for index in keys), [0] + [0] * len(sums))
        entry[0] += 1
        for at, index in enumerate(sums, 1):
            if values[index] not in (None, ""):
                entry[at] += values[index]
for index in range(width):
    print(count[index], total[index], repr(least[index]), repr(most[index]), len(distinct[index]))
print(len(found))
"""
    out = folder / "python.txt"
    cost = measured([sys.executable, "-c", program], out)
    return [line.split(" ") for line in out.read_text().splitlines()], cost


def compare(oikos, sqlite, sqlite_groups, groups, measures):
    wrong, checks = [], 0

    def same(what, ours, theirs):
        nonlocal checks
        checks += 1
        if ours != theirs:
            wrong.append(f"{what}: csv-insights {ours!r}, sqlite3 {theirs!r}")

    def near(what, ours, theirs):
        nonlocal checks
        checks += 1
        if (ours is None) != (theirs is None):
            wrong.append(f"{what}: csv-insights {ours!r}, sqlite3 {theirs!r}")
        elif ours is not None and not math.isclose(float(ours), float(theirs), rel_tol=1e-9, abs_tol=1e-300):
            wrong.append(f"{what}: csv-insights {ours!r}, sqlite3 {theirs!r}")

    kinds = {}
    for column, theirs in zip(oikos["statistics"]["columns"], sqlite):
        name = column["name"]
        kinds[name] = column["type"]
        same(f"{name} rows", oikos["statistics"]["rows"], theirs["rows"])
        same(f"{name} count", column["count"], theirs["count"])
        same(f"{name} missing", column["missing"], theirs["rows"] - theirs["count"])
        same(f"{name} empty", column["empty"], theirs["empty"] or 0)
        same(f"{name} distinct", column["distinct"], theirs["distinct_"])
        if column["type"] == "integer":
            same(f"{name} sum", column["sumText"], theirs["total"])
            same(f"{name} min", int(column["minText"]), theirs["min"])
            same(f"{name} max", int(column["maxText"]), theirs["max_number"])
        elif column["type"] == "float":
            near(f"{name} sum", column["sumText"], theirs["sum"])
            same(f"{name} min", float(column["minText"]), theirs["min"])
            same(f"{name} max", float(column["maxText"]), theirs["max_number"])
        elif column["type"] != "empty" and len(column["minText"]) < 200 and len(column["maxText"]) < 200:
            same(f"{name} min", column["minText"], theirs["min"])
            same(f"{name} max", column["maxText"], theirs["max"])
    if groups:
        ours = {tuple(map(str, row[: len(groups)])): row[len(groups) :] for row in oikos["groups"]["rows"]}
        same("groups", oikos["groups"]["group_count"], len(sqlite_groups))
        for row in sqlite_groups:
            key = tuple(str(row[f"k{index}"]) for index in range(len(groups)))
            mine = ours.get(key)
            if mine is None:
                if not oikos["groups"]["truncated"]:
                    wrong.append(f"group {key!r} is missing")
                continue
            same(f"group {key!r} count", int(mine[0]), row["n"])
            for index, name in enumerate(measures):
                if kinds[name] == "integer":
                    same(f"group {key!r} sum {name}", mine[1 + index], None if row[f"m{index}"] is None else str(row[f"m{index}"]))
                else:
                    near(f"group {key!r} sum {name}", mine[1 + index], row[f"m{index}"])
    return checks, wrong


def main():
    words = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    words.add_argument("file", type=pathlib.Path)
    words.add_argument("--oikos", default=HERE.parent.parent / "target/release/oikos")
    words.add_argument("--group", action="append", default=[])
    words.add_argument("--measure", action="append", default=[])
    words = words.parse_args()
    file = words.file.resolve()
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        oikos, ours = by_oikos(words.oikos, file, words.group, words.measure, str(folder / "home"))
        columns = oikos["statistics"]["columns"]
        sqlite, sqlite_groups, theirs = by_sqlite(file, columns, words.group, words.measure, folder)
        answers, python = by_python(file, columns, words.group, words.measure, folder)
    checks, wrong = compare(oikos, sqlite, sqlite_groups, words.group, words.measure)
    statistics = oikos["statistics"]
    size = file.stat().st_size
    print(f"{file.name}: {size:,} bytes, {statistics['rows']:,} rows, {len(columns)} columns, ragged {statistics['ragged']}")
    for name, cost in [("csv-insights", ours), ("sqlite3", theirs), ("python csv", python)]:
        print(f"  {name:<12} {cost['wall']:7.2f} s  {cost['cpu']:7.2f} s CPU  {cost['rss']:8.1f} MiB", end="")
        print(f"  ({size / cost['wall'] / 1e6:.0f} MB/s)")
    print(f"  guest {ours['guest']:.1f} MiB, {ours['guest_cpu']:.3f} s CPU; {ours['progress']} steps of progress streamed")
    distinct = [int(line[-1]) for line in answers[: len(columns)]]
    agree = sum(mine == column["distinct"] for mine, column in zip(distinct, columns))
    print(f"  python agrees on {agree} of {len(columns)} distinct counts; groups: {answers[-1][0] if words.group else '-'}")
    print(f"  {checks} values compared with sqlite3, {len(wrong)} differ")
    for line in wrong[:40]:
        print(f"    {line}")
    return 1 if wrong else 0


sys.exit(main())
