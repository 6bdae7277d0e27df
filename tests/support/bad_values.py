"""Values that people pass by mistake, and what a refusal of one must look like."""

import math
import re
import warnings
from collections.abc import Callable, Iterator, Mapping
from dataclasses import fields, is_dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from ce_core import ExperimentConfig, SinkhornStatus
from tests.support.calls import Call

LONGEST_MESSAGE = 200


def _prototype(make: Callable[[], Tensor]) -> Callable[[], Tensor]:
    """Make a tensor of a kind of which torch warns that it may change."""

    def quietly() -> Tensor:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return make()

    return quietly


BAD_VALUES: dict[str, Callable[[], Any]] = {
    "none": lambda: None,
    "text": lambda: "text",
    "empty_text": lambda: "",
    "number_as_text": lambda: "0",
    "wrong_case": lambda: "Float32",
    "long_text": lambda: "spam\n" * 1_000_000,
    "bytes": lambda: b"1",
    "true": lambda: True,
    "numpy_true": lambda: np.True_,
    "nan": lambda: math.nan,
    "inf": lambda: math.inf,
    "minus_inf": lambda: -math.inf,
    "minus_one": lambda: -1,
    "zero": lambda: 0,
    "half": lambda: 0.5,
    "subnormal": lambda: 1e-320,
    "complex": lambda: 1j,
    "huge": lambda: 10**30,
    "minus_huge": lambda: -(10**30),
    "beyond_floats": lambda: 10**400,
    "beyond_printing": lambda: 10**6000,
    "empty": list,
    "empty_row": lambda: [[]],
    "ragged": lambda: [[1.0], [1.0, 2.0]],
    "long_ragged": lambda: [[0.0]] * 100_000 + [[1.0, 2.0]],
    "none_in_list": lambda: [None, 1.0],
    "text_in_list": lambda: ["a", "b"],
    "complex_in_list": lambda: [1j, 1.0],
    "beyond_floats_in_list": lambda: [10**400, 1],
    "tensors_in_list": lambda: [torch.ones(2), torch.ones(3)],
    "gradients_in_list": lambda: [torch.tensor(1.0, requires_grad=True)] * 3,
    "deep_list": lambda: _nested(500),
    "dict": lambda: {"a": 1.0},
    "set": lambda: {1.0, 2.0},
    "object": object,
    "function": lambda: len,
    "class": lambda: ExperimentConfig,
    "path": lambda: Path("cost.csv"),
    "enumeration": lambda: SinkhornStatus.INVALID,
    "raises_in_repr": lambda: _Unprintable(),
    "scalar_tensor": lambda: torch.tensor(0.5),
    "true_tensor": lambda: torch.tensor(True),
    "nan_tensor": lambda: torch.tensor(math.nan),
    "scalar_with_gradient": lambda: torch.tensor(0.5, requires_grad=True),
    "empty_tensor": lambda: torch.zeros(0),
    "no_rows": lambda: torch.zeros(0, 3),
    "no_columns": lambda: torch.zeros(3, 0),
    "integers": lambda: torch.tensor([0, 2, -100]),
    "many_zeros": lambda: torch.zeros(2000, 3),
    "not_finite": lambda: torch.tensor([math.nan, math.inf, 0.0]),
    "five_dimensions": lambda: torch.ones(1, 1, 1, 2, 3),
    "complex_tensor": lambda: torch.ones(3, dtype=torch.complex64),
    "float8": lambda: torch.ones(3).to(torch.float8_e4m3fn),
    "sparse": lambda: torch.ones(3).to_sparse(),
    "nested_tensor": _prototype(lambda: torch.nested.nested_tensor([torch.ones(2), torch.ones(3)])),
    "jagged_tensor": _prototype(
        lambda: torch.nested.nested_tensor([torch.ones(2), torch.ones(3)], layout=torch.jagged)
    ),
    "quantised": _prototype(lambda: torch.quantize_per_tensor(torch.ones(3), 1.0, 0, torch.quint8)),
    "meta": lambda: torch.ones(3, device="meta"),
    "longdouble": lambda: np.ones(3, dtype=np.longdouble),
    "objects": lambda: np.array([1.0, None, "a"], dtype=object),
    "words": lambda: np.array(["a", "b", "c"]),
    "dates": lambda: np.array(["2020-01-01"], dtype="datetime64[D]"),
    "records": lambda: np.zeros(3, dtype=[("a", float), ("b", int)]),
    "big_endian": lambda: np.ones(3).astype(">f8"),
    "masked": lambda: np.ma.masked_array([1.0, 2.0, 3.0], mask=[False, True, False]),
    "masked_scalar": lambda: np.ma.masked,
    "scalar_array": lambda: np.array(0.5),
    "word_array": lambda: np.array("text"),
    "numpy_scalar": lambda: np.float16(0.5),
    "torch_dtype": lambda: torch.int64,
    "device": lambda: "cuda:99",
    "dates_and_times": lambda: np.datetime64("2020-01-01"),
}

NOT_FINITE = frozenset(
    ("nan", "inf", "minus_inf", "nan_tensor", "not_finite", "beyond_floats", "beyond_printing")
)
"""Those in which NaN or an infinity stands: what comes of it may be NaN."""


class _Unprintable:
    def __repr__(self) -> str:
        raise RuntimeError("no")


def _nested(depth: int) -> list[Any]:
    value: list[Any] = [1.0]
    for _ in range(depth):
        value = [value]
    return value


def outcome_of(call: Call, changes: dict[str, Any]) -> tuple[Any, str | None]:
    """Return what a function gives with some arguments replaced, or what it says in refusing them."""
    try:
        return call(**changes), None
    except ValueError as error:
        return None, str(error)


def faults_of(message: str, names: set[str]) -> list[str]:
    """Return what is wrong with the text of a refusal of one of the named arguments."""
    faults = []
    if len(message) > LONGEST_MESSAGE:
        faults.append(f"{len(message)} characters")
    if not message.isprintable():
        faults.append("more than one line")
    if not re.match(rf"({'|'.join(sorted(names))})\b.* must .*, got ", message):
        faults.append("no argument, requirement and value")
    return faults


def numbers_of(result: Any) -> Iterator[float]:
    """Yield the floating-point numbers of a result, of its fields and of its parts."""
    if isinstance(result, Tensor):
        if result.is_floating_point():
            yield from result.detach().double().flatten().tolist()
    elif isinstance(result, float):
        yield result
    elif is_dataclass(result) and not isinstance(result, type):
        for field in fields(result):
            yield from numbers_of(getattr(result, field.name))
    elif isinstance(result, Mapping):
        yield from numbers_of(tuple(result.values()))
    elif isinstance(result, tuple | list):
        for part in result:
            yield from numbers_of(part)
