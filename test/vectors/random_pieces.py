"""What random tokenizers are made of: texts, patterns, character maps, all drawn from one generator."""

import base64
import random
import struct

R = random.Random()

POOL = list("aabbccdefs  \t\n\r.,!?-_'0123ABCSK") + [
    "é",
    "É",
    "ß",
    "ﬁ",
    "ﬀ",
    "İ",
    "Σ",
    "ς",
    "ſ",
    "\u212a",
    "中",
    "文",
    "日",
    "か",
    "ガ",
    "한",
    "글",
    "\u1100",
    "\u1161",
    "\u0301",
    "\u0300",
    "\u0323",
    "\u3099",
    "\u200b",
    "\u200d",
    "\ufeff",
    "\u00a0",
    "\u3000",
    "\u2028",
    "\u0085",
    "\x0b",
    "\x00",
    "\x7f",
    "\u2581",
    "٣",
    "½",
    "Ⅳ",
    "²",
    "🙂",
    "👩",
    "\U0001f3fd",
    "\U0001f1e9",
    "\U0001f1ea",
    "©",
    "\u0915",
    "\u094d",
    "\u0937",
    "\u0600",
    "\u0e01",
    "\u0e31",
    "ก",
    "ﬃ",
    "①",
    "㎏",
    "ﾊ",
    "ﾞ",
    "Å",
    "\u212b",
    "\u0345",
    "\ufb1d",
    "\u2126",
    "\U0001d400",
    "\U00020000",
    "ꙮ",
    "\u070f",
    "\ufffd",
    "$",
    "+",
    "^",
    "~",
    "<",
    "`",
    "§",
    "»",
    "।",
]


def text(n=None):
    return "".join(R.choice(POOL) for _ in range(R.randint(0, 24) if n is None else n))


def word():
    return "".join(R.choice("abcdefs0é中▁.-' A") for _ in range(R.randint(1, 3)))


REGEX = [
    r"\s+",
    r"\p{L}+",
    r"[^\s\p{L}\p{N}]+",
    r"\p{N}{1,3}",
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+",
    r"\w+|[^\w\s]+",
    r"\d",
    r" ?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+",
    r"[一-龥぀-ゟ゠-ヿ]+",
    r"[\p{P}\p{S}]+",
    r"(?<=a)b",
    r"(?<!\S)a",
    r"\b",
    r"^a",
    r"b$",
    r"a|b|",
    r"x*",
    r".",
    r"[^a-c]",
    r"(?i)[a-s]+",
    r"[a-f&&[^c]]+",
    r"\S+",
    r"a+?b",
    r"(ab|c)+",
    r"(?>a+)b",
    r"a{2}",
    r"\u0301",
    r"[[:punct:]]",
    r"[[:space:]]+",
    r"\p{Han}+|\p{Hiragana}",
    r"(?m:.+)",
    r"\n",
    r"[\x{3000}\s]",
    r"\p{Mn}",
    r"\P{L}+",
    r"\W",
    r"\D+",
    r"\h+",
    r"(?=a)",
    r"[^\S\n]+",
    r"\A.",
    r".\z",
    r".\Z",
    r"\B",
    r"(a|ab)(c|bcd)",
    r"[.]{1,2}+",
    r"a*+a?",
]


def pattern():
    return (
        {"Regex": R.choice(REGEX)}
        if R.random() < 0.7
        else {"String": R.choice(["a", " ", "ab", "▁", "é", "-", ".", " a", "\n", "中", "e\u0301", "++"])}
    )


BEH = ["Isolated", "Removed", "Contiguous", "MergedWithPrevious", "MergedWithNext"]


def b():
    return R.random() < 0.5


def charsmap():
    # double-array over random keys
    keys = {}
    for _ in range(R.randint(1, 8)):
        k = R.choice([R.choice(POOL), "e\u0301", "か\u3099", "ab", "\r\n", "©\u200d", "é", "ﬁ"]).encode()
        if b"\0" in k:
            continue
        keys[k] = R.choice(["", "x", " ", "ab", "é"])
    texts = bytearray()
    pos = {}
    for k, v in keys.items():
        pos[k] = len(texts)
        texts += v.encode() + b"\0"
    units = {0: 0}
    nextbase = [256]

    def build(at, items):
        # items: list of (suffix, value)
        leaf = [v for s, v in items if s == b""]
        ch = {}
        for s, v in items:
            if s:
                ch.setdefault(s[0], []).append((s[1:], v))
        base = nextbase[0]
        nextbase[0] += 256
        off = at ^ base
        units[at] = units.get(at, 0) | (off << 10)
        if leaf:
            units[at] |= 1 << 8
            units[base] = (1 << 31) | leaf[0]
        for c, sub in ch.items():
            p = base ^ c
            units[p] = c
            build(p, sub)

    build(0, [(k, pos[k]) for k in keys])
    n = (max(units) | 255) + 257
    tr = b"".join(struct.pack("<I", units.get(i, 0)) for i in range(n))
    return base64.b64encode(struct.pack("<I", len(tr)) + tr + bytes(texts)).decode()
