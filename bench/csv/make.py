#!/usr/bin/env python3
"""Writes a seeded CSV file with all that real ones have: a byte order mark, quoted newlines, commas and quotes, text
outside ASCII, rows that are too short or too long, empty lines, and line ends of both kinds.

    python3 make.py OUT [BYTES] [SEED]

The fields are written by Python's own `csv`; the same BYTES and SEED give the same file.
"""

import csv
import io
import random
import sys

CITIES = [
    "Zürich", "Bern", "Genève", "Basel", "Oslo", "Tromsø", "Łódź", "Kraków", "São Paulo", "Lima", "北京", "東京", "Αθήνα",
    "Київ", "Reykjavík", 'The "Hague"', "Washington, D.C.", "New\nYork", "القاهرة", "Ougadougou", "", "bern",
]
WORDS = "the quick brown fox jumps over a lazy dog, and \"then\"; what? naïve façade 日本語 🙂 tab\there".split(" ")


def rows(random):
    """One row after the other, for ever."""
    number = 0
    while True:
        number += 1
        note = " ".join(random.choices(WORDS, k=random.randint(0, 12)))
        if random.random() < 0.15:
            note += "\n" + random.choice(WORDS) + "\r\n" + random.choice(WORDS)
        yield [
            number,
            random.choice(CITIES),
            f"{random.uniform(-50, 5000):.2f}",
            random.choice(["", random.randint(-10**6, 10**6), random.randint(-10**12, 10**12)]),
            repr(random.gauss(0, 1) * 10 ** random.randint(-8, 8)),
            f"{random.getrandbits(36):09x}x",
            f"20{random.randint(10, 26)}-{random.randint(1, 12):02}-{random.randint(1, 28):02}",
            random.choice(["yes", "no"]),
            note,
        ]


def main():
    out = sys.argv[1]
    target = int(sys.argv[2]) if len(sys.argv) > 2 else 110_000_000
    seed = int(sys.argv[3]) if len(sys.argv) > 3 else 1
    chance = random.Random(seed)
    written = 0
    with open(out, "wb") as file:
        file.write(b"\xef\xbb\xbf")
        header = ["id", "city", "price", "amount", "measured", "code", "day", "open", "note"]
        file.write((",".join(header) + "\r\n").encode())
        source = rows(chance)
        block = io.StringIO(newline="")
        unix, dos = csv.writer(block, lineterminator="\n"), csv.writer(block, lineterminator="\r\n")
        while written < target:
            writer = chance.choice([unix, dos])
            # Runs of one kind of line end, as in files that were put together from parts.
            for _ in range(chance.randint(1, 2000)):
                row = next(source)
                fate = chance.random()
                if fate < 0.01:
                    row = row[: chance.randint(2, len(row) - 1)]
                elif fate < 0.02:
                    row = row + ["surplus"] * chance.randint(1, 3)
                elif fate < 0.0205:
                    block.write(chance.choice(["\n", "\r\n"]))
                writer.writerow(row)
            data = block.getvalue().encode()
            block.seek(0)
            block.truncate()
            file.write(data)
            written += len(data)


main()
