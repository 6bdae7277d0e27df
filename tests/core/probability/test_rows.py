"""What every function of rows has in common, driven by one table."""

from itertools import product

import pytest
import torch

import ce_core
from tests.support.cases import FLOATS, HALVES, INF, NAN, ROW_FUNCTIONS, RowFunction

every_function = pytest.mark.parametrize("case", ROW_FUNCTIONS, ids=str)
functions_of_logits = pytest.mark.parametrize(
    "case", [case for case in ROW_FUNCTIONS if case.kinds[0] == "logits"], ids=str
)
functions_of_two = pytest.mark.parametrize(
    "case", [case for case in ROW_FUNCTIONS if len(case.kinds) == 2], ids=str
)
# Made of operations of torch, whose derivatives are 0 times NaN there.
PRODUCTS = ("softmax_jacobian", "softmax_jvp", "centred_product", "logit_gap_residual")


@every_function
@pytest.mark.parametrize("dtype", FLOATS, ids=str)
def test_row_function_keeps_dtype(case: RowFunction, dtype: torch.dtype) -> None:
    assert case.function(*case.arguments(3, 5, dtype=dtype)).dtype == dtype


@every_function
@pytest.mark.parametrize("dtype", HALVES, ids=str)
def test_row_function_rounds_once_in_half_precision(case: RowFunction, dtype: torch.dtype) -> None:
    arguments = case.arguments(200, 5, dtype=dtype)
    in_float32 = case.function(*(x.float() for x in arguments))
    assert torch.equal(case.function(*arguments), in_float32.to(dtype))


@every_function
def test_row_function_accepts_lists_and_numpy_arrays(case: RowFunction) -> None:
    arguments = case.arguments(3, 5, dtype=torch.float32)
    expected = case.function(*arguments)
    assert torch.equal(case.function(*(x.tolist() for x in arguments)), expected)
    assert torch.equal(case.function(*(x.numpy() for x in arguments)), expected)


@every_function
def test_row_function_accepts_reversed_and_read_only_arrays(case: RowFunction) -> None:
    arguments = case.arguments(3, 5)
    views = [x.flip(0).numpy()[::-1] for x in arguments]
    for view in views:
        view.setflags(write=False)
    assert torch.equal(case.function(*views), case.function(*arguments))


@every_function
def test_row_function_treats_each_row_alone(case: RowFunction) -> None:
    arguments = case.arguments(2, 3, 5)
    whole = case.function(*arguments)
    for i, j in product(range(2), range(3)):
        alone = case.function(*(x[i, j] for x in arguments))
        torch.testing.assert_close(whole[i, j], alone, rtol=1e-13, atol=1e-15)


@every_function
def test_row_function_returns_nan_for_nan_in_its_row_only(case: RowFunction) -> None:
    for position in range(len(case.kinds)):
        arguments = case.arguments(3, 5)
        arguments[position][1, 2] = NAN
        result = case.function(*arguments)
        # dL2/da takes q entry by entry; everything else mixes the row.
        if case.name.startswith("logit_gap_grad") and position == 1:
            assert result[1, 2].isnan()
        else:
            assert result[1].isnan().all()
        assert not result[[0, 2]].isnan().any()


# Rows that the ones beside them have had computed in another way, with other last digits.
@functions_of_logits
@pytest.mark.parametrize(
    "row", [[-1.0, 2.0, -2.0, 2.0], [0.0, -1.0, -40.0, -40.0], [3.0, 3.0, -1.0, -2.0]], ids=str
)
def test_row_function_of_a_row_beside_nan_keeps_its_last_digits(
    case: RowFunction, row: list[float]
) -> None:
    rows = torch.tensor([row, [0.0, 0.0, 0.0, 0.0]], dtype=torch.float64)
    target = torch.tensor([0.1, 0.2, 0.3, 0.4], dtype=torch.float64).expand(2, 4)
    others = [target if kind == "distribution" else rows.flip(-1) for kind in case.kinds[1:]]
    whole = case.function(rows, *others)
    rows[1, 0] = NAN
    assert torch.equal(case.function(rows, *others)[0], whole[0])


@every_function
def test_row_function_returns_nan_for_nan_at_the_largest_logit(case: RowFunction) -> None:
    arguments = case.arguments(1, 1)
    arguments[0][...] = NAN
    assert case.function(*arguments).isnan().all()


@every_function
def test_row_function_differentiates_twice(case: RowFunction) -> None:
    arguments = case.arguments(2, 4)

    # Distributions move on the simplex, where alone the functions are what their names say.
    def on_the_simplex(*free: torch.Tensor) -> torch.Tensor:
        return case.function(
            *(
                x.softmax(-1) if kind == "distribution" else x
                for kind, x in zip(case.kinds, free, strict=True)
            )
        )

    free = tuple(
        (x.log() if kind == "distribution" else x).requires_grad_()
        for kind, x in zip(case.kinds, arguments, strict=True)
    )
    assert torch.autograd.gradcheck(on_the_simplex, free)
    assert torch.autograd.gradgradcheck(on_the_simplex, free)


@every_function
def test_row_function_follows_a_permutation_of_classes(case: RowFunction) -> None:
    arguments = case.arguments(3, 5)
    order = torch.tensor([3, 0, 4, 2, 1])
    expected = case.function(*arguments)
    for dim in range(1, expected.ndim):
        expected = expected.index_select(dim, order)
    permuted = case.function(*(x[:, order] for x in arguments))
    torch.testing.assert_close(permuted, expected, rtol=1e-13, atol=1e-15)


@functions_of_logits
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64], ids=str)
def test_row_function_ignores_a_constant_added_to_the_logits(
    case: RowFunction, dtype: torch.dtype
) -> None:
    a, *rest = case.arguments(3, 5, dtype=dtype)
    # On a grid of 1/256 the shifted logits are exact, so nothing is left to tolerate.
    a = (a * 256).round() / 256
    assert torch.equal(case.function(a + 8192, *rest), case.function(a, *rest))


@functions_of_two
def test_row_function_broadcasts_leading_dimensions(case: RowFunction) -> None:
    first, second = case.arguments(4, 3, 5)
    pairs = [(first, second[0]), (first[0, 0], second), (first[:, :1], second[:1])]
    for x, y in pairs:
        result = case.function(x, y)
        expanded = case.function(x.expand(4, 3, 5), y.expand(4, 3, 5))
        assert result.shape == expanded.shape
        torch.testing.assert_close(result, expanded, rtol=1e-14, atol=1e-15)


@functions_of_two
def test_row_function_promotes_dtypes(case: RowFunction) -> None:
    x, y = case.arguments(3, 5, dtype=torch.float32)
    promoted = case.function(x, y.double())
    assert torch.equal(promoted, case.function(x.double(), y.double()))
    # A list has no precision of its own and adopts that of the other argument.
    assert torch.equal(case.function(x.double(), y.tolist()), promoted)


@every_function
def test_row_function_accepts_an_empty_batch(case: RowFunction) -> None:
    shape = case.function(*case.arguments(1, 5)).shape[1:]
    assert case.function(*case.arguments(0, 5)).shape == (0, *shape)


@every_function
def test_row_function_gives_large_batches_what_it_gives_their_rows(case: RowFunction) -> None:
    # More entries than a block has: sure rows, rows that are not, and gradients as well.
    arguments = [x.clone() for x in case.arguments(300, 300)]
    if case.name.startswith("softmax_jacobian"):
        arguments = [x[:3] for x in arguments]
    if case.kinds[0] == "logits":
        arguments[0][::7, 5] += 12
    leaves = [x.requires_grad_() for x in arguments]
    whole = case.function(*leaves)
    torch.testing.assert_close(case.function(*(x.detach() for x in leaves)), whole.detach())
    weights = torch.linspace(-1, 1, whole.numel(), dtype=whole.dtype).reshape(whole.shape)
    gradients = torch.autograd.grad(whole, leaves, weights)
    for i in (0, 1, len(whole) - 1):
        rows = [x[i].detach().requires_grad_() for x in leaves]
        alone = case.function(*rows)
        torch.testing.assert_close(whole[i], alone, rtol=1e-12, atol=1e-15)
        for of_whole, of_row in zip(
            gradients, torch.autograd.grad(alone, rows, weights[i]), strict=True
        ):
            torch.testing.assert_close(of_whole[i], of_row, rtol=1e-10, atol=1e-14)


def test_row_functions_are_all_in_the_table() -> None:
    modules = {
        f"ce_core.{name}"
        for name in (
            "probability.distributions",
            "probability.from_logits",
            "probability.jacobian",
            "losses.forms",
        )
    }
    public = [getattr(ce_core, name) for name in ce_core.__all__]
    expected = {f for f in public if getattr(f, "__module__", "") in modules}
    assert {case.function for case in ROW_FUNCTIONS} >= expected


@pytest.mark.parametrize("case", [case for case in ROW_FUNCTIONS if case.name not in PRODUCTS], ids=str)
@pytest.mark.parametrize("other", [-INF, NAN], ids=str)
def test_row_without_a_softmax_has_gradient_0_where_it_does_not_count(
    case: RowFunction, other: float
) -> None:
    arguments = [x.clone() for x in case.arguments(3, 5)]
    for kind, x in zip(case.kinds, arguments, strict=True):
        if kind == "logits" or "logits" not in case.kinds:
            x[1] = other if kind == "logits" else NAN
    leaves = [x.requires_grad_() for x in arguments]
    result = case.function(*leaves)
    assert result[1].isnan().any()
    counts = torch.tensor([1.0, 0.0, 1.0]).reshape(3, *[1] * (result.ndim - 1)) > 0
    alone = torch.where(counts, result, 0.0).sum()
    found = torch.autograd.grad(alone, leaves, retain_graph=True, allow_unused=True)
    for x in found:
        assert x is None or (x.isfinite().all() and not x[1].any())
