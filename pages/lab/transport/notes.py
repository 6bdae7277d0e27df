"""What to notice on the page of transport; it depends on what was computed."""

import math

from ce_core import SinkhornStatus
from lab.language.catalogues import N_, _, ngettext
from lab.language.numerals import below_one, number, percent
from lab.language.sentences import sentences
from lab.page.notes import Note
from lab.transport.answer import misplaced
from lab.transport.results import BALANCED, TOL, Results
from lab.transport.text import steps_said

# Where the text changes. The figures say the number, so nothing hangs on the exact place.
_WRONG = 1e-3
_ROUNDING = 1e-9
_ASSIGNED = 0.95
_CHEAPER = 1e-3
# Iterations by the bound, over those by the true rate.
_PESSIMISTIC, _WILDLY = 2.0, 10.0

_ADVICE = {
    SinkhornStatus.NOT_CONVERGED: N_(
        "**Even the accelerated iteration does not arrive** within 10,000 iterations. A larger ε would."
    ),
    SinkhornStatus.INFEASIBLE: N_(
        "**No plan exists**: some rows hold more mass than the columns that they may use can take. The "
        "iteration runs on for ever and never gets there. Forbid fewer pairs or move the weights."
    ),
    SinkhornStatus.TOLERANCE_UNREACHABLE: N_(
        "**As little is misplaced as rounding allows**, though more than {share}: C/ε is so large that "
        "its last digits carry that much. A larger ε would bring it down."
    ),
    SinkhornStatus.INVALID: N_("**These costs are not numbers**, so there is no plan."),
}


def notes(found: Results) -> list[Note]:
    """Return what to notice in this state, the most important first."""
    lines = [_trouble(found), _balance(found), _breach(found), _regime(found)]
    lines += [_rates(found), _variant(found)]
    return [line for line in lines if line]


def _trouble(found: Results) -> Note | None:
    status = found.trace.status
    advice = _ADVICE.get(status)
    if advice is None:
        return None
    return Note(status.name.lower().replace("_", "-"), _(advice).format(share=misplaced(TOL)))


def _balance(found: Results) -> Note | None:
    if not found.feasible:
        return None
    count = int(found.frame.n_iter)
    if count == 0:
        text = _(
            "**Before the first iteration** the plan is only the kernel, μν exp(−C/ε), divided by its "
            "sum."
        )
        neither = min(found.row_error, found.column_error) > _ROUNDING
        return Note("kernel-only", sentences(text, _("Neither side is right.") if neither else ""))
    if found.balanced:
        text = (
            ngettext(
                "**The plan is balanced**: the accelerated iteration left {share} misplaced after "
                "{count} iteration.",
                "**The plan is balanced**: the accelerated iteration left {share} misplaced after "
                "{count} iterations.",
                count,
            )
            if found.state.accelerate
            else ngettext(
                "**The plan is balanced**: plain iteration left {share} misplaced after {count} "
                "iteration.",
                "**The plan is balanced**: plain iteration left {share} misplaced after {count} "
                "iterations.",
                count,
            )
        )
        share = misplaced(max(found.row_error, found.column_error))
        return Note("balanced", text.format(share=share, count=count))
    head = ngettext(
        "**{count} iteration is not convergence.**",
        "**{count} iterations are not convergence.**",
        count,
    )
    rest = (
        _(
            "The rows are exact up to rounding, since they were scaled last: see the bars above the "
            "plan, not those beside it. {columns} of the mass is in wrong columns."
        )
        if found.row_error < _ROUNDING
        else _("{columns} of the mass is in wrong columns, {rows} in wrong rows.")
    )
    said = {"columns": misplaced(found.column_error), "rows": misplaced(found.row_error)}
    return Note("not-converged-yet", sentences(head.format(count=count), rest.format(**said)))


def _breach(found: Results) -> Note | None:
    """Return that a plan is cheaper than the balanced one at its eps for want of balance."""
    cost, balanced = found.frame.transport_cost.item(), found.balanced_cost
    # A NaN, where the balanced plan is not known, is not below.
    if found.balanced or not cost < (1 - _CHEAPER) * balanced:
        return None
    text = _(
        "**Cheaper, since it is not balanced**: ⟨P, C⟩ = {cost} is below the {balanced} of the "
        "balanced plan at this ε. It saves by missing a marginal, so it is no better transport."
    )
    said = {"cost": number(cost, digits=4), "balanced": number(balanced, digits=4)}
    return Note("cheaper-unbalanced", text.format(**said))


def _costs_are_equal(found: Results) -> bool:
    return not found.problem.spread and bool(found.problem.cost.isfinite().all())


def _regime(found: Results) -> Note | None:
    """Return where a balanced plan lies between assignment and independence."""
    if not found.balanced:
        return None
    # Of equal costs the kernel is μνᵀ already; all else is said of a plan that was iterated.
    if _costs_are_equal(found) and not found.problem.has_one_plan:
        text = _("**All costs are equal**: no plan is cheaper, and the balanced one is μνᵀ at every ε.")
        return Note("equal-costs", text)
    if not int(found.frame.n_iter):
        return None
    if found.problem.has_one_plan:
        text = _(
            "**There is only one plan**: one row or one column holds all the mass, so nothing is left "
            "to choose, and no ε changes it."
        )
        return Note("only-plan", text)
    pairs, most = math.exp(found.entropy), found.problem.limits[1]
    n, m = found.plan.shape
    used = {"pairs": number(pairs, digits=4), "all": n * m}
    if found.problem.square and (found.plan.amax(1) / found.problem.mu).min() > _ASSIGNED:
        text = _(
            "**An assignment**: each row sends more than {share} of its mass to one column. As if "
            "{pairs} of {all} pairs were in use; an assignment has {least}."
        )
        return Note("assignment", text.format(least=n, share=percent(_ASSIGNED), **used))
    if found.entropy > most - 0.01:
        text = _(
            "**Independence**: H(P) is within {gap} nats of H(μ) + H(ν), the most there is. The plan "
            "is nearly μνᵀ and has forgotten the costs."
        )
        gap = number(max(0.0, most - found.entropy), digits=2)
        return Note("independence", text.format(gap=gap))
    text = _(
        "**Between assignment and independence**: as if {pairs} of {all} pairs shared the mass equally."
    )
    return Note("between", sentences(text.format(**used), _cheaper(found)))


def _cheaper(found: Results) -> str:
    """Return what a smaller eps would bring; empty where that is nothing to speak of."""
    smaller = found.path.eps < found.state.eps
    if not smaller.any():
        return ""
    cost, least = found.frame.transport_cost.item(), found.path.transport_cost[smaller].min().item()
    if cost - least <= _CHEAPER * abs(cost):
        return ""
    return _("A smaller ε lowers ⟨P, C⟩, on the chart to {least}.").format(
        least=number(least, digits=4)
    )


def _rates(found: Results) -> Note | None:
    """Return how fast plain iteration comes to rest, against Birkhoff's bound."""
    bound, rate = found.trace.birkhoff, found.rate
    if not found.feasible or math.isnan(rate) or rate == 0:
        return None
    if found.problem.cost.shape == (2, 2) and found.problem.uniform and bound < 1:
        text = _(
            "**Here both rates are {rate}**: in a uniform 2 × 2 problem Birkhoff's bound is exact, and "
            "what is misplaced falls along both lines."
        )
        return Note("one-rate", text.format(rate=below_one(rate)))
    if rate >= 1:
        # In a plan that falls into parts there is a σ₂ of 1 for each but the first.
        left = found.trace.plain[-1].item()
        at_rest = left < BALANCED
        text = (
            _(
                "**σ₂² is 1 to every digit, and yet next to nothing is misplaced**: the plan falls "
                "into parts that exchange next to nothing, and each of them is balanced."
            )
            if at_rest
            else _(
                "**Both rates are 1 to every digit** and promise nothing: {count} plain iterations "
                "leave {left} misplaced."
            ).format(count=len(found.trace.plain), left=misplaced(left))
        )
        return Note("parts-at-rest" if at_rest else "stands-still", text)
    true = {"true": below_one(rate), "true_steps": steps_said(rate)}
    if bound >= 1:
        text = _(
            "**Birkhoff's bound says nothing here**: it is 1 to every digit. The true rate is {true}; "
            "iterations that it needs for a digit: {true_steps}."
        )
        return Note("bound-says-nothing", text.format(**true))
    excess = math.log(rate) / math.log(bound) if bound else 1.0
    if excess < _PESSIMISTIC:
        return None
    text = (
        _(
            "**Birkhoff's bound is wildly pessimistic.** Iterations for a digit, by the bound: "
            "{bound_steps}; by the true rate {true}, once the start is behind: {true_steps}."
        )
        if excess >= _WILDLY
        else _(
            "**Birkhoff's bound is pessimistic.** Iterations for a digit, by the bound: {bound_steps}; "
            "by the true rate {true}, once the start is behind: {true_steps}."
        )
    )
    return Note("bound-pessimistic", text.format(bound_steps=steps_said(bound), **true))


def _variant(found: Results) -> Note | None:
    """Return whether the post's variant is right on these costs; it knows uniform marginals only."""
    here, over = found.variant_now, found.variant
    if here is None or over is None or here.differences[:, 0].isnan().any():
        return None
    wrong = [dtype for index, dtype in enumerate(here.dtypes) if here.differences[index, 0] > _WRONG]
    other = (
        ""
        if found.problem.uniform
        else _(
            "That is with uniform marginals, the only ones it knows; those on the screen are others."
        )
    )
    if wrong:
        text = _(
            "**The post's variant is wrong here in {dtypes}, and does not tell**: an entry of Q, each "
            "from 0 to 1, is wrong by {worst}, yet nothing is NaN, and every row sums to 1."
        ).format(dtypes=", ".join(wrong), worst=number(here.differences[:, 0].max().item(), digits=2))
        floored = any(here.floored[here.dtypes.index(dtype), 0] > 0 for dtype in wrong)
        why = (
            _("Zeros of its kernel became 1e−38, so the differences between those costs are gone.")
            if floored
            else _("The smallest entries of its kernel have lost their digits.")
        )
        return Note("variant-wrong", sentences(text, why, other))
    first = [
        over.ranges[index].item() if len(index) else math.inf
        for index in ((row > _WRONG).nonzero().flatten()[:1] for row in over.differences)
    ]
    breaks = [
        _("{dtype} at about {first}").format(dtype=dtype, first=f"{at:,.0f}")
        for dtype, at in zip(over.dtypes, first, strict=True)
        if math.isfinite(at)
    ]
    if not breaks:
        text = _("**The post's variant is right here**, and up to a range of 100,000 on these costs.")
        return Note("variant-never-breaks", sentences(text, other))
    text = _(
        "**The post's variant is right here**, where C/ε spans {steepness}. Over all ranges it first "
        "breaks on these costs: {breaks}."
    ).format(steepness=f"{found.steepness:,.3g}", breaks=", ".join(breaks))
    return Note("variant-breaks-later", sentences(text, other))
