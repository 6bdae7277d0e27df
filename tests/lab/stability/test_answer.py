"""The answer of the page of stability, in a thousand states, against arithmetic emulated in NumPy."""

import math
import random
import re
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
import torch
from torch.nn import functional

from ce_core import FORMULAS, trace_formula
from lab.stability.answer import answer
from lab.stability.cure import LINES, cure_data
from lab.stability.results import Results
from lab.stability.state import DTYPE_NAMES, FLOORS, StabilityState
from tests.support.cases import INF

_CAUSE = r"From ([^*:]+)\*\*:|(?<=\*\*)(Not from|wrong)|(gradient is wrong)|(∞)\*\*; in"
# The loss and its slopes by the formulas of torch, written as people write them.
_USUAL = {"naive", "max_shifted", "clipped", "where_masked"}


def states(count: int) -> Iterator[StabilityState]:
    """Yield states drawn from all that the fields may be; the smaller gaps more often."""
    draw = random.Random(11)
    for _ in range(count):
        m = draw.randint(2, 6)
        size = draw.choice([1, 10, 30, 100, 300, 1000])
        a = [round(draw.uniform(-size, size), draw.choice([0, 1])) for _ in range(m)]
        for value, chance in ((-INF, 0.2), (-INF, 0.1), (INF, 0.02)):
            if draw.random() < chance:
                a[draw.randrange(m)] = value
        yield StabilityState(
            tuple(a), draw.randint(1, m), draw.choice(list(FORMULAS)),
            draw.choice(DTYPE_NAMES), draw.choice(FLOORS),
        )  # fmt: skip


def traced(state: StabilityState, *, cured: bool = False) -> Results:
    """Return as much of the results as the answer and the cure read: not the maps over all gaps."""
    none: Any = None
    a, q = list(state.a), list(state.q)
    ways = [(state.formula, state.clip), *([(state.cure, None)] if cured else [])]
    traces, *others = (
        {dtype: trace_formula(formula, a, q, dtype=dtype, floor=floor) for dtype in DTYPE_NAMES}
        for formula, floor in ways
    )
    return Results(state, traces, (), others[0] if others else {}, {}, none, none)


def rounded(values: Any, dtype: str) -> np.ndarray:
    """Round to a dtype; the numbers of bfloat16 are those of float32 with 16 bits cut off."""
    with np.errstate(over="ignore"):
        if dtype != "bfloat16":
            return np.asarray(values).astype(dtype).astype(np.float64)
        bits = np.atleast_1d(np.asarray(values, dtype=np.float32)).view(np.uint32)
        odd = (bits >> 16) & 1
        finite = np.isfinite(bits.view(np.float32))
        cut = np.where(finite, bits + np.uint32(0x7FFF) + odd, bits) & np.uint32(0xFFFF0000)
        return cut.astype(np.uint32).view(np.float32).astype(np.float64)


def emulated(state: StabilityState, dtype: str) -> dict[str, np.ndarray]:
    """Return exponentials, their sum, p, what the logarithm is taken of, and log p; op by op."""
    with np.errstate(all="ignore"):
        a = rounded(state.a, dtype)
        if state.formula != "naive":
            a = rounded(a - a.max(), dtype)
        e = rounded(np.exp(a), dtype)
        total = rounded(e.sum(), dtype)
        p = rounded(e / total, dtype)
        kept = np.maximum(p, rounded(state.floor, dtype)) if state.formula == "clipped" else p
        return {"e": e, "total": total, "p": p, "log": rounded(np.log(kept), dtype)}


def number_in(text: str, pattern: str) -> float:
    (found,) = re.findall(pattern, text)
    mantissa, _dot, power = found.replace("−", "-").partition("·10")
    digits = power.translate(str.maketrans("⁻⁰¹²³⁴⁵⁶⁷⁸⁹", "-0123456789"))
    return float(f"{mantissa}e{digits or 0}")


def named_class(text: str, state: StabilityState) -> int:
    if "the right class" in text:
        return state.target - 1
    if "the other class" in text:
        assert len(state.a) == 2
        return 2 - state.target
    (number,) = re.findall(r"class (\d)", text)
    assert int(number) != state.target
    return int(number) - 1


def grad_of(state: StabilityState, dtype: str) -> tuple[float, torch.Tensor]:
    """Return loss and slopes of the usual formulas as torch gives them, by its own softmax ops."""
    a = torch.tensor(state.a, dtype=torch.float64).to(getattr(torch, dtype)).requires_grad_()
    q = torch.tensor(state.q, dtype=a.dtype)
    e = torch.exp(a if state.formula == "naive" else a - a.detach().max())
    p = e / e.sum()
    if state.formula == "clipped":
        p = p.clamp(min=state.floor)
    terms = q * p.log()
    loss = -(torch.where(q > 0, terms, 0) if state.formula == "where_masked" else terms).sum()
    (slopes,) = torch.autograd.grad(loss, a)
    return loss.item(), slopes


@pytest.mark.parametrize("count", [60, pytest.param(1000, marks=pytest.mark.long)])
def test_answer_is_true_in_every_state(count: int) -> None:
    seen = set()
    for state in states(count):
        found = traced(state)
        seen.add(check_answer(found, answer(found)))
    assert {"0 · (−∞)", "0 / 0 on the way back", "∞ / ∞", "wrong", "Not from", "no softmax"} <= seen


def check_answer(found: Results, text: str) -> str:
    state, dtype = found.state, found.state.dtype
    if max(state.a) == INF or set(state.a) == {-INF}:
        assert "there is no softmax" in text
        assert ("a logit that is +∞" in text) == (INF in state.a)
        return "no softmax"
    if state.formula in _USUAL:
        check_dtypes(state, text)
    now = emulated(state, dtype)
    (cause,) = re.findall(_CAUSE, text)
    kind = "".join(cause)
    if kind.startswith("0 · (−∞)"):
        place = named_class(text.split(".")[0], state)
        assert place != state.target - 1 or state.formula.startswith("logit_gap")
        if "the logit of" in text:
            assert state.a[place] == -INF
        else:
            assert state.a[place] > -INF
            assert now["p"][place] == 0
            assert now["log"][place] == -INF
            assert ("beyond the largest" in text) == bool(np.isinf(now["total"]).all())
    elif kind == "∞ / ∞":
        logit = number_in(text, r"exp\(([^)]+)\)")
        place = int(np.argmin(np.abs(np.array(state.a) - logit)))
        assert now["e"][place] == INF
        assert np.isinf(now["total"]).all()
    elif kind == "0 / 0":
        assert not now["e"].any()
    elif kind == "0 / 0 on the way back":
        assert now["p"][named_class(text.split(",")[0], state)] == 0
        assert state.formula == "where_masked"
    elif kind == "∞ · 0 on the way back":
        place = named_class(text, state)
        assert now["p"][place] == 0
        assert ("the logit of" in text) == state.formula.startswith("logit_gap")
        assert not state.formula.startswith("logit_gap") or state.a[place] == -INF
    elif kind == "∞ − ∞ on the way back":
        p = now["p"][named_class(text, state)]
        assert 0 < p < 1 / torch.finfo(getattr(torch, dtype)).max
    else:
        check_without_nan(found, text)
    return kind


def check_dtypes(state: StabilityState, text: str) -> None:
    """Check in which dtypes the answer says that NaN is, by torch's own autograd."""
    bad = []
    for dtype in DTYPE_NAMES:
        loss, slopes = grad_of(state, dtype)
        if math.isnan(loss) or slopes.isnan().any():
            bad.append(dtype)
    said = {0: "No dtype has NaN here.", 4: "All four dtypes have NaN here."}
    assert text.endswith(said.get(len(bad), f"NaN in {', '.join(bad)}."))


def check_without_nan(found: Results, text: str) -> None:
    state = found.state
    assert f"in {state.dtype}" in text
    if state.formula in _USUAL:
        loss, slopes = grad_of(state, state.dtype)
        a = torch.tensor(state.a, dtype=torch.float64, requires_grad=True)
        truth = functional.cross_entropy(a, torch.tensor(state.target - 1))
        (true_slopes,) = torch.autograd.grad(truth, a)
        assert not math.isnan(loss)
        true = truth.item()
        room = 4 * torch.finfo(getattr(torch, state.dtype)).eps
        same = true == loss or (true < INF and abs(loss - true) <= max(0.05 * true, room))
        near = (slopes.double() - true_slopes).abs().max() <= max(
            0.05 * true_slopes.abs().max().item(), room
        )
        assert ("Not from this formula" in text) == (same and bool(near))
        assert ("the loss is **wrong**" in text) == (math.isfinite(loss) and not same)


def run_line(state: StabilityState, line: str, dtype: str) -> tuple[float, torch.Tensor]:
    a = torch.tensor(state.a, dtype=torch.float64).to(getattr(torch, dtype)).requires_grad_()
    s = a - a.detach().max()
    p = torch.exp(s) / torch.exp(s).sum()
    names = {
        "a": a, "s": s, "p": p, "e": torch.exp(a), "q": torch.tensor(state.q, dtype=a.dtype),
        "target": torch.tensor(state.target - 1), "floor": state.floor, "torch": torch, "F": functional,
    }  # fmt: skip
    loss = eval(line, names)
    (slopes,) = torch.autograd.grad(loss, a)
    return loss.item(), slopes


def test_lines_of_the_cure_give_what_the_table_shows() -> None:
    for state in states(20):
        found = traced(state, cured=True)
        if state.gap is None:
            assert cure_data(found)["right"] == [False] * 4
            continue
        for dtype in DTYPE_NAMES:
            trace = found.traces[dtype]
            loss, slopes = run_line(state, LINES[state.formula], dtype)
            assert math.isnan(loss) == math.isnan(trace.value), (state, dtype)
            assert slopes.isnan().any() == trace.gradient.isnan().any(), (state, dtype)
            cured, _ = run_line(state, LINES[state.cure], dtype)
            if cure_data(found)["right"][DTYPE_NAMES.index(dtype)]:
                true = trace.true_value if state.formula != "double_softmax" else found.cure.true_value
                assert cured == true or abs(cured - true) <= max(0.06 * true, 0.04), (state, dtype)
