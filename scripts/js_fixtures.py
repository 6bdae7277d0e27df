"""Write what the unit tests of the lab's JavaScript are held to, into `tests/unit_js/fixtures`.

Packed figures as the server packs them, beside what they hold; and the numbers that the browser
computes by itself, by mpmath with 60 digits, and those of the home page and of descents by
`ce_core`. `make check-js` runs this before the tests, so that no fixture is older than what it shows.
"""

import base64
import json
import random
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import mpmath
import numpy as np
import torch

ROOT: Final = Path(__file__).resolve().parent.parent
FOLDER: Final = ROOT / "tests" / "unit_js" / "fixtures"
sys.path[:0] = [str(ROOT), str(ROOT / "pages")]

import ce_core  # noqa: E402 - both are added above
from lab.live.packing import animation, pack  # noqa: E402

_EXTREMES: Final = (
    [0.0, -0.0], [-0.0, -0.0, 0.0], [5.0] * 30, [1000.0, -1000.0], [-1000.0] * 2,
    [0.0, -745.0, -746.0], [709.0, 710.0], [1e-300, 0.0], [5e-324, -5e-324], [37.0, 0.0],
)  # fmt: skip


def main() -> None:
    """Write all fixtures."""
    FOLDER.mkdir(exist_ok=True)
    with mpmath.workdps(60):
        fixtures = {
            "softmax": [_softmax_case(*case) for case in _logits()],
            "paces": [_pace_case(*case) for case in _held_states()],
            "gradient": [_gradient_case(*case) for case in _targets()],
        }
    fixtures["packed"] = _packed()
    fixtures["descents"] = list(_descents())
    fixtures["two_losses"] = [_two_losses(classes) for classes in (2, 3, 5, 10, 37, 64)]
    for name, content in fixtures.items():
        (FOLDER / f"{name}.json").write_text(json.dumps(content, allow_nan=False), encoding="utf-8")


def _logits() -> Iterator[tuple[list[float], float]]:
    """Yield logits, each with a temperature: shifts, ties, gaps, signed zeros."""
    draw = random.Random(0)
    for k in range(600):
        scale, shift = 10.0 ** (k % 7 - 3), (0.0, 800.0, -800.0, 0.0)[k % 4]
        a = [min(1000.0, max(-1000.0, scale * draw.gauss())) + shift for _ in range(2 + k % 29)]
        if k % 5 == 0:
            a = [float(round(value)) for value in a]
        if k % 11 == 0:
            a[1] = a[0]
        yield a, 10.0 ** draw.uniform(-2, 2)
    for extreme in _EXTREMES:
        for temperature in (0.01, 1.0, 100.0):
            yield extreme, temperature


def _softmax(a: list[float]) -> list[Any]:
    powers = [mpmath.exp(mpmath.mpf(value)) for value in a]
    total = mpmath.fsum(powers)
    return [power / total for power in powers]


def _loss(a: list[float], target: int) -> Any:
    """Return -log p of the target, of which nothing cancels."""
    gaps = (mpmath.mpf(value) - mpmath.mpf(a[target]) for i, value in enumerate(a) if i != target)
    return mpmath.log1p(mpmath.fsum(map(mpmath.exp, gaps)))


def _jacobian(p: list[Any]) -> list[list[float]]:
    """Return J; its diagonal as p times what the others have, which does not cancel."""
    rest = [mpmath.fsum(other for j, other in enumerate(p) if j != i) for i in range(len(p))]
    return [
        [float(row * rest[i] if i == j else -row * column) for j, column in enumerate(p)]
        for i, row in enumerate(p)
    ]


def _softmax_case(logits: list[float], temperature: float) -> dict[str, Any]:
    a = [logit / temperature for logit in logits]
    p = _softmax(a)
    return {
        "logits": logits,
        "temperature": temperature,
        "a": a,
        "p": list(map(float, p)),
        "losses": [float(_loss(a, target)) for target in range(len(a))],
        "gradient": [float(share - (i == 1)) for i, share in enumerate(p)],
        "jacobian": _jacobian(p) if len(a) < 8 else None,
    }


def _held_states() -> Iterator[tuple[list[float], float, int]]:
    """Yield states of the page of the softmax: logits, a temperature, the class that is held."""
    draw = random.Random(2)
    for k in range(1000):
        scale, shift = 10.0 ** (k % 6 - 2), (0.0, 800.0, -800.0, 0.0)[k % 4]
        logits = [round(scale * draw.gauss() + shift, 4) for _ in range(2 + (k % 29) * (k % 3 > 0))]
        logits = [min(1000.0, max(-1000.0, logit)) for logit in logits]
        if k % 7 == 0:
            logits[1] = logits[0]
        temperature = 1.0 if k % 2 else float(f"{10.0 ** draw.uniform(-2, 2):.3g}")
        yield logits, temperature, draw.randrange(len(logits))


def _pace_case(logits: list[float], temperature: float, held: int) -> dict[str, Any]:
    """Return what the held p gains as its logit rises, and what the others lose, as logarithms."""
    p = _softmax([logit / temperature for logit in logits])
    others = [share for i, share in enumerate(p) if i != held]
    lost = mpmath.fsum(share * p[held] for share in others)
    gained = p[held] * mpmath.fsum(others)
    return {
        "logits": logits,
        "temperature": temperature,
        "held": held,
        "gained": float(mpmath.log10(gained)),
        "lost": float(mpmath.log10(lost)),
    }


def _targets() -> Iterator[tuple[list[float], list[float]]]:
    """Yield logits, each with a target: one-hot ones, and some whose sum is not quite 1."""
    draw = random.Random(1)
    for k in range(400):
        classes = 2 + k % 9
        shift = (0.0, 40.0)[k % 2] * (k % 3)
        a = [min(50.0, max(-50.0, 10.0 ** (k % 5 - 2) * draw.gauss())) + shift for _ in range(classes)]
        q = [draw.random() for _ in range(classes)]
        one_hot = [1.0, *[0.0] * (classes - 1)]
        total = sum(q) * (1 + 1e-6 * (k % 3))
        yield a, one_hot if k % 4 == 0 else [share / total for share in q]


def _gradient_case(a: list[float], q: list[float]) -> dict[str, Any]:
    p = _softmax(a)
    # Less the largest, as everywhere here: the floats of q add up to 1 only nearly.
    exact_a = [mpmath.mpf(value) - mpmath.mpf(max(a)) for value in a]
    exact_q = [mpmath.mpf(share) for share in q]
    mean, wanted = mpmath.fdot(p, exact_a), mpmath.fdot(exact_q, exact_a)
    pulls = [share - goal for share, goal in zip(p, exact_q, strict=True)]
    residual = [share * (value - mean) for share, value in zip(p, exact_a, strict=True)]
    return {
        "a": a,
        "q": q,
        "p": list(map(float, p)),
        "l1": float(mpmath.fsum(share * _loss(a, i) for i, share in enumerate(exact_q))),
        "l2": float(mean - wanted),
        "pulls": list(map(float, pulls)),
        "residual": list(map(float, residual)),
        "full": [float(pull + rest) for pull, rest in zip(pulls, residual, strict=True)],
    }


def _two_losses(classes: int) -> dict[str, Any]:
    """Return both losses where one logit of so many leads the others, and where L2 comes to rest."""
    leads = torch.linspace(-2, 8, 51, dtype=torch.float64)
    q = torch.eye(classes, dtype=torch.float64)[0]
    a = leads[:, None] * q
    rest = ce_core.logit_gap_minimum(q)
    return {
        "classes": classes,
        "leads": leads.tolist(),
        "p": ce_core.softmax(a)[:, 0].tolist(),
        "l1": ce_core.cross_entropy(a, q).tolist(),
        "l2": ce_core.logit_gap(a, q).tolist(),
        "entropy": ce_core.entropy_from_logits(a).tolist(),
        "push1": (-ce_core.cross_entropy_grad(a, q)[:, 0]).tolist(),
        "push2": (-ce_core.logit_gap_grad(a, q)[:, 0]).tolist(),
        "rest": {"lead": 1 / rest.p[0].item(), "p": rest.p[0].item(), "l2": rest.loss.item()},
    }


def _descents() -> Iterator[dict[str, Any]]:
    """Yield descents from several starts to several targets, at rates that let rounding stay small."""
    for k, (a, q) in enumerate(_targets()):
        if k % 8 or max(a) - min(a) > 50:
            continue
        total = sum(q)
        shares = [share / total for share in q]
        rate, steps = (0.05, 0.5, 1.0)[k % 3], (1, 20, 60)[k // 8 % 3]
        paths = ce_core.descent_paths(
            torch.tensor(a, dtype=torch.float64), torch.tensor(shares, dtype=torch.float64),
            learning_rate=rate, steps=steps,
        )  # fmt: skip
        yield {"a": a, "course": {"rate": rate, "steps": steps, "q": shares}, "p": paths.p.tolist()}


def _packed() -> list[dict[str, Any]]:
    """Return trees as the server packs them, in base64, each with what the browser is to have."""
    figures: list[dict[str, Any]] = [
        {
            "data": [
                {"type": "scatter", "name": "moves", "x": np.arange(3), "y": np.arange(3) / 7 + k},
                {"type": "heatmap", "z": np.outer(np.arange(2) + k, np.arange(300.0, 304.0))},
            ]
            + [{"type": "scatter", "name": "late", "x": np.array([float(k)])}] * (k > 1),
            "layout": {"height": 380, "title": {"text": "å" * k}, "xaxis": {"range": [0, k]}},
        }
        for k in range(2)
    ]
    # Another frame has a part that the first two lack.
    figures.append({**figures[0], "layout": {**figures[0]["layout"], "shapes": [{"x0": 1}]}})
    whole = animation(figures)
    large = {"z": np.random.default_rng(0).normal(size=(40, 60)), "words": ["π", "−1"] * 40}
    kinds = {
        "u1": np.array([0, 255]), "u2": np.array([0, 65535]), "f4": np.array([0.1, 0.5]),
        "f8": np.array([4.0, 4.0 + 1e-7]), "nan": np.array([0.5, np.nan, 1.5]),
        "cube": np.arange(24).reshape(2, 3, 4) / 7, "empty": np.empty(0), "none": None,
        "infinite": float("inf"), "flags": [True, False], "texts": np.array(["a", "b"]),
    }  # fmt: skip
    trees: list[tuple[str, Any, Any]] = [
        ("every kind", kinds, kinds),
        ("deflated", large, large),
        ("animation", {"animation": whole}, {"frames": figures}),
    ]
    return [
        {"name": name, "bytes": base64.b64encode(pack(tree)).decode(), "tree": _plain(expected)}
        for name, tree, expected in trees
    ]


def _plain(tree: Any) -> Any:
    """Return what JSON can hold of a tree: arrays as lists, what is not finite as None."""
    if isinstance(tree, dict):
        return {name: _plain(child) for name, child in tree.items()}
    if isinstance(tree, np.ndarray):
        return _plain(tree.tolist())
    if isinstance(tree, list | tuple):
        return [_plain(child) for child in tree]
    if isinstance(tree, float) and not np.isfinite(tree):
        return None
    return tree


if __name__ == "__main__":
    main()
