"""Makes text/*.json: what the Rust tokenizers, Jinja2 and numpy say.

pip install tokenizers==0.23.3 jinja2 numpy; python3 test/vectors/make_text.py
Trainers break ties as they like: another run gives other vocabularies, which have to agree as well.
"""

import json
from pathlib import Path

import numpy as np
from jinja2.ext import loopcontrols
from jinja2.sandbox import ImmutableSandboxedEnvironment
from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, normalizers
from tokenizers import pre_tokenizers, processors, trainers

OUT = Path(__file__).parent / "text"

CORPUS = [
    "The quick brown fox jumps over the lazy dog, and the dog sleeps on.",
    "GLOUCESTER: Now is the winter of our discontent made glorious summer.",
    "Ο ΔΡΟΜΟΣ ΤΗΣ ΟΔΟΣ; ο δρόμος της οδού. Straße, naïve café, résumé.",
    "你好,世界。日本語のテキスト 한국어 텍스트 🙂🙃 👩‍👩‍👧 نص عربي",
    "1234567890 3.14159 don't can't we're I'll they've",
] * 4

TEXTS = [
    "",
    " ",
    "a",
    "Hello, world!",
    "The dog's  two   spaces\tand\ttabs\nand lines\r\n\r\n",
    "ΟΔΟΣ",
    "ΟΔΟΣ ΣΟΦΟΣ Σ ΑΣ. ὈΔΥΣΣΕΎΣ",
    "İstanbul IŞIK ẞtraße ǅ ŐŰ",
    "naïve CAFÉ résumé Å Å e\u0301",
    "don't you're we'll 's' 've",
    "[SEP] and [MASK] in <s> a text </s>",
    "你好,世界。日本語 한국어",
    "🙂🙃👩‍👩‍👧 e\u0301\u0302 \u200b\u00a0\u3000x",
    "unknown: ꙮ \U0001f9ff \u0000 \u0001 \ufffd",
    "3.14159 1,000,000 x=y+1; f(x)",
    "  leading and trailing  ",
    "antidisestablishmentarianism" * 5,
    "نص عربي",
]
PAIRS = [("The quick brown fox", "jumps over the lazy dog and sleeps"), ("long " * 9, "dog"), ("a", "")]


def byte_level():
    tok = Tokenizer(models.BPE())
    tok.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tok.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=420,
        special_tokens=["<s>", "</s>"],
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    tok.train_from_iterator(CORPUS, trainer)
    return tok, {"bos_token": "<s>", "eos_token": {"content": "</s>"}}


def byte_level_framed():
    tok, config = byte_level()
    tok.post_processor = processors.TemplateProcessing(
        single="<s> $A", pair="<s> $A <s> $B", special_tokens=[("<s>", 0)]
    )
    return tok, {**config, "add_bos_token": True}


def word_piece():
    tok = Tokenizer(models.WordPiece(unk_token="[UNK]", max_input_chars_per_word=100))
    tok.normalizer = normalizers.BertNormalizer(lowercase=True)
    tok.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    tok.decoder = decoders.WordPiece(cleanup=False)
    special = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
    trainer = trainers.WordPieceTrainer(
        vocab_size=300, special_tokens=special, show_progress=False
    )
    tok.train_from_iterator(CORPUS, trainer)
    tok.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]",
        pair="[CLS] $A [SEP] $B:1 [SEP]:1",
        special_tokens=[("[CLS]", 2), ("[SEP]", 3)],
    )
    return tok, {}


def sentence_piece():
    """As Llama's: pieces with byte fallback, spaces as ▁, bos before."""
    trained = Tokenizer(models.BPE())
    trained.normalizer = normalizers.Sequence(
        [normalizers.Prepend("▁"), normalizers.Replace(" ", "▁")]
    )
    trainer = trainers.BpeTrainer(vocab_size=300, show_progress=False, limit_alphabet=70)
    trained.train_from_iterator(CORPUS, trainer)
    model = json.loads(trained.to_str())["model"]
    vocab = {"<unk>": 0, "<s>": 1, "</s>": 2}
    for byte in range(256):
        vocab[f"<0x{byte:02X}>"] = len(vocab)
    for piece in sorted(model["vocab"], key=model["vocab"].get):
        vocab[piece] = len(vocab)
    merges = [tuple(pair) for pair in model["merges"]]
    tok = Tokenizer(
        models.BPE(vocab, merges, unk_token="<unk>", fuse_unk=True, byte_fallback=True)
    )
    tok.normalizer = trained.normalizer
    tok.decoder = decoders.Sequence(
        [decoders.Replace("▁", " "), decoders.ByteFallback(), decoders.Fuse(), decoders.Strip(" ", 1, 0)]
    )
    tok.add_special_tokens(["<unk>", "<s>", "</s>"])
    tok.post_processor = processors.TemplateProcessing(
        single="<s> $A", pair="<s> $A <s> $B", special_tokens=[("<s>", 1)]
    )
    return tok, {"bos_token": "<s>", "eos_token": "</s>", "unk_token": "<unk>"}


def lower_bytes():
    """Lower-casing inside a sequence, an added token in upper case, a pattern as GPT-4's."""
    tok = Tokenizer(models.BPE())
    tok.normalizer = normalizers.Sequence([normalizers.NFC(), normalizers.Lowercase()])
    pattern = r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
    tok.pre_tokenizer = pre_tokenizers.Sequence([
        pre_tokenizers.Split(Regex(pattern), "isolated"),
        pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
    ])
    tok.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=400, initial_alphabet=pre_tokenizers.ByteLevel.alphabet(), show_progress=False
    )
    tok.train_from_iterator(CORPUS, trainer)
    tok.add_special_tokens([AddedToken("ΟΔΟΣ!", special=True, normalized=False)])
    return tok, {"eos_token": "ΟΔΟΣ!"}


def encoded(tok, text, pair=None, max_tokens=None):
    if max_tokens is None:
        tok.no_truncation()
    else:
        tok.enable_truncation(max_tokens)
    ids = tok.encode(text, pair).ids
    case = {"text": text, "ids": ids}
    if pair is not None:
        case["pair"] = pair
    if max_tokens is not None:
        case["maxTokens"] = max_tokens
    case["decoded"] = tok.decode(ids, skip_special_tokens=False)
    case["decodedWithoutSpecial"] = tok.decode(ids, skip_special_tokens=True)
    return case


def tokenizer_vectors():
    vectors = []
    for make in [byte_level, byte_level_framed, word_piece, sentence_piece, lower_bytes]:
        tok, config = make()
        cases = [encoded(tok, text) for text in TEXTS + ["ΟΔΟΣ! Σ ΟΔΟΣ!"]]
        cases += [encoded(tok, text, None, 7) for text in TEXTS]
        for first, second in PAIRS:
            cases += [encoded(tok, first, second, n) for n in [None, 3, 5, 8, 12, 16, 1000]]
        # All of this has to be ignored.
        tok.enable_truncation(5)
        tok.enable_padding(length=9)
        vectors.append({
            "name": make.__name__, "tokenizer": json.loads(tok.to_str()), "config": config, "cases": cases,
        })
    return vectors


TEMPLATES = {
    "chatml": "{% for message in messages %}{{ '<|im_start|>' + message['role'] + '\\n' + message['content'] + '<|im_end|>' + '\\n' }}{% endfor %}{% if add_generation_prompt %}{{ '<|im_start|>assistant\\n' }}{% endif %}",
    "turns": """{{ bos_token }}
{%- if messages[0]['role'] == 'system' %}
    {%- set system = messages[0]['content'] | trim %}
    {%- set rest = messages[1:] %}
{%- else %}
    {%- set system = none %}
    {%- set rest = messages %}
{%- endif %}
{%- for message in rest %}
    {%- if (message['role'] == 'user') != (loop.index0 % 2 == 0) %}
        {{- raise_exception('roles must alternate user/assistant') }}
    {%- endif %}
    {%- if loop.first and system is not none %}
        {{- '[INST] <<SYS>>\\n' ~ system ~ '\\n<</SYS>>\\n\\n' ~ message['content'] | trim ~ ' [/INST]' }}
    {%- elif message.role == 'user' %}
        {{- '[INST] ' ~ message['content'] | trim ~ ' [/INST]' }}
    {%- else %}
        {{- ' ' ~ message['content'] | trim ~ eos_token }}
    {%- endif %}
{%- endfor %}""",
    "tools": """{%- macro field(name, value) %}{{ name }}={{ value | tojson }};{% endmacro %}
{% set ns = namespace(count=0) %}
{% for m in messages %}
{% if m.role == 'tool' %}
    {% continue %}
{% endif %}
{% set ns.count = ns.count + 1 %}
    {{ ns.count }}. {{ m.role | capitalize }}: {{ m.content | replace('\\n', ' ') }}
{% endfor %}
{% if tools is defined and tools %}
{{ field('tools', tools) }}
{% endif %}
{% for i in range(2) %}{{ i }}{% if not loop.last %},{% endif %}{% endfor %}
""",
}
CHATS = [
    [{"role": "user", "content": "Hi"}],
    [
        {"role": "system", "content": "  Be brief. "},
        {"role": "user", "content": "What is <b>2+2</b>?\nSay it. "},
        {"role": "assistant", "content": "4 🙂"},
        {"role": "user", "content": "Σ'\"\\"},
    ],
    [{"role": "user", "content": "a"}, {"role": "tool", "content": "x"}, {"role": "user", "content": "b"}],
]


class Refused(Exception):
    pass


def chat_vectors():
    def refuse(message):
        raise Refused(message)

    env = ImmutableSandboxedEnvironment(trim_blocks=True, lstrip_blocks=True, extensions=[loopcontrols])
    env.filters["tojson"] = lambda x: json.dumps(x, ensure_ascii=False)
    env.globals["raise_exception"] = refuse
    vectors = []
    for name, template in TEMPLATES.items():
        for messages in CHATS:
            for prompt in [True, False]:
                for tools in [None, [{"name": "add", "parameters": {"a": 1, "b": [True, None]}}]]:
                    case = {"name": name, "template": template, "messages": messages, "prompt": prompt}
                    variables = {} if tools is None else {"tools": tools}
                    try:
                        case["text"] = env.from_string(template).render(
                            messages=messages, add_generation_prompt=prompt,
                            bos_token="<s>", eos_token="</s>", **variables,
                        )
                    except Refused as refusal:
                        case["refusal"] = str(refusal)
                    vectors.append({**case, "variables": variables})
    return vectors


def survivors(logits, temperature, top_k, top_p, min_p, penalty, recent):
    """RepetitionPenalty, Temperature, TopK, TopP and MinP of transformers' generate, in float64."""
    x = logits.astype(np.float64)
    for i in set(recent):
        x[i] = x[i] * penalty if x[i] < 0 else x[i] / penalty
    x /= temperature
    if top_k > 0:
        x[x < np.sort(x)[-min(top_k, len(x))]] = -np.inf
    if top_p < 1:
        order = np.argsort(x, kind="stable")
        cumulative = np.cumsum(softmax(x[order]))
        remove = cumulative <= 1 - top_p
        remove[-1] = False
        x[order[remove]] = -np.inf
    probabilities = softmax(x)
    probabilities[probabilities < min_p * probabilities.max()] = 0
    return probabilities / probabilities.sum()


def softmax(x):
    e = np.exp(x - x.max())
    return e / e.sum()


def philox(seed, position):
    """The first two words of the block: Philox4x32-10, Salmon et al. 2011."""
    mask = 0xFFFFFFFF
    c0, c1, c2, c3 = position & mask, position >> 32, 0, 0
    k0, k1 = seed & mask, seed >> 32
    for _ in range(10):
        p0, p1 = 0xD2511F53 * c0, 0xCD9E8D57 * c2
        c0, c1, c2, c3 = (p1 >> 32) ^ c1 ^ k0, p1 & mask, (p0 >> 32) ^ c3 ^ k1, p0 & mask
        k0, k1 = (k0 + 0x9E3779B9) & mask, (k1 + 0xBB67AE85) & mask
    return c0, c1


def drawn(probabilities, seed, position):
    a, b = philox(seed, position)
    u = ((a >> 5) * 2**26 + (b >> 6)) / 2**53
    ends = np.cumsum(probabilities)
    # Farther from an end than float32 weights are inexact, so that every host has to give this id.
    assert np.abs(ends[:-1] - u).min(initial=1) > 1e-6
    return int(np.searchsorted(ends, u, side="right"))


def sampler_vectors():
    rng = np.random.default_rng(20261124)
    vectors = []
    for n in [1, 2, 5, 50, 400]:
        for _ in range(24):
            # Multiples of 1/1024: exact in float32 and short in JSON; distinct, because transformers
            # keeps all that are equal to the k-th.
            spread = int(rng.choice([2, 8, 20])) * 1024
            logits = rng.choice(np.arange(-spread, spread), n, replace=False) / 1024
            options = {
                "temperature": float(rng.choice([0.25, 0.7, 1, 1.5])),
                "topK": int(rng.choice([0, 1, 3, 40])),
                "topP": float(rng.choice([1, 0.95, 0.5, 0.05])),
                "minP": float(rng.choice([0, 0, 0.05, 0.5, 1])),
                "repetitionPenalty": float(rng.choice([1, 1.3, 0.8])),
            }
            if options["repetitionPenalty"] == 1 and n > 2 and rng.random() < 0.3:
                logits[rng.integers(n)] = -np.inf
            recent = rng.integers(0, n, 10)
            p = survivors(logits, *options.values(), recent.tolist())
            kept = np.flatnonzero(p)
            raw = logits - logits.max()
            with np.errstate(divide="ignore"):
                logprobs = raw - np.log(np.exp(raw).sum())
            top = np.argsort(-logits, kind="stable")[:5]
            top = top[logits[top] > -np.inf]
            seed = int(rng.integers(2**53))
            vectors.append({
                "seed": seed,
                "drawn": [drawn(p, seed, i) for i in range(4)],
                "logits": [None if x == -np.inf else x for x in logits.tolist()],
                "options": options,
                "recent": recent.tolist(),
                "ids": kept.tolist(),
                "probabilities": [float(f"{x:.9g}") for x in p[kept]],
                "top": top.tolist(),
                "logprobs": [float(f"{x:.9g}") for x in logprobs[top]],
            })
    return vectors


def write(name, vectors):
    lines = ",\n".join(json.dumps(v, ensure_ascii=False, separators=(",", ":")) for v in vectors)
    (OUT / name).write_text(f"[\n{lines}\n]\n")


OUT.mkdir(exist_ok=True)
write("tokenizers.json", tokenizer_vectors())
write("chats.json", chat_vectors())
write("sampler.json", sampler_vectors())
