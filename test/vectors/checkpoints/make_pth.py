"""PyTorch checkpoints with more than tensors in them, as base64 in pth.json.

    python make_pth.py      (pip: torch 2.15, numpy 2.4)

Each holds what `tensors` says: shape and elements by name, and lists `skipped`; or reading it fails with
the code `error`.
"""
import argparse, base64, collections, dataclasses, datetime, decimal, enum, fractions, functools, io
import json, pathlib, random, sys, types, uuid, warnings
import numpy as np, torch

warnings.filterwarnings("ignore")
module = types.ModuleType("train"); sys.modules["train"] = module


def known(cls):
    cls.__module__ = "train"; cls.__qualname__ = cls.__name__
    setattr(module, cls.__name__, cls)
    return cls


@known
class Config(dict): pass
@known
class Names(list): pass
@known
class Kind(enum.Enum): BIG = 1
@known
@dataclasses.dataclass
class Options: rate: float = 0.1
@known
class Slots:
    __slots__ = ("a", "b")
    def __init__(self): self.a, self.b = 1, [2]
@known
class Keywords:
    def __new__(cls, *, a): return super().__new__(cls)
    def __getnewargs_ex__(self): return (), {"a": 1}
@known
class Steps(collections.namedtuple("Steps", "a b")): pass
@known
class Net(torch.nn.Module):
    def __init__(self): super().__init__(); self.head = torch.nn.Linear(2, 2)
@known
class Tagged(torch.Tensor): pass

state = lambda: collections.OrderedDict(
    [("head.weight", torch.arange(12.0).reshape(3, 4)), ("head.bias", torch.tensor([1.0, 2.0, 3.0]))])
plain = lambda t: torch.view_as_real(t.resolve_conj()) if t.is_complex() else t
cases = {}


def save(name, value, want=None, skipped=(), error=None, **options):
    file = io.BytesIO(); torch.save(value, file, **options)
    tensors = {} if error else (state() if want is None else want)
    cases[name] = dict(
        base64=base64.b64encode(file.getvalue()).decode(), skipped=list(skipped), error=error,
        tensors={n: [list(t.shape), t.detach().double().flatten().tolist()] for n, t in tensors.items()})


beside = {
    "namespace": argparse.Namespace(lr=0.1, out=pathlib.PurePosixPath("x")),
    "windows path": pathlib.PureWindowsPath("c:/x"),
    "numpy scalar": np.float64(0.9), "numpy int": np.int32(3), "numpy array": np.arange(6).reshape(2, 3),
    "numpy random state": np.random.get_state(), "numpy dtype": np.dtype("f4"), "numpy object": np.array([{}, None]),
    "torch random state": torch.get_rng_state(), "python random state": random.getstate(),
    "counter": collections.Counter([3, 4]), "defaultdict": collections.defaultdict(dict, {1: {}}),
    "defaultdict of lists": collections.defaultdict(list, {"a": [1]}), "deque": collections.deque([1, 2]),
    "chain map": collections.ChainMap({1: 2}), "set": {1, 2}, "frozenset": frozenset([1]), "range": range(3), "slice": slice(1, 2),
    "bytes": b"\x00\xff", "bytearray": bytearray(3), "complex": 1 + 2j, "big": 2**80, "ellipsis": ...,
    "datetime": datetime.datetime(2024, 1, 1), "timedelta": datetime.timedelta(1), "decimal": decimal.Decimal("1.5"),
    "fraction": fractions.Fraction(1, 3), "uuid": uuid.UUID(int=3), "partial": functools.partial(max, 3),
    "class": Options, "function": json.dumps, "enum": Kind.BIG, "dataclass": Options(), "slots": Slots(), "keywords": Keywords(a=1),
    "dict subclass": Config(a=Config(b=1)), "list subclass": Names([1, 2]), "named tuple": Steps(1, 2),
    "size": torch.Size([1, 2]), "device": torch.device("cpu"), "dtype": torch.float16, "layout": torch.strided,
    "module": torch.nn.Linear(1, 1), "loss": torch.nn.CrossEntropyLoss(),
    "optimizer": torch.optim.AdamW(torch.nn.Linear(1, 1).parameters()).state_dict(),
    "scheduler": torch.optim.lr_scheduler.MultiStepLR(torch.optim.SGD(torch.nn.Linear(1, 1).parameters(), 0.1), [3, 4]).state_dict(),
    "recursive": (lambda a: (a.append(a), a)[1])([]),
}
for name, value in beside.items():
    save(name, {"model": state(), "beside": value})
    if name in ("namespace", "set", "module", "keywords"):
        save(f"{name}, before 1.6", {"model": state(), "beside": value}, _use_new_zipfile_serialization=False)
save("protocol 4", {"model": state(), "beside": {1, 2}, "at": Options()}, pickle_protocol=4)
save("protocol 5", {"state_dict": state(), "beside": bytearray(2), "at": Keywords(a=1)}, pickle_protocol=5)
for name, wrapped in (("Config", Config(state())), ("plain dict", dict(state())), ("Counter", collections.Counter(state()))):
    save(f"state dict is a {name}", {"state_dict": wrapped} if name != "Config" else {"model": dict(state()), "c": wrapped})

expanded = torch.tensor([5.0]).expand(3, 4); save("expanded", {"w": expanded}, {"w": expanded})
rows = torch.arange(4.0).expand(3, 4); save("expanded rows", {"w": rows}, {"w": rows})
columns = torch.arange(3.0)[:, None].expand(3, 4); save("expanded columns", {"w": columns}, {"w": columns})
scalar = torch.tensor(2.0).expand(2, 2); save("expanded scalar", {"w": scalar}, {"w": scalar}, _use_new_zipfile_serialization=False)
windows = torch.arange(6.0).unfold(0, 3, 1); save("overlapping windows", {"w": windows}, {"w": windows})
turned = torch.arange(6.0).reshape(2, 3).t(); save("transposed", {"w": turned}, {"w": turned})
parameter = torch.nn.Parameter(torch.arange(4.0)); save("parameter", {"w": parameter}, {"w": parameter})
tagged = torch.nn.Parameter(torch.arange(4.0)); tagged.ds_id = 1; save("parameter with an attribute", {"w": tagged}, {"w": tagged})
noted = torch.arange(3.0); noted.note = "x"; save("tensor with an attribute", {"w": noted}, {"w": noted})
buffer = torch.nn.Buffer(torch.ones(2)); save("buffer", {"w": buffer}, {"w": buffer})
for dtype in ("uint16", "uint32", "int8", "bool", "float64", "float16", "bfloat16"):
    w = torch.tensor([0, 1, 1]).to(getattr(torch, dtype)); save(dtype, {"w": w}, {"w": w})

one = torch.ones(3); w = {"w": one}
others = {
    "sparse": torch.eye(3).to_sparse(), "sparse rows": torch.eye(3).to_sparse_csr(), "sparse columns": torch.eye(3).to_sparse_csc(),
    "quantised": torch.quantize_per_tensor(one, 0.1, 0, torch.qint8), "quantised to u8": torch.quantize_per_tensor(one, 0.1, 0, torch.quint8),
    "quantised to i32": torch.quantize_per_tensor(one, 0.1, 0, torch.qint32),
    "quantised channels": torch.quantize_per_channel(torch.ones(2, 2), torch.ones(2), torch.zeros(2), 0, torch.qint8),
    "complex64": torch.ones(2, dtype=torch.complex64), "complex128": torch.ones(2, dtype=torch.complex128),
    "conjugated": torch.ones(2, dtype=torch.complex64).conj(), "negated": torch.ones(2, dtype=torch.complex64).conj().imag,
    "float8": one.to(torch.float8_e4m3fn), "uint64": torch.ones(2, dtype=torch.uint64), "meta": torch.empty(2, device="meta"),
    "subclass": torch.ones(2).as_subclass(Tagged), "nested": torch.nested.nested_tensor([torch.ones(2), torch.ones(3)]),
}
for name, value in others.items():
    save(f"{name} beside", {"model": {"other": value, "w": one}}, w, ["other"])
    if name in ("sparse", "quantised", "complex64", "subclass"):
        save(f"{name} beside, before 1.6", {"model": {"other": value, "w": one}}, w, ["other"], _use_new_zipfile_serialization=False)
save("a module", Net(), error="unsupported")
save("a module under model", {"model": Net(), "epoch": 3}, error="unsupported")
save("a module, before 1.6", Net(), error="unsupported", _use_new_zipfile_serialization=False)
save("a list", [torch.ones(1)], error="invalid_file")
json.dump(cases, open(pathlib.Path(__file__).parent / "pth.json", "w"), indent=0)
print(len(cases), "files")
