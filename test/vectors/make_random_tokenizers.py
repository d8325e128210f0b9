"""Makes text/random_tokenizers.jsonl.gz: random tokenizer.json files, texts, and what the Rust tokenizers say.

pip install tokenizers==0.23.3; python3 test/vectors/make_random_tokenizers.py [SEED COUNT FILE]

Where the Rust library panics there is no case.
"""

import gzip
import json
import sys
from pathlib import Path

from random_pieces import BEH, POOL, R, b, charsmap, pattern, text, word
from tokenizers import Tokenizer

OUT = Path(__file__).parent / "text" / "random_tokenizers.jsonl.gz"
SEED, COUNT = (int(sys.argv[1]), int(sys.argv[2])) if len(sys.argv) > 2 else (3, 400)
R.seed(SEED)


def norm(d=0):
    t = R.choice(
        [
            "BertNormalizer",
            "NFC",
            "NFD",
            "NFKC",
            "NFKD",
            "Lowercase",
            "Strip",
            "StripAccents",
            "Nmt",
            "Prepend",
            "Replace",
            "ByteLevel",
            "Precompiled",
            "Sequence",
            "Sequence",
        ]
    )
    if t == "BertNormalizer":
        return dict(
            type=t, clean_text=b(), handle_chinese_chars=b(), strip_accents=R.choice([None, True, False]), lowercase=b()
        )
    if t == "Strip":
        return dict(type=t, strip_left=b(), strip_right=b())
    if t == "Prepend":
        return dict(type=t, prepend=R.choice(["▁", " ", "ab"]))
    if t == "Replace":
        return dict(type=t, pattern=pattern(), content=R.choice(["", " ", "▁", "x", "$0"]))
    if t == "Precompiled":
        return dict(type=t, precompiled_charsmap=charsmap())
    if t == "Sequence":
        return dict(type=t, normalizers=[norm(d + 1) for _ in range(R.randint(0, 3))]) if d < 2 else dict(type="NFC")
    return dict(type=t)


def pre(d=0):
    t = R.choice(
        [
            "BertPreTokenizer",
            "ByteLevel",
            "CharDelimiterSplit",
            "Metaspace",
            "Whitespace",
            "Sequence",
            "Split",
            "Split",
            "Punctuation",
            "WhitespaceSplit",
            "Digits",
            "FixedLength",
        ]
    )
    if t == "ByteLevel":
        return dict(type=t, add_prefix_space=b(), trim_offsets=b(), use_regex=b())
    if t == "CharDelimiterSplit":
        return dict(type=t, delimiter=R.choice("a b中"))
    if t == "Metaspace":
        return dict(
            type=t, replacement=R.choice("▁▁_"), prepend_scheme=R.choice(["always", "first", "never"]), split=b()
        )
    if t == "Sequence":
        return (
            dict(type=t, pretokenizers=[pre(d + 1) for _ in range(R.randint(0, 3))])
            if d < 2
            else dict(type="Whitespace")
        )
    if t == "Split":
        return dict(type=t, pattern=pattern(), behavior=R.choice(BEH), invert=b())
    if t == "Punctuation":
        return dict(type=t, behavior=R.choice(BEH))
    if t == "Digits":
        return dict(type=t, individual_digits=b())
    if t == "FixedLength":
        return dict(type=t, length=R.randint(1, 4))
    return dict(type=t)


CH = list("abcdefs0123 .-'▁éK中文日") + ["\u0301", "Ġ", "Ċ", "Ã", "©", "x", "A", "B", "_"]


def model():
    t = R.choice(["BPE", "BPE", "WordPiece", "WordLevel", "Unigram"])
    toks = ["[UNK]", "[CLS]", "[SEP]"]
    if t == "Unigram":
        ps = toks + R.sample(CH, R.randint(5, len(CH))) + [word() for _ in range(20)]
        if b():
            ps += ["<0x%02X>" % i for i in range(256)]
        ps = list(dict.fromkeys(ps))
        return dict(
            type=t,
            unk_id=R.choice([0, 0, 0, None]),
            vocab=[[p, 0.0 if i < 3 else -R.choice([1, 2, 2.5, 3, 4, 10]) * 1.0] for i, p in enumerate(ps)],
            byte_fallback=b(),
        )
    if t == "WordLevel":
        ps = toks + [word() for _ in range(30)] + CH
        ps = list(dict.fromkeys(ps))
        return dict(type=t, vocab={p: i for i, p in enumerate(ps)}, unk_token=R.choice(["[UNK]", "[UNK]", "none"]))
    if t == "WordPiece":
        pf = R.choice(["##", "##", ""])
        ps = (
            toks
            + R.sample(CH, 20)
            + [pf + c for c in R.sample(CH, 20)]
            + [word() for _ in range(15)]
            + [pf + word() for _ in range(15)]
        )
        ps = list(dict.fromkeys(ps))
        return dict(
            type=t,
            vocab={p: i for i, p in enumerate(ps)},
            unk_token="[UNK]",
            continuing_subword_prefix=pf,
            max_input_chars_per_word=R.choice([100, 100, 3]),
        )
    pf = R.choice([None, None, "##"])
    sf = R.choice([None, None, "</w>"])
    base = R.sample(CH, R.randint(8, len(CH)))
    ps = toks + base + ([pf + c for c in base] if pf else [])
    if sf:
        ps += [p + sf for p in ps[3:]]
    if b():
        ps += ["<0x%02X>" % i for i in range(256)]
    ps = list(dict.fromkeys(ps))
    merges = []
    cand = ps[3:]
    for _ in range(R.randint(0, 60)):
        a = R.choice(cand)
        c = R.choice(cand)
        if sf and a.endswith(sf):
            continue
        if pf:
            if not c.startswith(pf):
                continue
            m = a + c[len(pf) :]
        else:
            m = a + c
        if len(m) > 8 or a.startswith("<0x") or c.startswith("<0x"):
            continue
        merges.append((a, c))
        if m not in ps:
            ps.append(m)
        if len(cand) < 400:
            cand.append(m)
    if R.random() < 0.3:
        R.shuffle(merges)
    ms = [list(m) for m in merges]
    if b() and all(" " not in x for m in ms for x in m):
        ms = [" ".join(m) for m in ms]
    return dict(
        type=t,
        dropout=None,
        unk_token=R.choice(["[UNK]", "[UNK]", None]),
        continuing_subword_prefix=pf,
        end_of_word_suffix=sf,
        fuse_unk=b(),
        byte_fallback=b(),
        ignore_merges=b(),
        vocab={p: i for i, p in enumerate(ps)},
        merges=ms,
    )


def dec(d=0):
    t = R.choice(
        [
            "ByteLevel",
            "BPEDecoder",
            "WordPiece",
            "Metaspace",
            "CTC",
            "Sequence",
            "Replace",
            "Fuse",
            "Strip",
            "ByteFallback",
            "Sequence",
        ]
    )
    if t == "ByteLevel":
        return dict(type=t, add_prefix_space=True, trim_offsets=True, use_regex=True)
    if t == "BPEDecoder":
        return dict(type=t, suffix=R.choice(["</w>", "a"]))
    if t == "WordPiece":
        return dict(type=t, prefix="##", cleanup=b())
    if t == "Metaspace":
        return dict(type=t, replacement="▁", prepend_scheme=R.choice(["always", "first", "never"]), split=True)
    if t == "CTC":
        return dict(type=t, pad_token=R.choice(["a", "[UNK]"]), word_delimiter_token="▁", cleanup=b())
    if t == "Replace":
        return dict(type=t, pattern=pattern(), content=R.choice(["", " ", "x"]))
    if t == "Strip":
        return dict(type=t, content=R.choice("a ▁"), start=R.randint(0, 2), stop=0)
    if t == "Sequence":
        return dict(type=t, decoders=[dec(d + 1) for _ in range(R.randint(0, 3))]) if d < 2 else dict(type="Fuse")
    return dict(type=t)


def post():
    t = R.choice([None, None, "BertProcessing", "RobertaProcessing", "TemplateProcessing", "ByteLevel", "Sequence"])
    if t is None:
        return None
    if t == "BertProcessing":
        return dict(type=t, sep=["[SEP]", 2], cls=["[CLS]", 1])
    if t == "RobertaProcessing":
        return dict(type=t, sep=["[SEP]", 2], cls=["[CLS]", 1], trim_offsets=b(), add_prefix_space=b())
    if t == "ByteLevel":
        return dict(type=t, add_prefix_space=b(), trim_offsets=b(), use_regex=b())
    S = lambda i, k=0: {"SpecialToken": {"id": i, "type_id": k}}
    Q = lambda i, k=0: {"Sequence": {"id": i, "type_id": k}}
    T = dict(
        type="TemplateProcessing",
        single=([S("[CLS]")] if b() else []) + [Q("A")] + ([S("[SEP]")] if b() else []),
        pair=[S("[CLS]"), Q("A"), S("[SEP]"), Q("B", 1)] + ([S("[SEP]", 1)] if b() else []),
        special_tokens={
            "[CLS]": {"id": "[CLS]", "ids": [1], "tokens": ["[CLS]"]},
            "[SEP]": {"id": "[SEP]", "ids": R.choice([[2], [2, 1]]), "tokens": ["[SEP]"] * 1},
        },
    )
    if len(T["special_tokens"]["[SEP]"]["ids"]) == 2:
        T["special_tokens"]["[SEP]"]["tokens"] = ["[SEP]", "[CLS]"]
    if t == "Sequence":
        return dict(
            type=t, processors=[dict(type="ByteLevel", add_prefix_space=b(), trim_offsets=b(), use_regex=True), T]
        )
    return T


def added(vocab, n):
    out = []
    nxt = n
    seen = set()
    for c in R.sample(
        ["[SEP]", "[CLS]", "<x>", "ab", "a", "new", " b", "É", "Ab", "中", "e\u0301", "--", "'s", "\n"], R.randint(0, 5)
    ):
        if c in seen:
            continue
        seen.add(c)
        i = vocab.get(c)
        if i is None:
            i = nxt
            nxt += 1
        sp = b()
        out.append(
            dict(
                id=i,
                content=c,
                single_word=R.random() < 0.3,
                lstrip=R.random() < 0.3,
                rstrip=R.random() < 0.3,
                normalized=b(),
                special=sp,
            )
        )
    return out


def config():
    m = model()
    v = m["vocab"] if isinstance(m["vocab"], dict) else {p: i for i, (p, _) in enumerate(m["vocab"])}
    return dict(
        version="1.0",
        truncation=None,
        padding=None,
        added_tokens=added(v, len(v)),
        normalizer=norm() if R.random() < 0.6 else None,
        pre_tokenizer=pre() if R.random() < 0.75 else None,
        post_processor=post(),
        decoder=dec() if R.random() < 0.7 else None,
        model=m,
    )


def case(tok):
    found = {"text": text()}
    pair = text() if R.random() < 0.2 else None
    if pair is not None:
        found["pair"] = pair
    try:
        found["ids"] = tok.encode(found["text"], pair).ids
    except BaseException as error:  # A panic is no Exception.
        if "Error" not in type(error).__name__ and type(error) is not Exception:
            return None
        found["error"] = str(error)[:100]
        return found
    try:
        found["decoded"] = tok.decode(found["ids"], skip_special_tokens=False)
    except BaseException:
        pass
    return found


def main():
    lines = []
    while len(lines) < COUNT:
        tokenizer = config()
        try:
            tok = Tokenizer.from_str(json.dumps(tokenizer))
        except BaseException as error:
            lines.append(json.dumps({"tokenizer": tokenizer, "error": str(error)[:200]}))
            continue
        cases = [found for _ in range(12) if (found := case(tok)) is not None]
        lines.append(json.dumps({"tokenizer": tokenizer, "cases": cases}))
    out = Path(sys.argv[3]) if len(sys.argv) > 3 else OUT
    out.write_bytes(gzip.compress("\n".join(lines).encode(), 9, mtime=0))
    print(len(lines), "tokenizers,", out.stat().st_size, "bytes")


main()
