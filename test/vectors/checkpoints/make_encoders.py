"""Folders of small BERT encoders in many variants, with the embeddings that sentence-transformers gives.

    python make_encoders.py                    writes encoders.json.gz, which is committed
    python make_encoders.py SEED COUNT FILE    as many random variants

(pip: torch 2.15, transformers 5.24, sentence-transformers 6.2, safetensors, numpy). A case has the files of its
folder and `expect`: "rows", or a part of the message with which it is refused, or null where either is right.
"""
import json, os, pathlib, random, shutil, sys, tempfile, warnings
import numpy as np, torch
warnings.filterwarnings("ignore")
import logging; logging.disable(logging.WARNING)
from transformers import BertConfig, BertForMaskedLM, BertForSequenceClassification, BertModel, BertTokenizerFast
import sentence_transformers as st
from sentence_transformers import models
from _common import fill, floats, halve, read, write

HERE = pathlib.Path(__file__).parent
LETTERS = "abcdefghijklmnopqrstuvwxyz"
VOCAB = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *LETTERS, *("##" + c for c in LETTERS),
         "the", "cat", "sat", "on", "mat", "dog", "old", "new", "A", "B", "é"]
TEXTS = ["the cat sat on the mat", "old dog", "A é B", "zebra", "", "the cat and the dog " * 9]
CONFIG = dict(vocab_size=len(VOCAB), hidden_size=16, num_hidden_layers=1, num_attention_heads=2, intermediate_size=32, max_position_embeddings=40)
cases = {}


def edit_json(path, change):
    def edit(folder):
        file = f"{folder}/{path}"
        value = json.load(open(file)) if os.path.exists(file) else {}
        value = change(value) or value
        json.dump(value, open(file, "w"))
    return edit


def edit_weights(change):
    from safetensors.torch import load_file, save_file
    def edit(folder):
        file = f"{folder}/model.safetensors"
        save_file({k: v.clone().contiguous() for k, v in change(load_file(file)).items()}, file, metadata={"format": "pt"})
    return edit


def all_of(*edits):
    def edit(folder):
        for each in edits: each(folder)
    return edit


def add(name, expect="rows", pooling="mean", normalize=True, include_prompt=True, limit=None, lower=False, prompts=None, default=None, similarity=None, more=(),
        tokenizer=None, before=None, after=None, reload=False, plain=False, cls=BertModel, **config):
    """`before` changes the folder of the transformer, `after` the whole one; `reload`: the rows are those of the changed one."""
    base, folder = tempfile.mkdtemp(), tempfile.mkdtemp()
    try:
        model = fill(cls(BertConfig(**{**CONFIG, **config})), len(cases) + 1, norm=0.2)
        model.save_pretrained(base)
        with open(f"{base}/vocab.txt", "w") as f: f.write("\n".join(VOCAB))
        BertTokenizerFast(f"{base}/vocab.txt", **(tokenizer or {})).save_pretrained(base)
        if before: before(base)
        if plain:
            shutil.copytree(base, folder, dirs_exist_ok=True)
            s = st.SentenceTransformer(base, device="cpu")
        else:
            t = models.Transformer(base, **({"max_seq_length": limit} if limit else {}), **({"do_lower_case": True} if lower else {}))
            modules = [t, models.Pooling(t.get_embedding_dimension(), pooling_mode=pooling, include_prompt=include_prompt), *more]
            if normalize: modules.append(models.Normalize())
            s = st.SentenceTransformer(modules=modules, device="cpu", prompts=prompts, default_prompt_name=default, similarity_fn_name=similarity)
            s.save(folder)
        halve(folder)
        if after: after(folder)
        if reload: s = st.SentenceTransformer(folder, device="cpu")
        case = dict(files=read(folder), expect=expect)
        if expect in ("rows", None):
            rows = s.encode(TEXTS, normalize_embeddings=False)
            case.update(rows=floats(rows), unit=bool(np.allclose(np.linalg.norm(rows, axis=1), 1, atol=1e-5)),
                        similarity=[float(s.similarity(rows[0], rows[i])) for i in range(len(TEXTS))])
            if prompts: case["prompted"] = {p: floats(s.encode(TEXTS, prompt_name=p)) for p in prompts}
        cases[name] = case
    finally:
        shutil.rmtree(base); shutil.rmtree(folder)


def legacy(mode, **more):
    flags = {"pooling_mode_cls_token": mode == "cls", "pooling_mode_mean_tokens": mode == "mean", "pooling_mode_max_tokens": mode == "max", "pooling_mode_mean_sqrt_len_tokens": mode == "mean_sqrt_len_tokens"}
    return edit_json("1_Pooling/config.json", lambda _: {"word_embedding_dimension": 16, **flags, **more})


def old_modules(folder):
    edit_json("modules.json", lambda m: [{**x, "type": "sentence_transformers.models." + x["type"].split(".")[-1]} for x in m])(folder)


def moved(folder):
    """The transformer in a folder of its own, as version 1 had it."""
    os.mkdir(f"{folder}/0_Transformer")
    for name in os.listdir(folder):
        if os.path.isfile(f"{folder}/{name}") and name not in ("modules.json", "config_sentence_transformers.json"):
            shutil.move(f"{folder}/{name}", f"{folder}/0_Transformer/{name}")
    edit_json("modules.json", lambda m: [{**m[0], "path": "0_Transformer"}, *m[1:]])(folder)


def as_bin(folder):
    from safetensors.torch import load_file
    torch.save(load_file(f"{folder}/model.safetensors"), f"{folder}/pytorch_model.bin"); os.remove(f"{folder}/model.safetensors")


P = {"query": "old the ", "passage": "new dog on the mat: ", "none": ""}


def committed():
    for mode in ("mean", "cls", "mean_sqrt_len_tokens", "lasttoken"):
        for normalize in (True, False):
            for include in (True, False):
                add(f"{mode}{'' if normalize else ', not normalised'}{'' if include else ', prompt not pooled'}", pooling=mode, normalize=normalize, include_prompt=include,
                    prompts=P, default=None if include else "query")
    for mode in ("max", "weightedmean", ("mean", "cls")): add(f"{mode}", "pooling by", pooling=mode)
    for mode in ("mean", "cls", "mean_sqrt_len_tokens", "none"): add(f"older pooling: {mode}", after=legacy(mode), reload=True)
    add("older pooling: max", "pooling by", after=legacy("max")); add("older modules", after=all_of(old_modules, legacy("mean")), reload=True)
    add("older prompt not pooled", after=legacy("mean", include_prompt=False), prompts=P, default="query", reload=True)
    add("an unknown setting of pooling", "pooling_mode_magic", after=legacy("mean", pooling_mode_magic=True))
    add("a transformer in a folder of its own", after=moved, reload=True)
    add("a limit", limit=9); add("a limit of sentence_bert_config", after=edit_json("sentence_bert_config.json", lambda c: c.update(max_seq_length=11)), reload=True)
    add("limits in both files", limit=9, after=edit_json("sentence_bert_config.json", lambda c: c.update(max_seq_length=13)), reload=True)
    add("no limit", after=edit_json("tokenizer_config.json", lambda c: c.update(model_max_length=1000000000000000019884624838656)), reload=True)
    add("a limit beyond the positions", after=edit_json("tokenizer_config.json", lambda c: c.update(model_max_length=512)), reload=True)
    for act in ("relu", "gelu_new", "silu", "quick_gelu", "tanh", "mish"): add(act, hidden_act=act)
    add("relu2", 'hidden_act "relu2"', hidden_act="relu2"); add("epsilon", layer_norm_eps=1e-3); add("large epsilon", "layer_norm_eps", layer_norm_eps=0.05); add("one token type", type_vocab_size=1); add("two layers", num_hidden_layers=2)
    add("hidden 40", intermediate_size=40); add("one head", num_attention_heads=1); add("gamma and beta", after=edit_weights(lambda w: {k.replace("LayerNorm.weight", "LayerNorm.gamma").replace("LayerNorm.bias", "LayerNorm.beta"): v for k, v in w.items()}), reload=True)
    for prefix in ("bert.", "module.", "0.auto_model.", "model.bert."):
        add(f"names under {prefix}", after=edit_weights(lambda w, p=prefix: {p + k: v for k, v in w.items()}))
    add("a masked language model", cls=BertForMaskedLM, plain=True); add("a classifier's encoder", cls=BertForSequenceClassification, plain=True)
    add("no modules.json", plain=True); add("as a pickle", after=as_bin)
    add("a tensor too many", 'uses the tensor "encoder.layer.0.extra"', after=edit_weights(lambda w: {**w, "encoder.layer.0.extra": torch.ones(2)}))
    add("a layer too many", "uses the tensor", num_hidden_layers=2, after=edit_json("config.json", lambda c: c.update(num_hidden_layers=1)))
    add("a bias missing", "no tensor", after=edit_weights(lambda w: {k: v for k, v in w.items() if k != "encoder.layer.0.output.dense.bias"}))
    add("position ids beside", after=edit_weights(lambda w: {**w, "embeddings.position_ids": torch.arange(40)[None]}))
    for name, change in {"position_embedding_type": "relative_key", "is_decoder": True, "add_cross_attention": True, "pruned_heads": {"0": [1]}, "auto_map": {"AutoModel": "x.Y"},
                         "quantization_config": {"quant_method": "x"}, "model_type": "roberta"}.items():
        add(f"{name} {change}", name, after=edit_json("config.json", lambda c, n=name, v=change: c.update({n: v})))
    for name, change in {"transformer_task": "fill-mask", "query_length": 8, "processing_kwargs": {"text": {"max_length": 8}}, "module_output_name": "x"}.items():
        add(f"{name} {change}", name, after=edit_json("sentence_bert_config.json", lambda c, n=name, v=change: c.update({n: v})))
    add("truncation on the left", "truncation_side", after=edit_json("tokenizer_config.json", lambda c: c.update(truncation_side="left")))
    add("padding on the left", "padding_side", after=edit_json("tokenizer_config.json", lambda c: c.update(padding_side="left")))
    add("cased", tokenizer=dict(do_lower_case=False)); add("lower-cased by the library", tokenizer=dict(do_lower_case=False), lower=True, after=edit_json("sentence_bert_config.json", lambda c: c.update(do_lower_case=True)), reload=True)
    add("a class that lower-cases not", after=edit_json("tokenizer_config.json", lambda c: c.update(do_lower_case=False)), reload=True)
    add("a class that keeps accents", after=edit_json("tokenizer_config.json", lambda c: c.update(strip_accents=False)), reload=True)
    add("dense", "Dense", more=[models.Dense(16, 8)]); add("a layer norm", "LayerNorm", more=[models.LayerNorm(16)]); add("dropout", more=[models.Dropout(0.5)])
    add("saved as a cross encoder", "model_type", after=edit_json("config_sentence_transformers.json", lambda c: c.update(model_type="CrossEncoder")))
    add("a pooling without modules.json", "copy modules.json", pooling="cls", after=lambda f: os.remove(f"{f}/modules.json"))
    add("a default prompt without modules.json", "copy modules.json", prompts=P, default="query", after=lambda f: os.remove(f"{f}/modules.json"))
    add("modules.json lost", after=lambda f: os.remove(f"{f}/modules.json"), reload=True)
    add("no pooling", "modules.json has Transformer", after=edit_json("modules.json", lambda m: m[:1]))
    add("a module of its own", "code of its own", after=edit_json("modules.json", lambda m: [m[0], {**m[1], "type": "custom.Pooling"}]))
    for name in ("dot", "euclidean", "manhattan"): add(f"compared by {name}", similarity=name, normalize=False)
    add("compared by dot, normalised", similarity="dot")
    write(HERE / "encoders.json.gz", dict(texts=TEXTS, cases=cases))


def sweep(seed, count, path):
    r = random.Random(seed)
    from transformers.activations import ACT2CLS
    some = lambda chance, **options: {k: r.choice(v) for k, v in options.items() if r.random() < chance}
    edits = {
        "legacy": lambda m: all_of(old_modules, legacy(m)), "bin": lambda m: as_bin, "moved": lambda m: moved,
        "gamma": lambda m: edit_weights(lambda w: {k.replace("LayerNorm.weight", "LayerNorm.gamma").replace("LayerNorm.bias", "LayerNorm.beta"): v for k, v in w.items()}),
        "limit": lambda m: edit_json("sentence_bert_config.json", lambda c: c.update(max_seq_length=r.choice([5, 9, 17, 300]))),
        "model_max_length": lambda m: edit_json("tokenizer_config.json", lambda c: c.update(model_max_length=r.choice([4, 12, 100]))),
        "cased": lambda m: edit_json("tokenizer_config.json", lambda c: c.update(do_lower_case=False)),
        "accents": lambda m: edit_json("tokenizer_config.json", lambda c: c.update(strip_accents=r.choice([True, False]))),
        "no modules": lambda m: lambda f: os.remove(f"{f}/modules.json"),
    }
    while len(cases) < count:
        heads = r.choice([1, 2, 4])
        config = dict(hidden_size=heads * r.choice([8, 12, 16]), num_attention_heads=heads, num_hidden_layers=r.choice([1, 2, 3]), intermediate_size=r.choice([24, 32, 50]))
        config.update(some(0.2, hidden_act=[a for a in ACT2CLS if a != "xielu"], layer_norm_eps=[1e-5, 1e-3, 0.05], type_vocab_size=[1, 3], max_position_embeddings=[12, 64], hidden_dropout_prob=[0.5]))
        options = dict(pooling=r.choice(["mean", "mean", "cls", "cls", "mean_sqrt_len_tokens", "lasttoken", "max", "weightedmean", ("mean", "max")]))
        options.update(some(0.35, normalize=[False], include_prompt=[False], limit=[6, 15], lower=[True], similarity=["dot", "cosine", "euclidean"]))
        if r.random() < 0.6: options.update(prompts=P, default=r.choice([None, "query", "passage"]))
        if r.random() < 0.1: options["more"] = [r.choice([models.Dropout(0.3), models.Dense(config["hidden_size"], 8), models.LayerNorm(config["hidden_size"])])]
        chosen = [name for name in edits if r.random() < 0.1]
        if "legacy" in chosen and (options["pooling"] not in ("mean", "cls", "mean_sqrt_len_tokens") or config["hidden_size"] != 16 or options.get("include_prompt") is False): chosen.remove("legacy")
        if "moved" in chosen and "no modules" in chosen: chosen.remove("moved")
        # The order matters: weights become a pickle, and files are moved, last.
        after = all_of(*(edits[name](options["pooling"]) for name in sorted(chosen, key=lambda n: (n == "moved", n == "bin"))))
        try: add(f"{len(cases)} {config} {options} {chosen}", None, after=after, reload=bool(chosen), **options, **config)
        except (RuntimeError, IndexError, ValueError) as error: print("cannot be run:", config, options, chosen, repr(error)[:80])
    write(path, dict(texts=TEXTS, cases=cases))


if len(sys.argv) == 4: sweep(int(sys.argv[1]), int(sys.argv[2]), sys.argv[3])
else: committed()
