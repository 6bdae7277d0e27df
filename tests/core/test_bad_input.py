"""Every public function, each argument replaced by what people pass by mistake.

Either it works, and gives no NaN that the value does not explain, or it raises ValueError in one line.
"""

import inspect
import math
from collections.abc import Iterator

import pytest

from tests.support.bad_values import BAD_VALUES, NOT_FINITE, faults_of, numbers_of, outcome_of
from tests.support.calls import CALLS, PUBLIC_FUNCTIONS, Call

pytestmark = pytest.mark.usefixtures("without_shape_checks")

# Where NaN is what the documentation promises for a number that is finite.
NAN_IS_DOCUMENTED = {
    "lambert_w": "of a negative number",
    "entropy": "of a negative weight",
    "kl_divergence": "of a negative weight",
    "compare_losses": "of what a few trials do not say",
    "sort_losses": "of a single trial",
    "trace_convergence": "of a rate that is not known",
    "trace_formula": "the formulas are traced for that",
    "trace_formulas": "the formulas are traced for that",
    "difference_errors": "of a step that the dtype rounds to 0",
    "post_assignment": "of what leaves the dtype: it is the post's recipe as it stands",
    "eps_for_perplexity": "of what is out of reach",
    "iterations_for_error": "of a rate that is not known",
    "temperature_for_entropy": "of what is out of reach",
    "tuning_map": "of a rate that is not known",
    "recommend": "of a number of iterations at which no eps meets a need",
    "run_sweep": "of a trial that has no finite loss",
}
# A function that is given and does not do what it is given for speaks for itself.
ITS_OWN_ERRORS = {("sinkhorn_divergence", "cost", "function"), ("sinkhorn_divergence", "cost", "class")}

every_call = pytest.mark.parametrize("call", CALLS, ids=str)


def test_every_public_function_has_a_call() -> None:
    assert {call.name for call in CALLS} == PUBLIC_FUNCTIONS
    assert len(CALLS) == len(PUBLIC_FUNCTIONS)


@every_call
def test_call_names_every_argument_and_works(call: Call) -> None:
    arguments = call.make()
    assert set(arguments) == set(inspect.signature(call.function).parameters)
    assert set(call.differentiable) <= set(arguments)
    call()


@every_call
def test_unknown_keyword_is_a_type_error(call: Call) -> None:
    with pytest.raises(TypeError, match="unexpected keyword"):
        call(no_such_option=1)


@every_call
def test_bad_value_works_or_is_refused_in_one_line(call: Call) -> None:
    faults = [
        f"{argument}={kind}: {fault}"
        for argument in call.make()
        for kind in BAD_VALUES
        for fault in faults_with(call, argument, kind)
    ]
    assert not faults, "\n".join(faults)


def faults_with(call: Call, argument: str, kind: str) -> Iterator[str]:
    """Yield what is wrong with how a function takes a bad value."""
    if (call.name, argument, kind) in ITS_OWN_ERRORS:
        return
    try:
        result, message = outcome_of(call, {argument: BAD_VALUES[kind]()})
    except Exception as error:
        yield f"{type(error).__name__}: {str(error)[:200]}"
        return
    if message is not None:
        yield from (f"{fault}: {message[:300]}" for fault in faults_of(message, call.names))
    explained = kind in NOT_FINITE or call.name in NAN_IS_DOCUMENTED
    if not explained and any(map(math.isnan, numbers_of(result))):
        yield "NaN without a word"
