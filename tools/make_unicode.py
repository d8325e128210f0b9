"""Writes tools/unicode.json: what the Rust tokenizers know of Unicode.

pip install tokenizers==0.23.3; python3 tools/make_unicode.py; deno run -A tools/unicode.ts

The library mixes Unicode versions (the Rust standard library's, the crates regex, onig, unicode_categories,
unicode-normalization-alignments and unicode-segmentation), so every property is asked of it for every code
point. General categories are Oniguruma's; the other properties are stored as their difference from classes
of these. src/text/unicode/_tables.ts says what the tables are, _unpack.ts how their numbers are packed.
"""

import json
import struct
import unicodedata  # Only to find one mark of each class; what it is is asked of the library.
from pathlib import Path

from tokenizers import Regex
from tokenizers import normalizers as N
from tokenizers import pre_tokenizers as P

OUTPUT = Path(__file__).parent / "unicode.json"
ALL = [c for c in range(0x110000) if not 0xD800 <= c < 0xE000]
TEXT = "".join(map(chr, ALL))
CATEGORIES = "Cn Lu Ll Lt Lm Lo Mn Mc Me Nd Nl No Pc Pd Ps Pe Pi Pf Po Sm Sc Sk So Zs Zl Zp Cc Cf Co".split()
SCRIPTS = """Arabic Bopomofo Cyrillic Devanagari Greek Han Hangul Hebrew Hiragana Katakana Khmer Lao Latin
Myanmar Thai Tibetan""".split()
ASCII_PUNCTUATION = set(map(ord, "!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~"))

# Numbers are written in 90 characters: v < 60 is one; otherwise the first one says how many follow.
ALPHABET = [chr(c) for c in range(35, 127) if c not in (92, 96)]


def pack(values):
    out = []
    for v in values:
        if v < 60:
            out.append(ALPHABET[v])
            continue
        v -= 60
        for more, size in enumerate((90 * 20, 90**2 * 9, 90**3)):
            if v < size:
                first = (60, 80, 89)[more] + v // 90 ** (more + 1)
                digits = [v // 90**i % 90 for i in reversed(range(more + 1))]
                out.append("".join(ALPHABET[d] for d in (first, *digits)))
                break
            v -= size
        else:
            raise ValueError(v)
    return "".join(out)


def signed(v):
    return 2 * v if v >= 0 else -2 * v - 1


def ranges(points):
    found = []
    for c in sorted(points):
        if found and found[-1][1] == c:
            found[-1][1] = c + 1
        else:
            found.append([c, c + 1])
    return found


def pack_set(points):
    """Gap and length of each range."""
    values, end = [], 0
    for a, b in ranges(points):
        values += [a - end, b - a - 1]
        end = b
    return pack(values)


def onig(pattern):
    """The code points that a class of Oniguruma matches."""
    split = P.Split(Regex(pattern + "+"), "removed", invert=True)
    return {c for _, (a, b) in split.pre_tokenize_str(TEXT) for c in ALL[a:b]}


def pieces(pre, text):
    return len(pre.pre_tokenize_str(text))


def bert(**flags):
    names = ["clean_text", "handle_chinese_chars", "strip_accents", "lowercase"]
    return N.BertNormalizer(**{name: flags.get(name, False) for name in names})


def pack_categories(category):
    """Runs: 30 * (how long - 1) + of what; the number after the last category is Lu and Ll in turns."""
    values, i = [], 0
    cells = [category.get(c, "Cn") for c in range(0x110000)]
    turns = len(CATEGORIES)
    assert turns < 30
    while i < len(cells):
        j = i
        while j < len(cells) and cells[j] == ("Lu", "Ll")[(j - i) % 2]:
            j += 1
        kind = turns
        if j - i <= 2:
            kind = CATEGORIES.index(cells[i])
            j = i
            # Long runs are cut, so that numbers stay below 90^3.
            while j < len(cells) and cells[j] == cells[i] and j - i < 2**14:
                j += 1
        values.append(30 * (j - i - 1) + kind)
        i = j
    return pack(values)


def pack_lower(lower):
    """Runs that go up by the same steps: gap, 2 * (length - 1) + (0: every code point, 1: every second), step."""
    values, end = [], 0
    points = sorted(lower)
    while points:
        c = points[0]
        step = lower[c] - c

        def length(stride):
            n = 1
            while lower.get(c + n * stride, -1) - (c + n * stride) == step:
                if stride == 2 and c + 2 * n - 1 in lower:
                    break
                n += 1
            return n

        stride = max((1, 2), key=length)
        n = length(stride)
        values += [c - end, 2 * (n - 1) + stride - 1, signed(step)]
        end = c + (n - 1) * stride + 1
        points = [p for p in points if p >= end]
    return pack(values)


def pack_mapping(mapping):
    """Runs of code points that map to equally many others: gap, then 20 * (length of the run - 1) + how many.

    Each target is written by its difference from the one before at the same place. Where all map to one target
    and the difference is 1 from code point to code point, how many is 0, and only the first one is written.
    """
    values, end, last = [], 0, []
    points = sorted(mapping)
    i = 0
    while i < len(points):
        c = points[i]
        size = len(mapping[c])
        assert size < 20

        def at(k):
            return mapping.get(c + k)

        n = 1
        while size == 1 and at(n) == [mapping[c][0] + n]:
            n += 1
        steps = n > 2
        if not steps:
            n = 1
            while at(n) is not None and len(at(n)) == size:
                if size == 1 and at(n + 1) == [at(n)[0] + 1] and at(n + 2) == [at(n)[0] + 2]:
                    break
                n += 1
        values += [c - end, 20 * (n - 1) + (0 if steps else size)]
        for k in range(1 if steps else n):
            target = at(k)
            values += [signed(t - (last[j] if j < len(last) else 0)) for j, t in enumerate(target)]
            last = target + last[size:]
        if steps:
            last = [mapping[c][0] + n - 1] + last[1:]
        i += n
        end = c + n
    return pack(values)


def combining_classes(nfd):
    """ccc of each code point where it is not 0, by how marks are put in order."""

    def swapped(a, b):
        return nfd("a" + a + b) != "a" + a + b

    # U+0334 has the lowest class (1) and U+0345 the highest (240).
    have = [x for x in map(chr, ALL) if nfd(x) == x and (swapped("\u0345", x) or swapped(x, "\u0334"))]
    marks = {}
    for x in have:
        marks.setdefault(unicodedata.combining(x), x)
    classes = {}
    for x in have:
        same = [k for k, mark in marks.items() if not swapped(x, mark) and not swapped(mark, x)]
        assert len(same) == 1 and same[0] > 0, (x, same)
        classes[ord(x)] = same[0]
    return classes


def pack_classes(classes):
    values, end = [], 0
    points = sorted(classes)
    i = 0
    while i < len(points):
        n = 1
        while i + n < len(points) and points[i + n] == points[i] + n and classes[points[i + n]] == classes[points[i]]:
            n += 1
        values += [points[i] - end, n - 1, classes[points[i]]]
        end = points[i] + n
        i += n
    return pack(values)


def one_level(full, compose):
    """A canonical decomposition as one or two code points, the first of which may decompose further."""
    if len(full) == 1:
        return full
    first = compose("".join(map(chr, full[:-1])))
    if len(first) == 1:
        return [ord(first), full[-1]]
    return full


def segmentation():
    """Classes of extended grapheme clusters, asked with a charsmap that makes any cluster of less than 6
    bytes one Q, and every code point of a longer one a Q."""
    units = [0] * 2048
    units[0] = 256 << 10
    for byte in range(1, 256):
        units[256 ^ byte] = ((256 ^ byte ^ 1024) << 10) | 1 << 8 | byte
    units[1024] = 1 << 31
    trie = struct.pack(f"<{len(units)}I", *units)
    charsmap = struct.pack("<I", len(trie)) + trie + b"Q\0"
    pre = N.Precompiled(charsmap)

    def count(text):
        return len(pre.normalize_str(text))

    assert count("ab") == 2 and count("e\u0301") == 1 and count("\u1100\u1161") == 2
    joins = {c for c in ALL if count("a" + chr(c)) == 1}
    control = {c for c in ALL if 0 < c < 0x10000 and count(chr(c) + "\u0301") == 2}
    prepend = {c for c in ALL if 0 < c and count(chr(c) + "a") == 1}
    # After © and a joiner (5 bytes), one more that belongs to it makes 6 or more: three Qs, else two.
    pictures = {c for c in ALL if c > 127 and c not in joins and count("\u00a9\u200d" + chr(c)) == 3}
    # Four code points, one cluster of more than 5 bytes; or two clusters of 6 and 5 bytes.
    consonants = {
        c for c in ALL if 0x800 <= c < 0x10000 and c not in joins and count("\u0915\u094d" + chr(c) + "\u0301") == 4
    }
    linkers = {c for c in joins if 0x800 <= c < 0x10000 and count("\u0915" + chr(c) + "\u0915\u0301") == 4}
    return joins, control, prepend, pictures, consonants, linkers


def main():
    category = {}
    for name in CATEGORIES:
        for c in onig(r"\p{%s}" % name):
            category[c] = name

    def of(*names):
        return {c for c, name in category.items() if name.startswith(names)}

    white = {c for c in ALL if pieces(P.WhitespaceSplit(), f"a{chr(c)}b") == 2}
    control = {c for c in ALL if bert(clean_text=True).normalize_str(chr(c)) == ""}
    punctuation = {c for c in ALL if pieces(P.BertPreTokenizer(), f"a{chr(c)}b") == 3}
    numeric = {c for c in ALL if pieces(P.Digits(individual_digits=True), f"a{chr(c)}b") == 3}
    word = {c for c in ALL if pieces(P.Whitespace(), f"a{chr(c)}b") == 1}
    nfd, nfkd, nfc, nfkc = (n().normalize_str for n in (N.NFD, N.NFKD, N.NFC, N.NFKC))
    stripped = bert(strip_accents=True).normalize_str
    # What decomposes never comes to the test of marks.
    nonspacing = {c for c in ALL if nfd(chr(c)) == chr(c) and stripped(chr(c)) == ""}
    nonspacing |= {c for c in of("Mn") if nfd(chr(c)) != chr(c)}
    mark = {c for c in ALL if N.StripAccents().normalize_str(chr(c)) == ""}
    lower = {c: list(map(ord, N.Lowercase().normalize_str(chr(c)))) for c in ALL}
    assert lower.pop(0x130) == [0x69, 0x307]
    lower = {c: to[0] for c, to in lower.items() if to != [c]}

    # The properties that are the same, so that one table serves them.
    assert onig(r"\s") == white == onig(r"[[:space:]]") == onig(r"\p{White_Space}")
    assert white == {c for c in ALL if N.Strip().normalize_str(chr(c)) == ""}
    assert punctuation == {c for c in ALL if pieces(P.Punctuation(), f"a{chr(c)}b") == 3}
    assert white == {c for c in ALL if pieces(P.Whitespace(), f"a{chr(c)}b") == 2}
    assert onig(r"\d") == of("Nd") and onig(r"[[:punct:]]") == of("P", "S")
    cleaned = {c for c in ALL if bert(clean_text=True).normalize_str(chr(c)) == " "}
    assert cleaned == white - control

    hangul = range(0xAC00, 0xD7A4)
    decomposed, compatible, excluded = {}, {}, set()
    for c in ALL:
        x = chr(c)
        if c in hangul:
            continue
        if nfd(x) != x:
            decomposed[c] = one_level(list(map(ord, nfd(x))), nfc)
            if nfc(x) != x and len(decomposed[c]) == 2:
                excluded.add(c)
        if nfkd(x) != nfd(x):
            compatible[c] = list(map(ord, nfkd(x)))
    joins, stops, prepend, pictures, consonants, linkers = segmentation()
    words = of("L", "M", "Nd", "Nl", "Pc")
    tables = {
        "categories": pack_categories(category),
        "categoryNames": " ".join(CATEGORIES),
        "white": pack_set(white),
        "control": pack_set(control ^ of("Cc", "Cf", "Co")),
        "punctuation": pack_set(punctuation ^ (of("P") | ASCII_PUNCTUATION)),
        "numeric": pack_set(numeric ^ of("N")),
        "mark": pack_set(mark ^ of("M")),
        "nonspacing": pack_set(nonspacing ^ (of("Mn") & mark)),
        "word": pack_set(word ^ words),
        "onigWord": pack_set(onig(r"\w") ^ words),
        "lower": pack_lower(lower),
        "decomposed": pack_mapping(decomposed),
        "excluded": pack_set(excluded),
        "classes": pack_classes(combining_classes(nfd)),
        "joins": pack_set(joins ^ of("M")),
        "stops": pack_set(stops),
        "prepend": pack_set(prepend),
        "pictures": pack_set(pictures),
        "consonants": pack_set(consonants),
        "linkers": pack_set(linkers),
        "compatible": pack_mapping(compatible),
        "scripts": {name.lower(): pack_set(onig(r"\p{%s}" % name)) for name in SCRIPTS},
    }
    OUTPUT.write_text(json.dumps(tables, indent=2) + "\n")


main()
