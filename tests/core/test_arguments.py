"""Invalid input raises ValueError that names the argument, the requirement and the value.

Wrong shapes come as lists, not tensors: the shape checks of the tests intercept those of tensors.
"""

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from ce_core import (
    ExperimentConfig,
    balanced_assignment,
    centred_product,
    compare_losses,
    cross_entropy,
    cross_entropy_grad,
    entropy,
    kl_divergence,
    log_softmax,
    logit_gap,
    logit_gap_grad,
    logit_gap_residual,
    sinkhorn,
    softmax,
    softmax_jacobian,
    softmax_jvp,
    sort_losses,
    squared_distances,
)
from ce_core._array_arguments import floating, widened
from ce_core._options import require_number
from ce_core.experiment.point_density import count_points
from tests.support.cases import INF, NAN, ROW_FUNCTIONS, RowFunction

PAIR, TRIPLE = [0.5, 0.5], [0.2, 0.3, 0.5]

ONE_ARGUMENT: list[tuple[Callable[..., Any], str]] = [
    (softmax, "a"),
    (log_softmax, "a"),
    (softmax_jacobian, "a"),
    (entropy, "p"),
    (logit_gap_residual, "a"),
]
TWO_ARGUMENTS: list[tuple[Callable[..., Any], str, str]] = [
    (softmax_jvp, "a", "v"),
    (centred_product, "p", "a"),
    (kl_divergence, "q", "p"),
    (cross_entropy, "a", "q"),
    (cross_entropy_grad, "a", "q"),
    (logit_gap, "a", "q"),
    (logit_gap_grad, "a", "q"),
]


@pytest.mark.parametrize(("function", "name"), ONE_ARGUMENT)
@pytest.mark.parametrize(
    ("value", "requirement"),
    [
        (1.0, "must have at least one dimension, got a scalar"),
        ([], "must have at least 1 ent"),
        ("text", "must be convertible to a tensor, got 'text'"),
        ([[1.0], [1.0, 2.0]], r"must be convertible to a tensor, got \[\[1.0\], \[1.0, 2.0\]\]"),
        ([1j], r"must be convertible to a tensor, got \[1j\]"),
        (np.array([1j]), "must hold real numbers, got torch.complex128"),
        (np.array(["text"]), "must hold real numbers, got an array of <U4"),
        (np.array([1.0], dtype=np.longdouble), "must be float64 or narrower, got an array of float"),
    ],
    ids=str,
)
def test_function_of_one_array_refuses(
    function: Callable[..., Any], name: str, value: object, requirement: str
) -> None:
    with pytest.raises(ValueError, match=f"^{name} {requirement}"):
        function(value)


@pytest.mark.parametrize(("function", "first", "second"), TWO_ARGUMENTS)
@pytest.mark.parametrize(
    ("arrays", "at_fault", "requirement"),
    [
        ((PAIR, TRIPLE), 1, r"must have the last dimension of {}, 2, got shape \(3,\)"),
        ((PAIR, [1.0]), 1, r"must have the last dimension of {}, 2, got shape \(1,\)"),
        (
            ([PAIR] * 2, [PAIR] * 3),
            1,
            r"must broadcast with {} of shape \(2, 2\), got shape \(3, 2\)",
        ),
        (([], []), 0, r"must have at least 1 entries in its last dimension, got shape \(0,\)"),
        ((0.5, PAIR), 0, "must have at least one dimension, got a scalar"),
        ((PAIR, 0.5), 1, "must have at least one dimension, got a scalar"),
        ((PAIR, "text"), 1, "must be convertible to a tensor, got 'text'"),
        ((np.array([1j, 0]), PAIR), 0, "must hold real numbers, got torch.complex128"),
    ],
    ids=str,
)
def test_function_of_two_arrays_refuses(
    function: Callable[..., Any],
    first: str,
    second: str,
    arrays: tuple[object, object],
    at_fault: int,
    requirement: str,
) -> None:
    name = (first, second)[at_fault]
    with pytest.raises(ValueError, match=f"^{name} {requirement.format(first)}$"):
        function(*arrays)


@pytest.mark.parametrize(("function", "first", "second"), TWO_ARGUMENTS)
def test_function_of_two_arrays_refuses_two_devices(
    function: Callable[..., Any], first: str, second: str
) -> None:
    message = f"^{second} must be on the device of {first}, cpu, got meta$"
    with pytest.raises(ValueError, match=message):
        function(torch.tensor(PAIR), torch.empty(2, device="meta"))


@pytest.mark.parametrize("function", [softmax, log_softmax])
@pytest.mark.parametrize("dim", [1, -2, 7])
def test_softmax_refuses_a_dimension_that_is_not_there(function: Callable[..., Any], dim: int) -> None:
    with pytest.raises(ValueError, match=rf"^dim must be in \[-1, 0\], got {dim}$"):
        function(PAIR, dim=dim)


@pytest.mark.parametrize(
    ("cost", "options", "message"),
    [
        (PAIR, {}, r"cost must have shape \[..., n, m\] with n >= 1, got shape \(2,\)"),
        ([[], []], {}, r"cost must have at least 1 entries .* got shape \(2, 0\)"),
        (np.zeros((0, 2)), {}, r"cost must have shape .* with n >= 1, got shape \(0, 2\)"),
        ("text", {}, "cost must be convertible to a tensor, got 'text'"),
        ([PAIR], {"eps": 0.0}, "eps must be finite and > 0, got 0.0"),
        ([PAIR], {"eps": -1.0}, "eps must be finite and > 0, got -1.0"),
        ([PAIR], {"eps": INF}, "eps must be finite and > 0, got inf"),
        ([PAIR], {"eps": NAN}, "eps must be finite and > 0, got nan"),
        ([PAIR], {"n_iter": 0}, "n_iter must be an integer >= 1, got 0"),
        ([PAIR], {"n_iter": -3}, "n_iter must be an integer >= 1, got -3"),
        ([PAIR], {"n_iter": True}, "n_iter must be an integer >= 1, got True"),
    ],
    ids=str,
)
def test_balanced_assignment_refuses(cost: Any, options: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=f"^{message}$"):
        balanced_assignment(cost, **options)


@pytest.mark.parametrize(
    ("name", "value", "requirement"),
    [
        ("n", 0, "an integer >= 1"),
        ("m", 1, "an integer >= 2"),
        ("trials", 0, "an integer >= 1"),
        ("trials", True, "an integer >= 1"),
        ("n_iter", 0, "an integer >= 1"),
        ("seed", -1, "an integer >= 0 and < 9223372036854775808"),
        ("seed", 2**63, "an integer >= 0 and < 9223372036854775808"),
        ("logit_exponent", -0.5, "finite and >= 0"),
        ("logit_exponent", INF, "finite and >= 0"),
        ("cost_exponent", -1.0, "finite and >= 0"),
        ("cost_exponent", NAN, "finite and >= 0"),
        ("eps", 0.0, "finite and > 0"),
        ("eps", -INF, "finite and > 0"),
        ("logit_scale", 0.0, "finite and > 0"),
        ("logit_scale", INF, "finite and > 0"),
        ("dtype", "float8", "one of float64, float32, bfloat16, float16"),
        ("dtype", "", "one of float64, float32, bfloat16, float16"),
    ],
    ids=lambda value: str(value)[:20],
)
def test_experiment_config_refuses(name: str, value: Any, requirement: str) -> None:
    with pytest.raises(ValueError, match=f"^{name} must be {requirement}, got {value!r}$"):
        ExperimentConfig(**{name: value})


def test_require_number_refuses_an_integer_beyond_every_float() -> None:
    with pytest.raises(ValueError, match=r"^eps must be finite and > 0, got 1000"):
        require_number("eps", 10**400, above=0.0)


def test_experiment_config_accepts_its_bounds() -> None:
    config = ExperimentConfig(
        n=1,
        m=2,
        trials=1,
        n_iter=1,
        logit_exponent=0.0,
        cost_exponent=0.0,
        eps=5e-324,
        logit_scale=5e-324,
        seed=2**63 - 1,
    )
    assert config.seed == 2**63 - 1


@pytest.mark.parametrize(
    ("function", "arrays", "message"),
    [
        (compare_losses, (PAIR, TRIPLE, PAIR), r"l2 must be a vector .*, got shape \(3,\)"),
        (compare_losses, (PAIR, PAIR, TRIPLE), r"entropy must be a vector .*, got shape \(3,\)"),
        (compare_losses, ([PAIR], PAIR, PAIR), r"l1 must be a vector .*, got shape \(1, 2\)"),
        (compare_losses, (1.0, PAIR, PAIR), "l1 must have at least one dimension, got a scalar"),
        (sort_losses, (PAIR, TRIPLE), r"l2 must be a vector .*, got shape \(3,\)"),
        (sort_losses, (PAIR, "text"), "l2 must be convertible to a tensor, got 'text'"),
        (count_points, (PAIR, TRIPLE), r"y must have the shape of x, \(2,\), got \(3,\)"),
    ],
)
def test_functions_of_trials_refuse(
    function: Callable[..., Any], arrays: tuple[object, ...], message: str
) -> None:
    with pytest.raises(ValueError, match=f"^{message}$"):
        function(*arrays)


@pytest.mark.parametrize(("name", "value"), [("bins", 0), ("sample", -1)])
def test_count_points_refuses(name: str, value: int) -> None:
    options: dict[str, Any] = {name: value}
    with pytest.raises(ValueError, match=f"^{name} must be an integer >= 1, got {value}$"):
        count_points(PAIR, PAIR, **options)


@pytest.mark.parametrize("case", ROW_FUNCTIONS, ids=str)
def test_row_function_accepts_integers(case: RowFunction) -> None:
    arrays: dict[str, Any] = {"logits": [2, 1, 0], "vector": [1, 2, 3], "distribution": [0, 1, 0]}
    integers = [arrays[kind] for kind in case.kinds]
    expected = case.function(*([float(x) for x in row] for row in integers))
    assert case.function(*integers).equal(expected)
    assert case.function(*(np.array(row) for row in integers)).equal(expected)


# The dtype of what has none of its own

LOGISTIC = 1 / (1 + 1 / math.e)


@pytest.mark.parametrize(
    ("values", "dtype"),
    [
        ([1.0, 0.1], torch.float32),
        ([INF, NAN, -INF, 0.0, -0.0], torch.float32),
        ([3.4e38, -1.2e-38], torch.float32),
        ([3.5e38, 0.0], torch.float64),
        ([1e-39, 1.0], torch.float64),
        ([2**24, -(2**24)], torch.float32),
        ([2**24 + 1, 0], torch.float64),
        ([-(2**24) - 1, 0], torch.float64),
        ([10**30, 0], torch.float64),
        ([True, False], torch.float32),
        ([np.int64(2**24 + 1), 0], torch.float64),
        ([np.array([2**24 + 1]), [0]], torch.float64),
        # The digits that a float loses it loses everywhere.
        ([2**24 + 1.0, 0.1], torch.float32),
        (np.array([2**24 + 1, 0]), torch.float64),
        (np.array([2**24, 0]), torch.float32),
        (torch.tensor([2**24 + 1, 0]), torch.float64),
        (torch.tensor([2**31 - 1, 0], dtype=torch.int32), torch.float64),
        (torch.tensor([2**15 - 1, 0], dtype=torch.int16), torch.float32),
    ],
    ids=str,
)
def test_numbers_without_a_dtype_count_as_float64_where_the_default_does_not_hold_them(
    values: Any, dtype: torch.dtype
) -> None:
    (found,) = floating(x=values)
    expected = np.asarray(values).astype(float).ravel()
    assert found.dtype == dtype
    np.testing.assert_array_equal(found.double().ravel(), torch.from_numpy(expected).to(dtype).double())


def test_numbers_without_a_dtype_widen_the_arrays_beside_them() -> None:
    tensor = torch.tensor([1.0, 2.0])
    assert [found.dtype for found in floating(a=tensor, b=[1.0, 1e39])] == [torch.float64] * 2
    assert [found.dtype for found in floating(a=tensor, b=[1.0, 1e38])] == [torch.float32] * 2
    dtype, found = widened(a=[1.0, 2**24 + 1], b=tensor.half())
    assert (dtype, found[0].dtype) == (torch.float16, torch.float32)
    assert widened(a=[1, 2**24 + 1], b=tensor.half())[0] == torch.float64


@pytest.mark.usefixtures("without_shape_checks")
@pytest.mark.parametrize(
    ("call", "expected"),
    [
        (lambda: softmax([1e300, 0.0]), [1, 0]),
        (lambda: softmax([16777217, 16777216]), [LOGISTIC, 1 - LOGISTIC]),
        (lambda: softmax(torch.tensor([16777217, 16777216])), [LOGISTIC, 1 - LOGISTIC]),
        (lambda: cross_entropy([1e300, 0.0], [0.0, 1.0]), 1e300),
        (lambda: kl_divergence([0.5, 0.5], [1e-50, 1.0]), 25 * math.log(10) - math.log(2)),
        (lambda: squared_distances([[16777217]], [[16777216]]), [[1]]),
        (
            lambda: 2 * sinkhorn([[0.0, 1e39], [1e39, 0.0]], eps=1e39, tol=1e-12).plan,
            [[LOGISTIC, 1 - LOGISTIC], [1 - LOGISTIC, LOGISTIC]],
        ),
        (
            lambda: 2 * sinkhorn([[1e39, 2e39], [2e39, 1e39]], eps=1e39, tol=1e-12).plan,
            [[LOGISTIC, 1 - LOGISTIC], [1 - LOGISTIC, LOGISTIC]],
        ),
    ],
)
def test_function_of_numbers_that_float32_does_not_hold(
    call: Callable[[], Tensor], expected: Any
) -> None:
    found = call().tolist()
    np.testing.assert_allclose(found, expected, rtol=1e-12)


@pytest.mark.usefixtures("without_shape_checks")
@pytest.mark.filterwarnings("ignore:`torch.jit:DeprecationWarning")
def test_integers_that_are_mapped_over_keep_their_digits() -> None:
    logits = torch.tensor([[0, 1], [16777217, 16777216]])
    assert torch.equal(torch.func.vmap(softmax)(logits), softmax(logits))


UNSIGNED = (torch.uint8, torch.uint16, torch.uint32, torch.uint64)


@pytest.mark.usefixtures("without_shape_checks")
@pytest.mark.parametrize("dtype", UNSIGNED, ids=str)
@pytest.mark.parametrize("make", [Tensor.clone, Tensor.numpy], ids=["torch", "numpy"])
@pytest.mark.parametrize("case", ROW_FUNCTIONS, ids=str)
def test_row_function_accepts_integers_without_a_sign(
    case: RowFunction, make: Callable[[Tensor], Any], dtype: torch.dtype
) -> None:
    rows = {"logits": [2, 1, 0], "vector": [1, 2, 3], "distribution": [0, 1, 0]}
    integers = [torch.tensor(rows[kind]) for kind in case.kinds]
    expected = case.function(*integers)
    assert case.function(*(make(row.to(dtype)) for row in integers)).equal(expected)


@pytest.mark.usefixtures("without_shape_checks")
@pytest.mark.parametrize("dtype", UNSIGNED, ids=str)
@pytest.mark.parametrize("function", [cross_entropy, cross_entropy_grad, logit_gap, logit_gap_grad])
def test_class_indices_without_a_sign_are_refused(
    function: Callable[..., Any], dtype: torch.dtype
) -> None:
    with pytest.raises(ValueError, match=r"^q must be a distribution over the classes, class indices"):
        function(torch.zeros(3), torch.tensor([2, 0, 1], dtype=dtype))


def test_class_indices_in_a_list_are_refused() -> None:
    with pytest.raises(ValueError, match=r"^q must be a distribution over the classes, class indices"):
        cross_entropy(torch.zeros(3, 3), [2, 0, 1])


@pytest.mark.usefixtures("without_shape_checks")
def test_the_largest_integers_are_rounded_not_wrapped() -> None:
    largest = np.array([2**64 - 1, 0], dtype=np.uint64)
    assert softmax(largest).tolist() == [1, 0]
    assert softmax(torch.from_numpy(largest)).tolist() == [1, 0]


@pytest.mark.parametrize("kind", ["f2", "f4", "f8", "i2", "i4", "i8", "u2", "u4", "u8"])
def test_either_byte_order_is_read(kind: str) -> None:
    one, other = (np.array([[3, 1, 2], [2, 3, 1]], dtype=order + kind) for order in "<>")
    assert torch.equal(softmax(one), softmax(other))
    assert torch.equal(balanced_assignment(one), balanced_assignment(other))
