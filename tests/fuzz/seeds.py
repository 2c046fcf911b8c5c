#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Writes the first inputs of the fuzz targets.

They are made of the vectors of wire v1, the configurations of tests/config,
and of what the formats say; the fuzzer finds the others from them.

    seeds.py FOLDER        FOLDER/TARGET/NAME
"""
import base64
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
    for i, (_, raw) in enumerate(hexes(
            [VECTORS["envelopes"], VECTORS["forwarding"]], "envelope_hex")):
        if len(raw) < 2000:
            yield f"v{i}", b"\x09" + raw
    for i, (_, raw) in enumerate(hexes(VECTORS["forwarding"], "_hex")):
        if len(raw) < 2000:
            yield f"f{i}", b"\x01" + raw


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

    def number(key, value):
        return struct.pack("=HQ", key, value)

    def pack(*records):
        return b"".join(bytes([len(r)]) + r for r in records)

    yield "texts", pack(
        text(1, b"north"), text(2, b"a"), text(2, b"\xc3\xbc"),
        text(4, b"127.0.0.1:2222"), text(8, b"[::1]:4000"),
        text(9, b"n.example.org:1"), text(10, b"0" * 64 + b"@192.0.2.1:9"),
        text(17, b"ab" * 32), text(20, b"192.0.2.1:53"),
        text(21, b"localhost 127.0.0.1"))
    yield "numbers", pack(*[number(k, 5) for k in (5, 6, 11, 14, 15, 16)],
                          *[number(k, 5000) for k in (7, 12, 13)],
                          struct.pack("=HB", 18, 1),
                          struct.pack("=HB", 19, 1))
    yield "empty", pack(text(4, b""), text(8, b""), text(1, b""))


def config():
    for path in sorted((TOP / "tests/config").glob("*.conf")):
        raw = path.read_bytes()
        if len(raw) < 3000:
            yield path.stem, raw


def varint(n):
    out = b""
    while n > 127:
        out += bytes([n & 127 | 128])
        n >>= 7
    return out + bytes([n])


def num(number, value):
    return varint(number << 3) + varint(value)


def data(number, value):
    return varint(number << 3 | 2) + varint(len(value)) + value


def payloads(*names):
    for name in names:
        yield name, bytes.fromhex(VECTORS["protobuf_payloads"][name])


def hello():
    yield from payloads("hello_A", "hello_B")


def chat():
    yield from payloads("chat_1", "chat_2_utf8")
    yield "ours", (data(1, b"ann") + data(2, b"waves") + num(3, 1770000000) +
                   num(4, 1) + data(5, b"s" * 32) + data(6, b"parent"))


def exchange():
    yield from payloads("peer_exchange_A_C", "peer_exchange_C",
                        "peer_info_C")


def talk():
    for kind in range(7):
        yield f"room{kind}", b"\0" + (
            num(1, 1) + data(2, b"#dev") + num(3, kind) + data(4, b"ann") +
            data(5, b"hi\nyou") + num(6, 1770000000) + data(7, b"s" * 32))
    yield "sealed", b"\1" + (num(1, 1) + data(2, b"t" * 32) +
                             data(3, b"e" * 32) + data(4, b"b" * 60))
    yield "private", b"\2" + (
        num(1, 2) + data(2, b"ann") + data(3, b"bob") + data(4, b"psst") +
        num(5, 1770000000) + data(6, b"s" * 32) + num(7, 9) + num(8, 1))


def root():
    return num(1, 493500) + num(2, 12) + data(3, b"h" * 32) + num(4, 1)


def ctrl():
    yield "setup", data(1, num(1, 1) + num(2, 31) + data(3, b"s" * 16) +
                        data(4, b"m" * 16) + data(5, b"p" * 16) +
                        num(6, 1770000000000))
    yield "lists", b"".join(
        data(k, b"x" * n) for k, n in ((2, 16), (3, 24), (4, 8), (5, 8),
                                       (6, 16), (7, 8), (9, 24), (13, 8),
                                       (14, 12)))
    yield "rest", num(10, 3) + data(11, num(1, 5) + num(2, 4) + num(3, 99) +
                                    num(4, 1770000000000)) + data(12, root())


def suspect():
    item = data(1, b"n" * 32) + num(2, 1) + num(3, 7) + num(4, 9000)
    yield "both", num(1, 1) + num(2, 5) + data(3, item) * 3 + data(
        4, b"l" * 48)


def records():
    one = (data(1, b"k" * 32) + num(2, 1770000000000) + num(3, 31) +
           data(4, b"192.0.2.1:4000") + data(4, b"[::1]:4000") +
           data(5, b"s" * 64))
    yield "two", num(1, 1) + data(2, one) * 2


def bare(author=b"a" * 32, value=b"v"):
    return (data(1, b"o/motd") + (data(2, value) if value else b"") +
            varint(3 << 3 | 1) + struct.pack("<Q", 1770000000000 << 16) +
            num(4, 1771000000000) + (b"" if value else num(5, 1)) +
            (data(6, author) if author else b"") + data(7, b"s" * 64))


def entry():
    yield "whole", b"\0" + bare()
    yield "deleted", b"\0" + bare(value=b"")
    yield "of-delta", b"\1" + bare(author=b"")


def delta():
    yield "two", (num(1, 1) + data(2, b"m" * 16) + data(3, b"p" * 16) +
                  data(4, bare(b"")) + data(4, bare(b"", b"")))


def rmsg():
    head = num(1, 77) + num(2, 1)
    yield "open", head + data(3, num(1, 1) + data(2, root()))
    yield "open-ranges", head + data(3, num(1, 2) + data(2, root()) +
                                     data(3, b"r" * 16) + data(4, b"f" * 16))
    yield "symbols", head + data(4, num(1, 0) + data(2, b"m" * 16) + data(
        3, b"c" * 48) + data(4, b"\x01\x02") + num(5, 1))
    yield "more", head + data(5, num(1, 64) + num(2, 9) + num(3, 32768))
    yield "ranges", head + data(6, data(
        1, data(1, b"u" * 16) + num(2, 1) + data(3, b"p" * 16) + num(4, 5)) +
        data(1, data(1, b"v" * 16) + num(2, 2) + data(3, b"i" * 32)) +
        data(1, num(2, 0)))
    yield "need", head + data(7, data(1, b"n" * 24))
    yield "entries", head + data(8, data(1, bare()) + data(2, b"g" * 16))
    yield "done", head + data(9, num(1, 1) + num(2, 2) + num(3, 3) +
                              num(4, 4) + num(5, 500))


def row():
    def name(word, kind):
        return struct.pack("=H", len(word)) + word + bytes([kind])

    yield "kinds", (name(b"id", 1) + struct.pack("=H", 2) + b"ab" +
                    b"".join(name(b"n", k) + struct.pack("=Q", 5)
                             for k in (2, 3, 5, 6, 7, 9)) +
                    name(b"on", 4) + b"\1" + name(b"no", 8) + b"\1")


def text():
    for i, item in enumerate(VECTORS["addresses"]):
        yield f"a{i}", b"\xff\xff" + item["addr"].encode()
    yield "id", b"\0\x40" + b"0123456789abcdef" * 4
    yield "net", b"\0\x20192.0.2.0/24"
    yield "odd", b"\0\x30a\x1b[1m\xe2\x80\xae\xf0\x9f\x98\x80=\"\\ \t\n\xff"


def jsonline():
    yield "value", b'{"key": "o/motd", "value": "hi \\u00e9\\n"}'
    yield "hex", b'{"value_hex":"00ff","key":"a","other":[1,{"x":null}]}'
    yield "pair", b'{"key":"\\ud83d\\ude00","value":"x","n":-1.5e3}'


KEY = (b"ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAOhB7/zzhC+HXDdGOdLwJln5NYwm6UN"
       b"Xx3chmQSVTG4")


def authkeys():
    for i, item in enumerate(VECTORS["authorized_keys"]):
        yield f"v{i}", item["file"].encode()
    yield "options", (
        b'role=admin,name="ann",from="10.*,!10.1.*,2001:db8::/32",no-pty,'
        b'expiry-time="20300101" ' + KEY + b" ann@host\n# comment\n\n"
        b'role="user",pty ' + KEY + b"\r\n")


def sshkey():
    blob = base64.b64decode(KEY.split()[1])
    pad = blob + b"\0" * (-len(blob) % 3)
    yield "ed25519", bytes([17]) + blob + b"\x0bssh-ed25519" + b"s" * 64
    yield "padded", bytes([len(pad) // 3]) + pad + b"\x0bssh-ed25519"
    for curve, size in ((b"nistp256", 65), (b"nistp384", 97)):
        name = b"ecdsa-sha2-" + curve
        blob = b"".join(struct.pack(">I", len(x)) + x for x in (
            name, curve, b"\4" + b"q" * (size - 1)))
        blob += b"\0" * (-len(blob) % 3)
        yield curve.decode(), bytes([len(blob) // 3]) + blob
    blob = b"".join(struct.pack(">I", len(x)) + x for x in (
        b"ssh-rsa", b"\1\0\1", b"\0" + b"\xc1" * 256))
    blob += b"\0" * (-len(blob) % 3)
    yield "rsa", bytes([len(blob) // 3]) + blob + b"\x0crsa-sha2-256" + (
        b"s" * 256)
    yield "base64", KEY.split()[1]


def lineedit():
    def typed(*parts):
        out = b"\x61"
        for part in parts:
            for i in range(0, len(part), 31):
                piece = part[i:i + 31]
                while piece:
                    n = min(len(piece), 1 + (len(piece) - 1) // 3 * 3)
                    out += bytes([(n - 1) // 3 << 4 | 5]) + piece[:n]
                    piece = piece[n:]
        return out

    yield "line", typed(b"hello you\r")
    yield "moves", typed(b"ab cd\x1b[D\x1b[1;5D\x01\x05\x0b\x19\x14\x1f",
                         b"\x1bb\x1bf\x1bd\x1b\x7f\x17\x15\r")
    yield "wide", typed("\u00fc\u4e2d\U0001f468\u200d\U0001f469 e\u0301"
                        .encode(), b"\x7f\x7f\x1b[3~\r")
    yield "paste", typed(b"\x1b[200~one\ntwo\n\x1b[201~\r")
    yield "search", typed(b"one\r", b"two\r", b"\x12o\x12\x07\x1b[A\x1b[B")
    yield "tab", typed(b"/he\t") + b"\x01\x04help\x05hello\0\1" + typed(
        b"\t\t\x1b[Z\r")[1:]
    yield "ends", typed(b"\x03\x03\x04\x0c\x1bOA\x1b[[A\x1b]0;x\x07")


def plainline():
    yield "lines", b"\x03one\r\ntwo\nthree\rfour"


def cmdline():
    for i, line in enumerate((
            b"say hello you", b'put "o/motd" "a \\"b"', b"peers --watch",
            b"ping 0123456789ab", b"msg bob hi", b"words a b --raw -- -x",
            b"pe --help --json", b"help", b'words "unfinished')):
        yield f"line{i}", bytes([1 + 4 * len(line)]) + line
    yield "words", b"\0put\0o/x\0-1"


def control():
    def frame(kind, body):
        return struct.pack(">IB", 1 + len(body), kind) + body

    def text(word):
        return struct.pack(">H", len(word)) + word

    hello_frame = frame(1, struct.pack(">H", 1) + text(b"ann"))
    for i, words in enumerate(((b"say", b"hi", b"-"), (b"put", b"o/x", b"-"),
                               (b"top", b"--watch"), ())):
        run = frame(2, struct.pack(">H", len(words)) +
                    b"".join(text(w) for w in words))
        yield f"run{i}", bytes([i * 3]) + hello_frame + run + frame(
            4, struct.pack(">Q", 5)) + frame(3, b"input") + frame(3, b"")
    yield "version", b"\4" + frame(1, struct.pack(">H", 2) + text(b"ann"))
    yield "long", b"\4" + hello_frame + struct.pack(">I", 131073)


def recon():
    ops = {name: raw for name, raw in rmsg()}
    for i, raw in enumerate(ops.values()):
        yield f"any{i}", b"\x20\0\x20\3\2" + bytes([len(raw) & 255]) + raw
    yield "bad-link", b"\x5f\2" + b"\0\x30\1\2\4\0\x40" * 12
    yield "good", b"\x33\0\xff"


def parent():
    yield "ready", b"\0\7\0" + b"\2\0\x14" * 3 + b"\4\0\4\1\4\2\4\3"
    yield "sign", b"\0\7\0" + b"".join(
        bytes([8, 1, k, 0, 1, k, 0, 4]) + b"text" for k in range(8))
    yield "spawn", b"\0\7\0" + b"\x08\3\4\0\1" * 4 + (
        b"\3\4\3\6\x08\5\0\0\x20" + b"h" * 32)
    yield "reload", b"\0\7\0\x08\3\x08\0\1" + b"".join(
        bytes([8, k, 3, 0]) for k in range(4))


def gossip():
    for i, line in enumerate((*exchange(), *suspect(), *ctrl(), *talk())):
        raw = line[1][:255]
        yield f"any{i}", b"\0\0\1\2" + bytes([0x10, 2, 2]) + (
            bytes([12, 1, i % 12, len(raw)]) + raw + b"\5" +
            bytes([3, 0, len(raw)]) + raw + b"\5\xff\xff")


def noise():
    yield "good", (b"\0\4" * 3 + b"\1" + b"\3abc\4" + b"\5hello\4")
    yield "other", (b"\3\4" * 3 + b"\0" + b"\3abc\4" + b"\5hello\0")
    yield "spoilt", b"\0\4\0\0\1\0\7\1"
    for i, key in enumerate(VECTORS["x25519_low_order_inputs_must_fail"]):
        point = bytes.fromhex(key if isinstance(key, str) else
                              next(v for k, v in key.items()
                                   if k.endswith("hex")))
        yield f"low{i}", b"\0\3\x20" + point


MAKERS = (authkeys, chat, cmdline, conf, config, control, ctrl, delta, entry,
          envelope, exchange, frame, gossip, hello, imsg, jsonline, lineedit,
          noise, parent, plainline, recon, records, rmsg, row, sshkey, suspect,
          talk, text)


def main():
    folder = pathlib.Path(sys.argv[1])
    for make in MAKERS:
        where = folder / make.__name__
        where.mkdir(parents=True, exist_ok=True)
        for name, content in make():
            (where / name).write_bytes(content)


if __name__ == "__main__":
    main()
