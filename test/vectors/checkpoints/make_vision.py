"""Folders of small vision transformers in many variants, with the logits that timm and transformers give.

    python make_vision.py                      writes vision.json.gz, which is committed
    python make_vision.py SEED COUNT FILE      as many random variants

(pip: torch 2.15, timm 1.0.31, transformers 5.24, safetensors, numpy). A case has the files of its folder, an
input image (or where its weights have no logits none) and `expect`: "logits", or a part of the message with
which it is refused, or null where either is right (random variants).
"""
import json, os, pathlib, random, shutil, sys, tempfile, warnings
import numpy as np, torch
warnings.filterwarnings("ignore")
import timm
from timm.models._hub import save_for_hf
from transformers import (DeiTConfig, DeiTForImageClassification, DeiTForImageClassificationWithTeacher, SwinConfig,
                          SwinForImageClassification, ViTConfig, ViTForImageClassification, ViTForMaskedImageModeling, ViTImageProcessor)
from _common import fill, floats, halve, read, write

HERE = pathlib.Path(__file__).parent
cases = {}


def add(name, model, save, expect="logits", side=None, edit=None):
    folder = tempfile.mkdtemp()
    seed = len(cases) + 1
    fill(model, seed)
    save(folder)
    halve(folder)
    if edit: edit(folder)
    case = dict(files=read(folder), expect=expect)
    if side:
        x = torch.randn(1, *side, generator=torch.Generator().manual_seed(seed)).half().float()
        try:
            with torch.no_grad(): y = model(x)
        except (RuntimeError, AssertionError) as error:
            return print("cannot be run:", name, repr(error)[:80])
        y = getattr(y, "logits", y)
        case.update(x=floats(x), y=floats(y), shape=list(x.shape))
    cases[name] = case
    shutil.rmtree(folder)


def timm_model(name, arch, expect="logits", edit=None, safe=True, **args):
    try:
        model = timm.create_model(arch, pretrained=False, **args)
    except (AssertionError, TypeError, ValueError, RuntimeError) as error:
        return print("timm cannot build", name, args, repr(error)[:80])
    given = {k: v for k, v in args.items()}
    side = model.pretrained_cfg["input_size"][0], *model.patch_embed.img_size
    if "in_chans" in args: side = args["in_chans"], *side[1:]
    add(name, model, lambda d: save_for_hf(model, d, model_args=given, safe_serialization=safe), expect, side, edit)


def hugging_face(name, cls, config, expect="logits", processor=None, edit=None, save=None):
    model = cls(config)
    size = config.image_size if isinstance(config.image_size, (list, tuple)) else (config.image_size,) * 2
    def write_folder(d):
        model.save_pretrained(d)
        if processor: processor.save_pretrained(d)
        if save: save(model, d)
    add(name, model, write_folder, expect, None if "Masked" in cls.__name__ else (config.num_channels, *size), edit)


VIT = dict(hidden_size=8, num_hidden_layers=1, num_attention_heads=2, intermediate_size=16, image_size=8, patch_size=4, num_labels=3)
SWIN = dict(image_size=16, patch_size=2, embed_dim=8, depths=[2, 1], num_heads=[2, 4], window_size=4, mlp_ratio=2.0, num_labels=3)
TIMM = dict(img_size=8, patch_size=4, embed_dim=8, depth=1, num_heads=2, mlp_ratio=2, num_classes=3)
TIMM_SWIN = dict(img_size=16, patch_size=2, window_size=4, embed_dim=8, depths=(2, 1), num_heads=(2, 4), mlp_ratio=2, num_classes=3)
T, S, D = "vit_tiny_patch16_224", "swin_tiny_patch4_window7_224", "deit_tiny_distilled_patch16_224"


def edit_config(change):
    def edit(folder):
        path = f"{folder}/config.json"
        config = json.load(open(path)); change(config); json.dump(config, open(path, "w"))
    return edit


def edit_weights(change):
    from safetensors.torch import load_file, save_file
    def edit(folder):
        path = f"{folder}/model.safetensors"
        save_file({k: v.clone().contiguous() for k, v in change(load_file(path)).items()}, path, metadata={"format": "pt"})
    return edit


def as_bin(model, folder):
    """As `torch.save(model.state_dict())` writes it: the names of the modules in memory."""
    os.remove(f"{folder}/model.safetensors")
    torch.save(model.state_dict(), f"{folder}/pytorch_model.bin")


def committed():
    hf, V, W = hugging_face, ViTForImageClassification, SwinForImageClassification
    hf("vit", V, ViTConfig(**VIT)); hf("vit, two labels", V, ViTConfig(**{**VIT, "num_labels": 2}))
    hf("vit, one label", V, ViTConfig(**{**VIT, "num_labels": 1}))
    hf("vit, no bias", V, ViTConfig(**VIT, qkv_bias=False)); hf("vit, epsilon", V, ViTConfig(**VIT, layer_norm_eps=1e-3)); hf("vit, large epsilon", V, ViTConfig(**VIT, layer_norm_eps=0.1), "layer_norm_eps")
    hf("vit, grey", V, ViTConfig(**VIT, num_channels=1)); hf("vit, high", V, ViTConfig(**{**VIT, "image_size": [8, 16]}))
    hf("vit, heads of 4", V, ViTConfig(**VIT, head_dim=4))
    hf("vit, pruned heads", V, ViTConfig(**VIT), "pruned_heads", edit=edit_config(lambda c: c.update(pruned_heads={"0": [1]})))
    hf("vit, quantised", V, ViTConfig(**VIT), "quantization_config", edit=edit_config(lambda c: c.update(quantization_config={"quant_method": "x"})))
    hf("vit, own code", V, ViTConfig(**VIT), "auto_map", edit=edit_config(lambda c: c.update(auto_map={"AutoModel": "x.Y"})))
    hf("vit, defaults left out", V, ViTConfig(**{**VIT, "hidden_size": 4, "patch_size": 16, "image_size": 16}),
       edit=edit_config(lambda c: [c.pop(k) for k in ("layer_norm_eps", "hidden_act", "qkv_bias", "patch_size", "num_channels")]))
    hf("vit, masked", ViTForMaskedImageModeling, ViTConfig(**VIT, encoder_stride=4), "no classifier")
    hf("vit, names in memory", V, ViTConfig(**VIT), save=as_bin)
    hf("vit, processor", V, ViTConfig(**VIT), processor=ViTImageProcessor(size={"height": 8, "width": 8}))
    hf("vit, a tensor too many", V, ViTConfig(**VIT), 'uses the tensor "vit.extra.weight"', edit=edit_weights(lambda w: {**w, "vit.extra.weight": torch.ones(2)}))
    hf("vit, a layer too many", V, ViTConfig(**{**VIT, "num_hidden_layers": 2}), "uses the tensor", edit=edit_config(lambda c: c.update(num_hidden_layers=1)))
    hf("vit, pooler beside", V, ViTConfig(**VIT), edit=edit_weights(lambda w: {**w, "vit.pooler.dense.weight": torch.ones(2, 2), "vit.embeddings.mask_token": torch.ones(1, 1, 8)}))
    for prefix in ("module.", "_orig_mod.", "model.", "backbone.", "module.model."):
        hf(f"vit under {prefix}", V, ViTConfig(**VIT), edit=edit_weights(lambda w, p=prefix: {p + k: v for k, v in w.items()}))
    hf("vit twice", V, ViTConfig(**VIT), "several networks", edit=edit_weights(lambda w: {p + k: v for k, v in w.items() for p in ("", "ema.")}))
    hf("vit, bias missing", V, ViTConfig(**VIT), "no tensor", edit=edit_weights(lambda w: {k: v for k, v in w.items() if not k.endswith("intermediate.dense.bias")}))
    for act in ("relu", "gelu_new", "quick_gelu", "silu", "gelu_10", "mish", "tanh", "leaky_relu", "linear", "laplace", "hardswish"):
        hf(f"vit, {act}", V, ViTConfig(**VIT, hidden_act=act))
    hf("vit, relu2", V, ViTConfig(**VIT, hidden_act="relu2"), 'hidden_act "relu2"')
    hf("deit", DeiTForImageClassification, DeiTConfig(**VIT)); hf("deit with teacher", DeiTForImageClassificationWithTeacher, DeiTConfig(**VIT))
    hf("deit with teacher, names in memory", DeiTForImageClassificationWithTeacher, DeiTConfig(**VIT), save=as_bin)
    hf("swin", W, SwinConfig(**SWIN)); hf("swin, relu", W, SwinConfig(**SWIN, hidden_act="relu")); hf("swin, no bias", W, SwinConfig(**SWIN, qkv_bias=False))
    hf("swin, epsilon", W, SwinConfig(**SWIN, layer_norm_eps=1e-3)); hf("swin, positions", W, SwinConfig(**SWIN, use_absolute_embeddings=True))
    hf("swin, mlp ratio", W, SwinConfig(**{**SWIN, "mlp_ratio": 2.6})); hf("swin, one stage", W, SwinConfig(**{**SWIN, "depths": [2], "num_heads": [2]}))
    hf("swin, padded", W, SwinConfig(**{**SWIN, "image_size": 12, "depths": [1], "num_heads": [2]}), "windows of 4 do not fill"); hf("swin, names in memory", W, SwinConfig(**SWIN), save=as_bin)

    t = timm_model
    t("timm", T, **TIMM); t("timm, as a pickle", T, safe=False, **TIMM)
    for name, args in {
        "mlp ratio": dict(mlp_ratio=2.7), "no qkv bias": dict(qkv_bias=False), "no projection bias": dict(proj_bias=False), "LayerScale": dict(init_values=0.5),
        "no LayerScale": dict(init_values=0), "registers": dict(reg_tokens=3), "registers, positions of patches": dict(reg_tokens=2, no_embed_class=True),
        "positions of patches": dict(no_embed_class=True), "no positions": dict(pos_embed="none"), "pre-norm": dict(pre_norm=True), "fc_norm": dict(fc_norm=True),
        "mean": dict(global_pool="avg"), "mean of all": dict(global_pool="avg", pool_include_prefix=True), "mean behind the norm": dict(global_pool="avg", fc_norm=False),
        "mean, no class token": dict(global_pool="avg", class_token=False), "mean, registers": dict(global_pool="avg", reg_tokens=2), "grey": dict(in_chans=1),
        "dropout": dict(drop_rate=0.5, drop_path_rate=0.1, attn_drop_rate=0.2, proj_drop_rate=0.1, pos_drop_rate=0.3, patch_drop_rate=0.5),
        "norm by name": dict(norm_layer="layernorm"), "weight_init": dict(weight_init="jax", fix_init=True),
        **{a: dict(act_layer=a) for a in ("relu", "gelu_tanh", "quick_gelu", "silu", "elu", "celu", "selu", "hard_mish", "hard_sigmoid", "sigmoid", "relu6", "identity")},
    }.items(): t(f"timm, {name}", T, **{**TIMM, **args})
    for name, args in {
        "qk_norm": dict(qk_norm=True), "scale_attn_norm": dict(scale_attn_norm=True), "scale_mlp_norm": dict(scale_mlp_norm=True), "final_norm": dict(final_norm=False),
        "global_pool": dict(global_pool="max"), "norm_layer": dict(norm_layer="rmsnorm"), "act_layer": dict(act_layer="prelu"), "dynamic_img_pad": dict(dynamic_img_pad=True),
        "embed_norm_layer": dict(embed_norm_layer="layernorm"), "crop_mode": dict(img_size=(16, 8)), "pixels": dict(dynamic_img_size=True),
    }.items(): t(f"timm, {name}, refused", T, name, **{**TIMM, **args})
    t("timm, an argument that is none", T, "model_args.magic", edit=edit_config(lambda c: c["model_args"].update(magic=1)), **TIMM)
    t("timm, another architecture", T, "architecture", edit=edit_config(lambda c: c.update(architecture="resnet50")), **TIMM)
    t("timm, no classes", T, "num_classes is 0", **{**TIMM, "num_classes": 0})
    t("timm, another pooling at the top", T, "global_pool", edit=edit_config(lambda c: c.update(global_pool="avg")), **TIMM)
    t("timm, only the arguments of the call", T, edit=edit_config(lambda c: [c["model_args"].pop(k) for k in ("in_chans", "global_pool")]), **TIMM)
    t("timm under module.", T, edit=edit_weights(lambda w: {"module." + k: v for k, v in w.items()}), **TIMM)
    t("timm, classes from the description", T, edit=edit_config(lambda c: c["model_args"].pop("num_classes")), **TIMM)
    t("timm distilled", D, **TIMM)
    t("timm distilled, mean", D, "global_pool", edit=edit_config(lambda c: (c["model_args"].update(global_pool="avg"), c.update(global_pool="avg"))), **TIMM)
    t("timm deit3", "deit3_small_patch16_224", **TIMM)
    t("timm clip", "vit_base_patch16_clip_quickgelu_224", **TIMM)
    t("timm dinov2", "vit_small_patch14_reg4_dinov2", **TIMM)
    t("timm, parallel blocks", "vit_small_patch16_18x2_224", "block_fn", **TIMM)
    t("timm siglip", "vit_base_patch16_siglip_224", "global_pool", **TIMM)
    t("timm swin", S, **TIMM_SWIN)
    for name, args in {
        "no qkv bias": dict(qkv_bias=False), "mlp ratio": dict(mlp_ratio=2.7), "mlp ratios": dict(mlp_ratio=(2, 3)), "heads of 3": dict(head_dim=3), "heads of 3 and 2": dict(head_dim=(3, 2)),
        "windows 8 and 2": dict(window_size=((8, 8), (2, 2))), "window of the last stage": dict(window_size=8), "grey": dict(in_chans=1),
        "dropout": dict(drop_rate=0.1, drop_path_rate=0.2), "three stages": dict(depths=(1, 1, 2), num_heads=(1, 2, 2), window_size=2),
    }.items(): t(f"timm swin, {name}", S, **{**TIMM_SWIN, **args})
    for name, args in {"always_partition": dict(always_partition=True), "global_pool": dict(global_pool="max"), "windows of 3": dict(window_size=3), "pixels": dict(strict_img_size=False)}.items():
        t(f"timm swin, {name}, refused", S, name, **{**TIMM_SWIN, **args})
    t("timm swin of older files", S, edit=edit_weights(lambda w: {
        k.replace("head.fc.", "head.").replace("layers.1.downsample", "layers.0.downsample"): v for k, v in w.items()} | {"layers.0.blocks.1.attn_mask": torch.zeros(2)}), **TIMM_SWIN)
    write(HERE / "vision.json.gz", cases)


def sweep(seed, count, path):
    r = random.Random(seed)
    from timm.layers.create_act import _ACT_LAYER_DEFAULT
    from transformers.activations import ACT2CLS
    acts = [a for a in ACT2CLS if a not in ("xielu",)]
    some = lambda chance, **options: {k: r.choice(v) for k, v in options.items() if r.random() < chance}
    while len(cases) < count:
        n = len(cases)
        kind = r.choice(["vit", "vit", "deit", "teacher", "swin", "swin", "timm", "timm", "timm", "timm", "timm distilled", "timm swin", "timm swin"])
        save = as_bin if r.random() < 0.15 else None
        labels = r.choice([1, 2, 3, 10])
        if kind in ("vit", "deit", "teacher"):
            heads, patch = r.choice([1, 2, 3, 4]), r.choice([2, 4, 5])
            config = dict(hidden_size=heads * r.choice([4, 6, 8]), num_hidden_layers=r.choice([1, 2, 3]), num_attention_heads=heads, intermediate_size=r.choice([16, 24, 50]),
                          image_size=patch * r.choice([2, 3]), patch_size=patch, num_labels=labels)
            config.update(some(0.25, hidden_act=acts, qkv_bias=[False], layer_norm_eps=[1e-5, 1e-3, 0.1], num_channels=[1, 3], head_dim=[3, 8], pooler_act=["relu"],
                               image_size=[[patch * 2, patch * 3]], hidden_dropout_prob=[0.5]))
            cls, cfg = {"vit": (ViTForImageClassification, ViTConfig), "deit": (DeiTForImageClassification, DeiTConfig), "teacher": (DeiTForImageClassificationWithTeacher, DeiTConfig)}[kind]
            hugging_face(f"{n} {kind} {config} {'bin' if save else ''}", cls, cfg(**config), None, save=save)
        elif kind == "swin":
            number = r.choice([1, 2, 3]); window = r.choice([2, 3, 4])
            config = dict(image_size=2 * window * 2 ** (number - 1) * r.choice([1, 2]), patch_size=2, embed_dim=r.choice([8, 12]), depths=[r.choice([1, 2, 3]) for _ in range(number)],
                          num_heads=[r.choice([1, 2, 4]) for _ in range(number)], window_size=window, num_labels=labels)
            config.update(some(0.25, hidden_act=acts, qkv_bias=[False], layer_norm_eps=[1e-3, 0.1], mlp_ratio=[2, 2.7, 1.3], num_channels=[1], use_absolute_embeddings=[True], patch_size=[1, 4], window_size=[7]))
            try:
                hugging_face(f"{n} {kind} {config} {'bin' if save else ''}", SwinForImageClassification, SwinConfig(**config), None, save=save)
            except (RuntimeError, ValueError) as error: print("transformers cannot run", config, repr(error)[:60])
        elif kind == "timm swin":
            number = r.choice([1, 2, 3]); window = r.choice([2, 3, 4])
            args = dict(img_size=2 * window * 2 ** (number - 1) * r.choice([1, 2]), patch_size=2, window_size=window, embed_dim=r.choice([8, 12]), depths=tuple(r.choice([1, 2, 3]) for _ in range(number)),
                        num_heads=tuple(r.choice([1, 2, 4]) for _ in range(number)), num_classes=labels)
            args.update(some(0.2, qkv_bias=[False], mlp_ratio=[2, 2.7, 1.3], head_dim=[3, 5], in_chans=[1], window_size=[7, 5], always_partition=[True], global_pool=["avg", "max"], patch_size=[1, 4],
                             strict_img_size=[False], drop_path_rate=[0.3], norm_layer=["layernorm"], img_size=[24, 30], dynamic_img_size=[True]))
            timm_model(f"{n} {kind} {args}", r.choice([S, "swin_base_patch4_window12_384", "swin_s3_tiny_224"]), None, **args)
        else:
            heads, patch = r.choice([1, 2, 3, 4]), r.choice([2, 4, 5])
            args = dict(img_size=patch * r.choice([2, 3]), patch_size=patch, embed_dim=heads * r.choice([4, 6, 8]), depth=r.choice([1, 2, 3]), num_heads=heads, num_classes=labels)
            args.update(some(0.15, mlp_ratio=[2, 2.7, 1.3], qkv_bias=[False], proj_bias=[False], init_values=[1e-5, 0.1, 1.0, 0], reg_tokens=[1, 3, 4], no_embed_class=[True], pos_embed=["none", "learn", ""],
                             pre_norm=[True], fc_norm=[True, False], global_pool=["avg", "token", "max", "avgmax", "map"], pool_include_prefix=[True], class_token=[False], in_chans=[1], act_layer=list(_ACT_LAYER_DEFAULT),
                             qk_norm=[True], scale_attn_norm=[True], final_norm=[False], dynamic_img_size=[True], norm_layer=["layernorm", "rmsnorm"], drop_rate=[0.3], drop_path_rate=[0.2]))
            if r.random() < 0.2: args["img_size"] = (patch * 2, patch * 3)
            archs = [D] if kind == "timm distilled" else [T, "vit_base_patch16_clip_quickgelu_224", "vit_base_patch16_clip_224", "deit3_small_patch16_224", "deit_tiny_patch16_224", "vit_small_patch14_reg4_dinov2",
                                                        "vit_base_patch32_plus_256", "vit_medium_patch16_gap_240", "vit_medium_patch16_reg4_gap_256", "vit_betwixt_patch16_reg1_gap_256", "vit_base_patch16_siglip_gap_224",
                                                        "vit_little_patch16_reg4_gap_256", "vit_wee_patch16_reg1_gap_256", "vit_so150m_patch16_reg4_gap_256", "vit_base_patch8_224", "beit3_base_patch16_224"]
            timm_model(f"{n} {kind} {args}", r.choice(archs), None, **args)
    write(path, cases)


if len(sys.argv) == 4: sweep(int(sys.argv[1]), int(sys.argv[2]), sys.argv[3])
else: committed()
