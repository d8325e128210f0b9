"""What make_vision.py and make_encoders.py share: small seeded weights, and folders as one compressed file."""
import base64, gzip, json, os, pathlib
import numpy as np, torch

torch.set_num_threads(1)


def fill(model, seed, norm=0.3):
    """Random weights of few bits, so that they are exact in float16 and compress."""
    g = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for name, p in model.named_parameters():
            noise = torch.randn(p.shape, generator=g)
            if p.ndim > 1 and ("embeddings" in name or "embed" in name or "token" in name): p.copy_(0.5 * noise)
            elif p.ndim > 1: p.copy_(noise / np.sqrt(p[0].numel()))
            elif "gamma" in name or name.endswith("weight"): p.copy_(1 + norm * noise)
            else: p.copy_(0.1 * noise)
            mantissa, exponent = torch.frexp(p)
            p.copy_(torch.ldexp(torch.round(mantissa * 16) / 16, exponent.clamp(min=-8)))
    return model.eval()


def halve(folder):
    """The weights of a folder as float16, which holds them exactly."""
    from safetensors.torch import load_file, save_file
    path = f"{folder}/model.safetensors"
    if not os.path.exists(path): return
    tensors = load_file(path)
    for name, t in tensors.items():
        if t.dtype == torch.float32: assert torch.equal(t.half().float(), t), name
    save_file({n: t.half() if t.dtype == torch.float32 else t for n, t in tensors.items()}, path, metadata={"format": "pt"})


def read(folder):
    """Files of a folder by their paths in it: JSON as text, others in hexadecimal, which compresses better than base64."""
    root = pathlib.Path(folder)
    return {str(p.relative_to(root)): p.read_text() if p.suffix == ".json" else p.read_bytes().hex() for p in sorted(root.rglob("*"))
            if p.is_file() and p.name not in ("README.md", "vocab.txt", "case.json")}


def floats(array):
    return base64.b64encode(np.ascontiguousarray(array, "<f4").tobytes()).decode()


def write(path, cases):
    path = pathlib.Path(path)
    path.write_bytes(gzip.compress(json.dumps(cases).encode(), 9, mtime=0))
    print(len(cases.get("cases", cases)), "cases,", path.stat().st_size, "bytes")
