"""Makes text/tokenizer_sections.json: hashes of the ids that the Rust tokenizers give for every code point and for
4,000 mixed texts, section by section of tokenizer.json.

pip install tokenizers==0.23.3; python3 test/vectors/make_tokenizer_sections.py [MINILM_FOLDER]

The model is one whose ids are the bytes of a piece and a mark at its end, so that ids tell pieces and texts.
With the folder of all-MiniLM-L6-v2 its tokenizer is one of them.
"""

import base64
import hashlib
import json
import struct
import sys
from array import array
from pathlib import Path

from tokenizers import Tokenizer

OUT = Path(__file__).parent / "text" / "tokenizer_sections.json"
BLOCK = 4096
TOGETHER = 64
TEXTS, IN_A_HASH = 4000, 100

MODEL = {
    "type": "BPE",
    "dropout": None,
    "unk_token": None,
    "continuing_subword_prefix": None,
    "end_of_word_suffix": "\u0001",
    "fuse_unk": False,
    "byte_fallback": True,
    "ignore_merges": False,
    "vocab": {f"<0x{byte:02X}>": byte for byte in range(256)},
    "merges": [],
}

# What texts are made of: every script and sign that the sections treat in some way.
PARTS = (
    list("aAbBzZ019 \t\n\r.,;:!?'\"-_/#$%&()[]{}<>@^`|~+=*\\")
    + "the The don't I'll we've 1,000 3.14 e.g. foo_bar x=y  ␠ \r\n \n\n    word WORD Straße STRASSE".split(" ")
    + "é É e\u0301 ñ n\u0303 ü Ü ß ẞ İ ı ſ K Å Å ﬁ ﬃ ǅ Σ ς σ ΟΔΟΣ Ж ж Ё ё".split(" ")
    + "中文 日本語 かな カナ ｶﾅ ﾞ か\u3099 한글 \u1112\u1161\u11ab 漢字，。 ㎏ ① ² ½ Ⅳ ٣ ๓ ९ 𝟗 𝐀 𠀀 豈 ".split(" ")
    + "नमस्ते क्\u200dष ไทย ภาษา עברית שׁ العربية ﷺ لا ខ្មែរ ພາສາ မြန်မာ བོད ".split(" ")
    + "🙂 👩\u200d👩\u200d👧 👍🏽 🇩🇪 ❤️ ©\u200d ☺\u0301 \u200b \u200c \u200d \u2060 \ufeff \u00a0 \u3000 \u2028 \u0085 \u00ad".split(" ")
    + ["\u0000", "\u0001", "\u001f", "\u007f", "\u009f", "\ufffd", "\ue000", "\U000e0001", "\U0010fffd", "\u0345", "\u0323\u0301",
       "\u0301\u0323", "\u1d165", "\U0001d15e", "\ufb2c", "\u0958", "\u1e9b\u0323", "\u2126", "\u212a", "\u0130", "…", "—", "«", "»", "₿", "€"]
)

CHARSMAP_KEYS = {
    "\u00a0": " ", "\u3000": " ", "\u200b": "", "\ufeff": "", "ﬁ": "fi", "①": "1", "㎏": "kg", "e\u0301": "é",
    "か\u3099": "が", "\r\n": "\n", "©": "(c)", "é": "E", "½": "1/2", "Å": "A", "क": "K", "☺\u0301": ":)", "\u0600": "#",
}


def charsmap():
    """A double-array trie of the keys, as SentencePiece writes it."""
    texts, places = bytearray(), {}
    for key, text in CHARSMAP_KEYS.items():
        places[key.encode()] = len(texts)
        texts += text.encode() + b"\0"
    units, bases = {0: 0}, [256]

    def build(at, items):
        base = bases[0]
        bases[0] += 256
        units[at] |= (at ^ base) << 10
        below = {}
        for suffix, value in items:
            if suffix == b"":
                units[at] |= 1 << 8
                units[base] = 1 << 31 | value
            else:
                below.setdefault(suffix[0], []).append((suffix[1:], value))
        for byte, rest in below.items():
            units[base ^ byte] = byte
            build(base ^ byte, rest)

    build(0, list(places.items()))
    # So that no byte leads out of the array.
    trie = struct.pack(f"<{bases[0] + 256}I", *(units.get(i, 0) for i in range(bases[0] + 256)))
    return base64.b64encode(struct.pack("<I", len(trie)) + trie + bytes(texts)).decode()


def bert(clean, chinese, accents, lower):
    return {"type": "BertNormalizer", "clean_text": clean, "handle_chinese_chars": chinese,
            "strip_accents": accents, "lowercase": lower}


def split(pattern, behavior="Isolated", invert=False):
    return {"type": "Split", "pattern": {"Regex": pattern}, "behavior": behavior, "invert": invert}


def replace(pattern, content):
    return {"type": "Replace", "pattern": {"Regex": pattern}, "content": content}


def normalizers(*items):
    return {"type": "Sequence", "normalizers": list(items)}


CL100K = (r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|"
          r"\s+(?!\S)|\s+")
O200K = (r"[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+(?i:'s|'t|'re|'ve|'m|'ll|'d)?|"
         r"[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+[\p{Ll}\p{Lm}\p{Lo}\p{M}]*(?i:'s|'t|'re|'ve|'m|'ll|'d)?|"
         r"\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+")
CATEGORIES = "Cc Cf Cn Co Ll Lm Lo Lt Lu Mc Me Mn Nd Nl No Pc Pd Pe Pf Pi Po Ps Sc Sk Sm So Zl Zp Zs".split()
SCRIPTS = ("Arabic Bopomofo Cyrillic Devanagari Greek Han Hangul Hebrew Hiragana Katakana Khmer Lao Latin Myanmar Thai "
           "Tibetan").split()
TYPES = {"BertPreTokenizer", "Whitespace", "WhitespaceSplit"}

SECTIONS = {
    "BERT, uncased": (bert(True, True, None, True), {"type": "BertPreTokenizer"}),
    "BERT, cased": (bert(True, True, None, False), {"type": "BertPreTokenizer"}),
    "BERT's accents only": (bert(False, False, True, False), None),
    "BERT's small letters only": (bert(False, False, False, True), None),
    "BERT's cleaning only": (bert(True, False, False, False), None),
    "NFC": ({"type": "NFC"}, None),
    "NFD": ({"type": "NFD"}, None),
    "NFKC": ({"type": "NFKC"}, None),
    "NFKD": ({"type": "NFKD"}, None),
    "Lowercase": ({"type": "Lowercase"}, None),
    "Strip": ({"type": "Strip", "strip_left": True, "strip_right": True}, None),
    "StripAccents": ({"type": "StripAccents"}, None),
    "NFKD, StripAccents, Lowercase": (normalizers({"type": "NFKD"}, {"type": "StripAccents"}, {"type": "Lowercase"}), None),
    "Nmt": ({"type": "Nmt"}, None),
    "Precompiled": ({"type": "Precompiled", "precompiled_charsmap": charsmap()}, None),
    "Precompiled, spaces, Metaspace": (
        normalizers({"type": "Precompiled", "precompiled_charsmap": charsmap()}, replace(" {2,}", " ")),
        {"type": "Metaspace", "replacement": "▁", "prepend_scheme": "always", "split": True}),
    "Prepend and Replace": (
        normalizers({"type": "Prepend", "prepend": "▁"}, {"type": "Replace", "pattern": {"String": " "}, "content": "▁"}), None),
    "Replace of a pattern": (replace(r"[\s\p{P}]+", "-"), None),
    "ByteLevel, a normalizer": ({"type": "ByteLevel"}, None),
    "ByteLevel": (None, {"type": "ByteLevel", "add_prefix_space": True, "trim_offsets": True, "use_regex": True}),
    "Whitespace": (None, {"type": "Whitespace"}),
    "WhitespaceSplit": (None, {"type": "WhitespaceSplit"}),
    "Digits": (None, {"type": "Digits", "individual_digits": False}),
    "Digits, each": (None, {"type": "Digits", "individual_digits": True}),
    "Metaspace, first": (None, {"type": "Metaspace", "replacement": "▁", "prepend_scheme": "first", "split": True}),
    "FixedLength": (None, {"type": "FixedLength", "length": 3}),
    "CharDelimiterSplit": (None, {"type": "CharDelimiterSplit", "delimiter": "b"}),
    **{f"Punctuation, {b}": (None, {"type": "Punctuation", "behavior": b})
       for b in ("Isolated", "Removed", "Contiguous", "MergedWithPrevious", "MergedWithNext")},
    "Split by GPT-4's pattern": (None, split(CL100K)),
    "Split by GPT-4o's pattern": (None, split(O200K)),
    "Split by DeepSeek's patterns": (None, {"type": "Sequence", "pretokenizers": [
        split(r"\p{N}{1,3}"), split("[一-龥\u3040-ゟ゠-ヿ]+"),
        split(r"[!\"#$%&'()*+,\-./:;<=>?@\[\\\]^_`{|}~][A-Za-z]+|[^\r\n\p{L}\p{P}\p{S}]?[\p{L}\p{M}]+| ?[\p{P}\p{S}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"),
        {"type": "ByteLevel", "add_prefix_space": False, "trim_offsets": True, "use_regex": False}]}),
    "Split by each category": (None, split("|".join(rf"\p{{{c}}}+" for c in CATEGORIES))),
    "Split by scripts": (None, split("|".join(rf"\p{{{s}}}+" for s in SCRIPTS), "Removed")),
    "Split by shorthands": (None, split(r"\w+|\s+|\d|[[:punct:]]+|\h")),
    "Split by classes": (None, split(r"[\w&&[^\d]]+|[^\S\n]+|[^\w\s]+", "MergedWithNext", True)),
}


def tokenizer(normalizer, pre_tokenizer):
    return {"version": "1.0", "truncation": None, "padding": None, "added_tokens": [], "normalizer": normalizer,
            "pre_tokenizer": pre_tokenizer, "post_processor": None, "decoder": None, "model": MODEL}


def code_points(start):
    """Texts of the code points of a block."""
    points = [c for c in range(start, start + BLOCK) if not 0xD800 <= c < 0xE000]
    return ["".join(f"a{chr(c)}b {chr(c)} " for c in points[i:i + TOGETHER]) for i in range(0, len(points), TOGETHER)]


def mixed_texts():
    """Parts drawn by a linear congruential generator, which the test has too."""
    state, texts = 1, []

    def draw(n):
        nonlocal state
        state = (state * 1664525 + 1013904223) % 2**32
        return (state >> 8) % n

    for _ in range(TEXTS):
        texts.append("".join(PARTS[draw(len(PARTS))] + (" " if draw(3) == 0 else "") for _ in range(draw(24))))
    return texts


def digest(tok, texts):
    sha = hashlib.sha256()
    for encoding in tok.encode_batch(texts, add_special_tokens=False):
        sha.update(array("i", [len(encoding.ids), *encoding.ids]).tobytes())
    return sha.hexdigest()[:12]


def hashes(tok, texts):
    return {
        "codePoints": [digest(tok, t) for start in range(0, 0x110000, BLOCK) if (t := code_points(start))],
        "texts": [digest(tok, texts[i:i + IN_A_HASH]) for i in range(0, TEXTS, IN_A_HASH)],
    }


def main():
    texts = mixed_texts()
    found = []
    for name, sections in SECTIONS.items():
        tok = Tokenizer.from_str(json.dumps(tokenizer(*sections)))
        found.append({"name": name, "normalizer": sections[0], "pre_tokenizer": sections[1], **hashes(tok, texts)})
        print(name, flush=True)
    minilm = None
    if len(sys.argv) > 1:
        tok = Tokenizer.from_file(f"{sys.argv[1]}/tokenizer.json")
        tok.no_truncation()
        tok.no_padding()
        minilm = hashes(tok, texts)
    lines = ",\n".join(json.dumps(x, ensure_ascii=False, separators=(",", ":")) for x in found)
    OUT.write_text(
        '{"parts":' + json.dumps(PARTS) + ',\n"sections":[\n' + lines + '\n],\n"minilm":' + json.dumps(minilm) + "}\n"
    )


if __name__ == "__main__":
    main()
