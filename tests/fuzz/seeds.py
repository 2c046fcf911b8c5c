#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Writes the first inputs of the fuzz targets.

They are made of the vectors of wire v1, the configurations of tests/config,
and of what the formats say; the fuzzer finds the others from them.

    seeds.py FOLDER        FOLDER/TARGET/NAME
"""
import json
import pathlib
import struct
import sys

TOP = pathlib.Path(__file__).resolve().parents[2]
VECTORS = json.loads((TOP / "tests/vectors/vectors-v1.json").read_text())


def hexes(value, ending="_hex"):
    """All byte strings of a part of the vectors, with where they were."""
    if isinstance(value, dict):
        for key, part in value.items():
            if isinstance(part, str) and key.endswith(ending):
                yield key, bytes.fromhex(part)
            else:
                yield from hexes(part, ending)
    elif isinstance(value, list):
        for part in value:
            yield from hexes(part, ending)


def frame():
    whole = b"".join(e[1] for e in hexes(VECTORS["envelopes"], "frame_hex")
                     if len(e[1]) < 1000)
    yield "whole", b"\x01\xff\xff\xff\xff" + whole
    yield "pieces", b"\x01\x03\x85\x07\x41" + whole
    yield "small", b"\xc8\x10\x10\x10\x90" + whole
    for i, item in enumerate(VECTORS["frames_invalid"]):
        yield f"bad{i}", b"\x01\x07\x07\x07\x07" + bytes.fromhex(
            item["hex"])[:64]


def envelope():
    for i, (_, data) in enumerate(hexes(
            [VECTORS["envelopes"], VECTORS["forwarding"]], "envelope_hex")):
        if len(data) < 2000:
            yield f"v{i}", b"\x09" + data
    for i, (_, data) in enumerate(hexes(VECTORS["forwarding"], "_hex")):
        if len(data) < 2000:
            yield f"f{i}", b"\x01" + data


def imsg():
    for self in range(1, 8):
        for peer in range(1, 8):
            steps = bytes([self - 1, peer - 1, 3, 2])
            for kind in range(24):
                steps += bytes([4 + kind % 4, 1,
                                (kind * 5 + self + peer * 7) % 120, 4,
                                1, 2, 3, 4, kind])
            yield f"{self}-{peer}", steps


def conf():
    def text(key, value):
        return struct.pack("=HH", key, len(value)) + value

    def num(key, value):
        return struct.pack("=HQ", key, value)

    def pack(*records):
        return b"".join(bytes([len(r)]) + r for r in records)

    yield "texts", pack(
        text(1, b"north"), text(2, b"a"), text(2, b"\xc3\xbc"),
        text(4, b"127.0.0.1:2222"), text(8, b"[::1]:4000"),
        text(9, b"n.example.org:1"), text(10, b"0" * 64 + b"@192.0.2.1:9"),
        text(17, b"ab" * 32), text(20, b"192.0.2.1:53"),
        text(21, b"localhost 127.0.0.1"))
    yield "numbers", pack(*[num(k, 5) for k in (5, 6, 11, 14, 15, 16)],
                          *[num(k, 5000) for k in (7, 12, 13)],
                          struct.pack("=HB", 18, 1),
                          struct.pack("=HB", 19, 1))
    yield "empty", pack(text(4, b""), text(8, b""), text(1, b""))


def config():
    for path in sorted((TOP / "tests/config").glob("*.conf")):
        data = path.read_bytes()
        if len(data) < 3000:
            yield path.stem, data


def main():
    folder = pathlib.Path(sys.argv[1])
    for make in (frame, envelope, imsg, conf, config):
        where = folder / make.__name__
        where.mkdir(parents=True, exist_ok=True)
        for name, data in make():
            (where / name).write_bytes(data)


if __name__ == "__main__":
    main()
