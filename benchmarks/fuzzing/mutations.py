"""Ways to damage a file: bytes, tokens of text, nodes of JSON, and the checksums that would hide the damage."""

import gzip
import io
import json
import re
import struct
import zipfile
import zlib

NUMBERS = (
    "0", "-0", "-1", "1", "2", "1e308", "-1e308", "1e309", "1e-400", "5e-324", "1e400", "nan", "NaN", "inf", "-Infinity", "9" * 400, "0." + "0" * 400 + "1",
    "18446744073709551616", "2147483648", "-2147483649", "4294967295", "1e15", "1e6", "1e5", "100.0001", "0x10", "1_000", "1,5", "1.2.3", "--1", "+", "٣", "½", "1e", "1·5", "50%", "<0.001", "NR",
)
TEXTS = (
    "", " ", "\t", '"', "'", "''", '""', '"""', "\\", "\x00", "\x1b[31m", "\x07", "\x7f", "\x85", "\u2028", "\u202e", "\ufeff", "\ufffd", "é", "Å\u030a", "名前", "🙂", "=1+1", "@SUM(A1)", "-2+3", "<script>alert(1)</script>",
    "../../etc/passwd", "/etc/passwd", "C:\\x", "file:///etc/passwd", "http://127.0.0.1/x", "%s%n{0}{x}", "null", "true", "None", "a" * 300, "x" * 140_000, "\r", "\r\n", "\n\n", ",", ";", "|", "[[", "]]", "{{", "}}", "&amp;", "&x;", "<!--", "-->", "]]>",
)  # fmt: skip
NODES = (None, True, False, 0, -1, 1, 1.5, 1e308, -1e308, float("nan"), float("inf"), 10**400, 2**63, "", "x", "NaN", "\x1b[0m\n", "../x", [], {}, [[]], [None], [1, 2, 3], {"x": 1}, "9" * 5000, [0] * 300)
LENGTHS = (0, 1, 2, 7, 0x7F, 0x80, 0xFF, 0x100, 0x7FFF, 0xFFFF, 0x10000, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFE, 0xFFFFFFFF)
_TOKEN = re.compile(r"[-+]?\d+(?:\.\d+)?(?:[eE][-+]?\d+)?|[A-Za-z_]+|[^\sA-Za-z_0-9]|\s+")
_NUMBER = re.compile(r"[-+]?\d+(?:\.\d+)?(?:[eE][-+]?\d+)?")
_MOST = 400_000


# --- bytes -----------------------------------------------------------------------------------------------------------


def _flip(data, rng, _):
    for _ in range(rng.choice((1, 1, 2, 4, 16))):
        data[rng.randrange(len(data))] ^= 1 << rng.randrange(8)
    return data


def _set(data, rng, _):
    for _ in range(rng.choice((1, 2, 8))):
        data[rng.randrange(len(data))] = rng.choice((0, 1, 0x20, 0x2D, 0x7F, 0x80, 0xFE, 0xFF))
    return data


def _cut(data, rng, _):
    return data[: rng.randrange(len(data))]


def _take_out(data, rng, _):
    begin = rng.randrange(len(data))
    del data[begin : begin + rng.choice((1, 2, 4, 32, 512))]
    return data


def _repeat(data, rng, _):
    begin = rng.randrange(len(data))
    piece = data[begin : begin + rng.choice((1, 8, 64, 1024))]
    at = rng.randrange(len(data))
    return data[:at] + piece * rng.choice((1, 2, 50)) + data[at:]


def _noise(data, rng, _):
    at = rng.randrange(len(data))
    return data[:at] + rng.randbytes(rng.choice((1, 4, 64, 600))) + data[at + rng.choice((0, 4)) :]


def _splice(data, rng, hints):
    other = rng.choice(hints.others) if hints.others else data
    return data[: rng.randrange(len(data))] + other[rng.randrange(len(other) or 1) :]


def _length(data, rng, _):
    if len(data) < 8:
        return data
    form = rng.choice((">I", "<I", ">H", "<H", ">Q", "<Q"))
    size = struct.calcsize(form)
    # fields of length and size stand at the beginning of most formats
    at = rng.randrange(min(len(data), rng.choice((64, 256, len(data)))) - size + 1) if len(data) > size else 0
    value = rng.choice((*LENGTHS, len(data), len(data) - 1, rng.getrandbits(32))) % (1 << 8 * size)
    data[at : at + size] = struct.pack(form, value)
    return data


def _word(data, rng, hints):
    if not hints.words:
        return _flip(data, rng, hints)
    word, at = rng.choice(hints.words), rng.randrange(len(data))
    return data[:at] + word + data[at + rng.choice((0, len(word))) :]


BYTEWISE = (_flip, _flip, _set, _cut, _take_out, _repeat, _noise, _splice, _length, _length, _length, _word)


# --- text ------------------------------------------------------------------------------------------------------------


def _tokens(text):
    return _TOKEN.findall(text)


def _new_number(text, rng, _):
    found = list(_NUMBER.finditer(text))
    if not found:
        return text + rng.choice(NUMBERS)
    for match in sorted(rng.sample(found, min(len(found), rng.choice((1, 1, 1, 3)))), key=lambda match: -match.start()):
        text = text[: match.start()] + rng.choice(NUMBERS) + text[match.end() :]
    return text


def _new_token(text, rng, hints):
    tokens = _tokens(text) or [""]
    for _ in range(rng.choice((1, 1, 2, 5))):
        at = rng.randrange(len(tokens))
        new = rng.choice((rng.choice(TEXTS), rng.choice(NUMBERS), rng.choice(tokens), rng.choice(hints.words).decode("latin-1") if hints.words else ""))
        tokens[at] = rng.choice((new, tokens[at] + new, ""))
    return "".join(tokens)


def _lines(text, rng, _):
    lines = text.splitlines(keepends=True) or [""]
    at, other = rng.randrange(len(lines)), rng.randrange(len(lines))
    way = rng.randrange(5)
    if way == 0:
        del lines[at]
    elif way == 1:
        lines[at:at] = [lines[other]] * rng.choice((1, 2, 200))
    elif way == 2:
        lines[at], lines[other] = lines[other], lines[at]
    elif way == 3:
        lines[at] = lines[at].rstrip("\r\n") + lines[other]
    else:
        lines[at] = rng.choice(TEXTS) + "\n"
    return "".join(lines)


def _separators(text, rng, _):
    old, new = rng.sample((",", ";", "\t", " ", ".", "|", "=", "\n", "\r\n", '"'), 2)
    return text.replace(old, new, rng.choice((1, 3, -1)))


def _many(text, rng, hints):
    token = rng.choice((*_tokens(text)[:200], *(word.decode("latin-1") for word in hints.words), "[", "{", "(", "a.", "<g>"))
    at = rng.randrange(len(text) + 1)
    return text[:at] + token * rng.choice((20, 300, 3000)) + text[at:]


def _text_cut(text, rng, _):
    return text[: rng.randrange(len(text) + 1)]


TEXTWISE = (_new_number, _new_number, _new_number, _new_token, _new_token, _lines, _lines, _separators, _many, _text_cut)
_ENCODINGS = ("utf-8",) * 80 + ("utf-8-sig", "utf-16", "utf-16-le", "utf-32", "latin-1", "cp1252", "utf-7")


def _text(data, rng, hints):
    text = bytes(data).decode("utf-8", "surrogateescape")
    for _ in range(rng.choice((1, 1, 1, 1, 1, 2, 4))):
        text = rng.choice(TEXTWISE)(text, rng, hints)[:_MOST]
    if rng.random() < 0.04:
        text = text.replace("\n", rng.choice(("\r\n", "\r", "\x0b", "\u2028", "\n\n")))
    encoding = rng.choice(_ENCODINGS)
    try:
        return bytearray(text.encode(encoding, "surrogateescape"))
    except UnicodeError:
        return bytearray(text.encode("utf-8", "replace"))


# --- nodes of JSON ---------------------------------------------------------------------------------------------------


def _places(node, place=()):
    yield place
    children = node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ()
    for key, child in children:
        yield from _places(child, (*place, key))


def _json(data, rng, hints):
    try:
        record = json.loads(bytes(data))
    except ValueError:
        return _text(data, rng, hints)
    for _ in range(rng.choice((1, 1, 1, 2, 4))):
        place = rng.choice(list(_places(record)))
        if not place:
            if rng.random() < 0.05:
                record = rng.choice(NODES)
            continue
        parent = record
        for key in place[:-1]:
            parent = parent[key]
        _change_node(parent, place[-1], rng)
    text = json.dumps(record, ensure_ascii=False)
    if rng.random() < 0.03:
        text = text.replace("{", "{" * 50_000, 1) if rng.random() < 0.5 else '{"x":' * 3000 + text
    return bytearray(text.encode("utf-8", "surrogatepass"))


def _change_node(parent, key, rng):
    way = rng.randrange(4)
    if way == 0 and isinstance(parent, dict):
        del parent[key]
    elif way == 0:
        parent.pop(key)
    elif way == 1 and isinstance(parent, list):
        parent.insert(key, parent[key])
    elif way == 1:
        parent[rng.choice(("x", "", "schema_version", "panel"))] = parent[key]
    else:
        parent[key] = rng.choice(NODES)


# --- packed formats, whose inside is damaged and packed again ----------------------------------------------------------


def _zip(data, rng, hints):
    files = {}
    with zipfile.ZipFile(io.BytesIO(bytes(data))) as archive:
        files = {entry.filename: archive.read(entry) for entry in archive.infolist()}
    name = rng.choice(list(files))
    files[name] = bytes(_text(bytearray(files[name]), rng, hints))
    if rng.random() < 0.2:
        files[rng.choice((name.replace("/", "/../"), "/" + name, "../" + name, name.upper(), name[:-4], name + "/", "a\n" + name, "\x1b" + name))] = files[name]
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", rng.choice((zipfile.ZIP_DEFLATED, zipfile.ZIP_STORED))) as archive:
        for entry, content in files.items():
            archive.writestr(entry, content)
    return bytearray(packed.getvalue())


def _gzip(data, rng, hints):
    inside = _text(bytearray(gzip.decompress(bytes(data))), rng, hints)
    return bytearray(gzip.compress(bytes(inside), 1, mtime=0))


def mend_png(data):
    """Set the checksums of a PNG's chunks right, as far as they can be found."""
    at = 8
    while at + 12 <= len(data):
        (length,) = struct.unpack(">I", data[at : at + 4])
        end = at + 8 + length
        if end + 4 > len(data):
            break
        data[end : end + 4] = struct.pack(">I", zlib.crc32(data[at + 4 : end]))
        at = end + 4
    return data


def _png(data, rng, hints):
    return mend_png(rng.choice(BYTEWISE)(data, rng, hints))


_BY_KIND = {"json": (_json, _json, _json, _text), "text": (_text,), "zip": (_zip,), "gzip": (_gzip,), "png": (_png,)}


class Hints:
    """What a mutation may use: other seeds of the format to splice with, and words that mean something in it."""

    def __init__(self, others=(), words=()):
        self.others, self.words = tuple(others), tuple(words)


def mutate(data, kind, rng, hints):
    """Damage the bytes of a file.

    Parameters
    ----------
    data : bytes
    kind : {"bytes", "text", "json", "zip", "gzip", "png"}
        What it is made of.
    rng : random.Random
    hints : Hints

    Returns
    -------
    bytes
    """
    if rng.random() < 0.01:
        return rng.choice((b"", b"\0", b"\xff" * 64, bytes(100), rng.randbytes(200), data[:16], b"\xef\xbb\xbf", b"\xef\xbb\xbf" + data, data + data, data + bytes(5000)))
    by_kind = _BY_KIND.get(kind)
    data = bytearray(data)
    for _ in range(rng.choice((1, 1, 1, 1, 1, 1, 2, 3))):
        inside = by_kind is not None and rng.random() < (0.6 if kind in ("zip", "gzip", "png") else 0.93)
        try:
            data = bytearray((rng.choice(by_kind) if inside else rng.choice(BYTEWISE))(data, rng, hints)) or bytearray(b" ")
        except (ValueError, zipfile.BadZipFile, OSError, EOFError, zlib.error, KeyError, RuntimeError, NotImplementedError):
            data = bytearray(_flip(data, rng, hints))
    return bytes(data)[: 4 * _MOST]
