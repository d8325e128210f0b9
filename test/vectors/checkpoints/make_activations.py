"""Activations of torch, transformers and timm at some points: activations.json.

    python make_activations.py      (pip: torch 2.15, transformers 5.24, timm 1.0.31)
"""
import json, pathlib
import torch
from timm.layers import create_act_layer
from transformers.activations import ACT2FN

HUGGING_FACE = ("gelu gelu_python gelu_10 gelu_accurate gelu_fast gelu_new gelu_python_tanh gelu_pytorch_tanh hardswish laplace leaky_relu "
                "linear mish quick_gelu relu relu6 sigmoid silu swish tanh").split()
TIMM = "celu elu gelu gelu_tanh hard_mish hard_sigmoid hard_swish hardsigmoid hardswish identity leaky_relu mish quick_gelu relu relu6 selu sigmoid silu swish tanh".split()
x = torch.cat([torch.linspace(-20, 20, 81), torch.linspace(-3.3, 3.3, 45), torch.tensor([1e-3, -1e-3, 1e-5])]).double()
value = lambda f: [float(y) for y in f(x.clone())]
result = dict(x=x.tolist(), huggingFace={n: value(ACT2FN[n]) for n in HUGGING_FACE}, timm={n: value(create_act_layer(n)) for n in TIMM})
path = pathlib.Path(__file__).parent / "activations.json"
path.write_text(json.dumps(result, separators=(",", ":")))
print(len(HUGGING_FACE) + len(TIMM), "activations,", path.stat().st_size, "bytes")
