"""What becomes of a public function under each transform of torch: right, refused, or no derivative.

"Right" is what plain autograd and plain calls say, and for these finite differences. Each check
returns a word of the table in docs/derivatives.md.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import fields, is_dataclass
from typing import Any

import torch
from torch import Tensor
from torch.autograd import forward_ad

from tests.support.calls import Call

RIGHT, REFUSED, NONE = "right", "refused", "–"
# What a refusal is raised as: of a value, of a mode of torch.
REFUSALS = ValueError, NotImplementedError, RuntimeError


def tensors_of(result: Any) -> Iterator[Tensor]:
    """Yield the floating tensors of a result: itself, or its fields, without histories of errors."""
    if isinstance(result, Tensor):
        if result.is_floating_point():
            yield result
    elif is_dataclass(result):
        for field in fields(result):
            if field.name != "errors":
                yield from tensors_of(getattr(result, field.name))
    elif isinstance(result, tuple | list):
        for part in result:
            yield from tensors_of(part)


def plain(result: Any) -> list[Tensor]:
    """Return the floating tensors of a result, without history."""
    return [x.detach().clone() for x in tensors_of(result)]


def number(call: Call) -> Callable[..., Tensor]:
    """Return a function of the differentiable arguments: one number that all results count in."""
    made = call.make()

    def of(*arguments: Tensor) -> Tensor:
        changes = {**made, **dict(zip(call.differentiable, arguments, strict=True))}
        return weighted_sum(tensors_of(call.function(**changes)))

    return of


def weighted_sum(parts: Iterable[Tensor]) -> Tensor:
    """Return one number that all finite entries count in."""
    total = torch.zeros((), dtype=torch.float64)
    for part in parts:
        weights = torch.linspace(0.5, 1.5, part.numel(), dtype=part.dtype).reshape(part.shape)
        total = total + (torch.where(part.isfinite(), part, 0.0) * weights).sum()
    return total


def points(call: Call) -> tuple[Tensor, ...]:
    """Return the differentiable arguments."""
    made = call.make()
    return tuple(made[name] for name in call.differentiable)


def backward(call: Call) -> tuple[Tensor, ...]:
    """Return the gradients by plain autograd."""
    leaves = [x.clone().requires_grad_() for x in points(call)]
    return torch.autograd.grad(number(call)(*leaves), leaves)


def outcome(check: Callable[[], bool]) -> str:
    """Return the word for what a check does: it passes, or the function refuses in one short line."""
    try:
        passed = check()
    except REFUSALS as error:
        text = str(error)
        ours = "\n" not in text and len(text) <= 200 and not text.startswith("vmap:")
        return REFUSED if ours else f"raw: {text[:120]!r}"
    return RIGHT if passed else "wrong"


def close(found: Any, expected: Any, *, rtol: float = 1e-6, atol: float = 1e-8) -> bool:
    """Tell whether two collections of tensors agree."""
    pairs = zip(tuple(found), tuple(expected), strict=True)
    return all(
        a.shape == b.shape
        and torch.allclose(a.double(), b.double(), rtol=rtol, atol=atol, equal_nan=True)
        for a, b in pairs
    )


def check_backward(call: Call) -> bool:
    """Compare gradients with finite differences, in a direction that keeps the sum of each row."""
    ok = True
    found = backward(call)
    for index, gradient in enumerate(found):
        at = list(points(call))
        direction = torch.linspace(-1, 2, at[index].numel(), dtype=torch.float64).sin()
        direction = direction.reshape(at[index].shape)
        direction = direction - direction.mean(-1, keepdim=True)
        step = 1e-6
        ahead, behind = list(at), list(at)
        ahead[index] = at[index] + step * direction
        behind[index] = at[index] - step * direction
        difference = (number(call)(*ahead) - number(call)(*behind)) / (2 * step)
        ok &= close([(gradient * direction).sum()], [difference], rtol=1e-3, atol=1e-5)
    return ok


def check_double_backward(call: Call) -> bool:
    """Compare the Hessian times a vector with differences of gradients."""
    leaves = [x.clone().requires_grad_() for x in points(call)]
    first = torch.autograd.grad(number(call)(*leaves), leaves, create_graph=True)
    weights = [torch.linspace(-1, 1, x.numel(), dtype=x.dtype).reshape(x.shape) for x in first]
    weights = [w - w.mean(-1, keepdim=True) for w in weights]
    if not any(x.requires_grad for x in first):
        return True
    along = sum(((g * w).sum() for g, w in zip(first, weights, strict=True)), torch.zeros(()))
    second = torch.autograd.grad(along, leaves, allow_unused=True)
    step = 1e-5

    def shifted(sign: int) -> Tensor:
        moved = [
            (x + sign * step * w).detach().requires_grad_()
            for x, w in zip(points(call), weights, strict=True)
        ]
        gradients = torch.autograd.grad(number(call)(*moved), moved)
        return torch.stack([(g * w).sum() for g, w in zip(gradients, weights, strict=True)]).sum()

    found = sum(
        ((0.0 if h is None else (h * w).sum()) for h, w in zip(second, weights, strict=True)),
        torch.zeros(()),
    )
    expected = (shifted(1) - shifted(-1)) / (2 * step)
    return close([found], [expected], rtol=1e-3, atol=1e-4)


def check_forward_mode(call: Call) -> bool:
    """Compare a tangent with the gradient times the direction."""
    tangents = [torch.linspace(-1, 1, x.numel(), dtype=x.dtype).reshape(x.shape) for x in points(call)]
    with forward_ad.dual_level():
        pairs = zip(points(call), tangents, strict=True)
        duals = [forward_ad.make_dual(x, t) for x, t in pairs]  # type: ignore[no-untyped-call]
        tangent = forward_ad.unpack_dual(number(call)(*duals)).tangent  # type: ignore[no-untyped-call]
    expected = sum((g * t).sum() for g, t in zip(backward(call), tangents, strict=True))
    return tangent is not None and close([tangent], [expected])


def check_grad(call: Call) -> bool:
    """Compare torch.func.grad and jacrev with plain autograd."""
    every = tuple(range(len(call.differentiable)))
    expected = backward(call)
    by_grad = torch.func.grad(number(call), argnums=every)(*points(call))
    by_jacrev = torch.func.jacrev(number(call), argnums=every)(*points(call))
    return close(by_grad, expected) and close(by_jacrev, expected)


def check_vmap(call: Call) -> bool:
    """Compare a mapped call with calls one after another."""
    made = call.make()
    names = [name for name, value in made.items() if isinstance(value, Tensor) and value.ndim]
    samples = [torch.stack([made[name], made[name].flip(-1)]) for name in names]

    def results(*arguments: Tensor) -> tuple[Tensor, ...]:
        changes = {**made, **dict(zip(names, arguments, strict=True))}
        return tuple(tensors_of(call.function(**changes)))

    mapped = torch.func.vmap(results)(*samples)
    one_by_one = [results(*(sample[i] for sample in samples)) for i in range(2)]
    return all(
        close([whole[i]], [part], rtol=1e-5, atol=1e-7)
        for i, alone in enumerate(one_by_one)
        for whole, part in zip(mapped, alone, strict=True)
        if whole[i].shape == part.shape
    )


def check_per_sample(call: Call) -> bool:
    """Compare gradients per sample, vmap(grad), with those of the samples alone."""
    samples = [torch.stack([x, x.flip(-1)]) for x in points(call)]
    every = tuple(range(len(call.differentiable)))
    found = torch.func.vmap(torch.func.grad(number(call), argnums=every))(*samples)
    for i in range(2):
        leaves = [sample[i].clone().requires_grad_() for sample in samples]
        expected = torch.autograd.grad(number(call)(*leaves), leaves)
        if not close([x[i] for x in found], expected, rtol=1e-5, atol=1e-7):
            return False
    return True


def check_autocast(call: Call) -> bool:
    """Compare a call under bfloat16 autocast, and its gradients there, with a plain one."""
    expected = plain(call())
    with torch.autocast("cpu", dtype=torch.bfloat16):
        found = plain(call())
        gradients = backward(call) if call.differentiable else ()
    same = backward(call) if call.differentiable else ()
    return close(found, expected) and close(gradients, same)


def check_inference_mode(call: Call) -> bool:
    """Compare a call in inference mode, its arguments made there, with a plain one."""
    expected = plain(call())
    with torch.inference_mode():
        found = [x.clone() for x in tensors_of(call())]
    return close([x.double().clone() for x in found], expected)


def check_compile(call: Call) -> bool:
    """Compare a compiled call, and its gradients, with a plain one."""
    torch.compiler.reset()
    made = call.make()
    arrays = {name: x for name, x in made.items() if isinstance(x, Tensor) and x.ndim}

    def results(*arguments: Tensor) -> tuple[Tensor, ...]:
        return tuple(tensors_of(call.function(**{**made, **dict(zip(arrays, arguments, strict=True))})))

    compiled = torch.compile(results, backend="eager")
    right = close(compiled(*arrays.values()), plain(call()))
    if not call.differentiable:
        return right
    leaves = [x.clone().requires_grad_(name in call.differentiable) for name, x in arrays.items()]
    total = weighted_sum(compiled(*leaves))
    return right and close(
        torch.autograd.grad(total, [x for x in leaves if x.requires_grad]), backward(call)
    )


DERIVATIVES = {
    "backward": check_backward,
    "double backward": check_double_backward,
    "forward mode": check_forward_mode,
    "func.grad, jacrev": check_grad,
    "vmap(grad)": check_per_sample,
}
OTHERS = {"vmap": check_vmap, "autocast": check_autocast, "inference mode": check_inference_mode}
CHECKS = {**DERIVATIVES, **OTHERS}
COLUMNS = [*CHECKS, "compile"]
"""Of the table; what is compiled is checked in a process of its own."""
