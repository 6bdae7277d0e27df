"""What the page of transport says about its figures; it depends on what they show."""

import math

from ce_core import SinkhornStatus
from lab.language.catalogues import N_, _
from lab.language.numerals import number
from lab.transport.results import POST_ITERATIONS, TOL, Answer
from lab.transport.state import CLOUDS, DIGITS, TransportState, levels, points

# Where the text changes. The figures say the number, so nothing hangs on the exact place.
_BALANCED = 1e-8
_WRONG = 1e-3
_SAME = 1e-6

_ADVICE = {
    SinkhornStatus.NOT_CONVERGED: N_(
        "**Even the accelerated iteration does not arrive** within 10,000 iterations. A larger ε would."
    ),
    SinkhornStatus.INFEASIBLE: N_(
        "**No plan exists**: some rows hold more mass than the columns that they may use can take. The "
        "iteration runs on for ever and its error never goes. Forbid fewer pairs or move the weights."
    ),
    SinkhornStatus.TOLERANCE_UNREACHABLE: N_(
        "**The error is as small as rounding lets it be**, though not {tol}: C/ε is so large that its "
        "last digits carry that much. A larger ε would bring it down."
    ),
    SinkhornStatus.INVALID: N_("**These costs are not numbers**, so there is no plan."),
}


def readouts(found: Answer) -> list[tuple[str, str]]:
    """Return the three numbers that tell the story in passing."""
    return [
        (_("error"), number(found.error, digits=2)),
        (_("pairs in use"), f"{math.exp(found.entropy):.1f}"),
        ("⟨P, C⟩", f"{found.frame.transport_cost.item():.4f}"),
    ]


def plan_numbers(found: Answer) -> str:
    """Return the marginal errors."""
    return _(
        "Columns miss ν by **{columns}** of the mass, rows miss μ by **{rows}** · the short lines are "
        "ν and μ · full colour is all that a row and a column can share"
    ).format(columns=percent(found.column_error), rows=percent(found.frame.row_error.item()))


def points_numbers(found: Answer) -> str:
    """Return what the lines are."""
    return _(
        "Lines by the mass of a pair, as a share of the most it can get; below 2 % none is drawn. "
        "⟨P, C⟩ = **{cost}**, the mean squared distance."
    ).format(cost=number(found.frame.transport_cost.item(), digits=4))


def error_numbers(found: Answer) -> str:
    """Return both rates, and what each method needs."""
    trace = found.trace
    return _(
        "Birkhoff tanh²(Δ/4) = **{birkhoff}** · true σ₂² = **{true}** · an iteration leaves so much of "
        "the error · accelerated to {tol}: **{needed}** iterations"
    ).format(
        birkhoff=_rate(trace.birkhoff),
        true=_rate(trace.asymptotic),
        tol=number(TOL, digits=1),
        needed=trace.needed if trace.status == SinkhornStatus.CONVERGED else _("not reached,"),
    )


def path_numbers(found: Answer) -> str:
    """Return the present point on the path."""
    return _(
        "H(P) = **{entropy}** of at most {most} nats, as if {pairs} pairs shared the mass equally · "
        "⟨P, C⟩ = **{cost}** · entropic value ⟨P, C⟩ + ε KL(P‖μν) = {value}"
    ).format(
        entropy=number(found.entropy, digits=4),
        most=number(found.problem.limits[1], digits=4),
        pairs=number(math.exp(found.entropy), digits=4),
        cost=number(found.frame.transport_cost.item(), digits=4),
        value=number(found.frame.entropic_value.item(), digits=4),
    )


def variant_numbers(found: Answer) -> str:
    """Return how wrong the post's variant is here, and what it tells."""
    here = found.variant_now
    if here is None:
        return _("Without different costs there is nothing to compare.")
    parts = [
        _("{dtype}: **{difference}**, rows sum to 1 ± {rows}, {floored} of the kernel replaced").format(
            dtype=dtype,
            difference=number(here.differences[index, 0].item(), digits=2),
            rows=number(here.row_errors[index, 0].item(), digits=1),
            floored=percent(here.floored[index, 0].item(), digits=2),
        )
        for index, dtype in enumerate(here.dtypes)
    ]
    return _(
        "Now C/ε spans {steepness}. Largest difference of an entry of Q (rows sum to 1): {parts}. Both "
        "after the post's {count} iterations, uniform marginals."
    ).format(steepness=f"{found.steepness:,.4g}", parts=" · ".join(parts), count=POST_ITERATIONS)


def notes(found: Answer) -> list[str]:
    """Return what to notice in this state, the most important first."""
    lines = [_trouble(found), _balance(found), _regime(found), _rates(found), _variant(found)]
    return [line for line in lines if line]


def _trouble(found: Answer) -> str:
    advice = _ADVICE.get(found.trace.status)
    return _(advice).format(tol=number(TOL, digits=1)) if advice else ""


def _balance(found: Answer) -> str:
    if found.trace.status == SinkhornStatus.INFEASIBLE:
        return ""
    count = int(found.frame.n_iter)
    if count == 0:
        return _(
            "**Before the first iteration neither marginal is right**: rows miss by {rows}, columns by "
            "{columns}. The plan is only the kernel exp(−C/ε), divided by its sum."
        ).format(
            rows=percent(found.frame.row_error.item()),
            columns=percent(found.column_error),
        )
    if found.error <= _BALANCED:
        how = _("the accelerated iteration") if found.state.accelerate else _("plain iteration")
        return _(
            "**The plan is balanced**: {how} brought the error to {error} in {count} iterations."
        ).format(how=how, error=number(found.error, digits=2), count=count)
    return _(
        "**{count} iterations are not convergence.** The rows are exact, since they were scaled last; "
        "the columns still miss ν by {error} of the mass. See the bars above the plan, not those "
        "beside it."
    ).format(count=count, error=percent(found.column_error))


def _regime(found: Answer) -> str:
    if found.error > _BALANCED:
        return ""
    pairs, (least, most) = math.exp(found.entropy), found.problem.limits
    n, m = found.plan.shape
    if n == m and _uniform(found) and found.entropy < least + 0.01:
        return _(
            "**An assignment**: each row sends nearly all to one column. As if {pairs} pairs were in "
            "use, of {all}; as ε → 0 it is {least}."
        ).format(pairs=number(pairs, digits=4), all=n * m, least=n)
    if found.entropy > most - 0.01:
        return _(
            "**Independence**: H(P) is within {gap} nats of H(μ) + H(ν), the most there is. The plan "
            "is nearly μνᵀ and has forgotten the costs."
        ).format(gap=number(most - found.entropy, digits=2))
    return _(
        "**Between assignment and independence**: as if {pairs} of {all} pairs shared the mass "
        "equally. A smaller ε lowers ⟨P, C⟩ and needs more iterations."
    ).format(pairs=number(pairs, digits=3), all=n * m)


def _rates(found: Answer) -> str:
    trace = found.trace
    if trace.status == SinkhornStatus.INFEASIBLE or math.isnan(trace.asymptotic):
        return ""
    if abs(trace.birkhoff - trace.asymptotic) < _SAME:
        return _(
            "**Here both rates are {rate}**: in a uniform 2 × 2 problem Birkhoff's bound is exact, and "
            "the measured error falls along both lines."
        ).format(rate=_rate(trace.asymptotic))
    if trace.birkhoff >= 1 or trace.birkhoff == 0 or trace.asymptotic <= 0:
        if trace.birkhoff < 1:
            return ""
        return _(
            "**Birkhoff's bound says nothing here**: it is 1 to every digit. The true rate is {true}, "
            "{true_steps} iterations for a digit."
        ).format(true=_rate(trace.asymptotic), true_steps=_steps(trace.asymptotic))
    return _(
        "**Birkhoff's bound is wildly pessimistic**: it grants a digit every {bound_steps} iterations. "
        "The true rate {true} brings one every {true_steps}, once the start is behind."
    ).format(
        bound_steps=_steps(trace.birkhoff),
        true=_rate(trace.asymptotic),
        true_steps=_steps(trace.asymptotic),
    )


def _variant(found: Answer) -> str:
    here, over = found.variant_now, found.variant
    if here is None or over is None:
        return ""
    wrong = [
        dtype for index, dtype in enumerate(here.dtypes) if not here.differences[index, 0] <= _WRONG
    ]
    if wrong:
        worst = here.differences[:, 0].max().item()
        return _(
            "**The post's variant is wrong here in {dtypes}, and does not tell**: an entry of Q is off "
            "by up to {worst} of 1. Its zeros became 1e−38, so the differences between those costs are "
            "gone; yet nothing is NaN, and every row sums to 1."
        ).format(dtypes=", ".join(wrong), worst=number(worst, digits=2))
    first = [
        over.ranges[index].item() if len(index) else math.inf
        for index in ((row > _WRONG).nonzero().flatten()[:1] for row in over.differences)
    ]
    breaks = [
        _("{dtype} at {first}").format(dtype=dtype, first=f"{at:,.0f}")
        for dtype, at in zip(over.dtypes, first, strict=True)
        if math.isfinite(at)
    ]
    if not breaks:
        return _("**The post's variant is right here**, and up to a range of 100,000 on these costs.")
    return _(
        "**The post's variant is right here**, where C/ε spans {steepness}. On these costs it breaks "
        "further on: {breaks}."
    ).format(steepness=f"{found.steepness:,.3g}", breaks=", ".join(breaks))


def snippet(state: TransportState) -> str:
    """Return the Python that computes what the page shows."""
    lines = ["import torch", "import ce_core as ce", ""]
    if state.cost == DIGITS:
        lines += [
            "pixels = ce.pixel_grid(8)",
            "cost = ce.squared_distances(pixels, pixels)",
            'mu, nu = (ce.digit_image(name).flatten() for name in ("one", "zero"))',
        ]
    else:
        if state.cost == CLOUDS:
            for name, cloud in zip("xy", points(state), strict=True):
                told = ",\n".join(f"    [{a:.12g}, {b:.12g}]" for a, b in cloud)
                lines.append(f"{name} = torch.tensor([\n{told},\n], dtype=torch.float64)")
            lines.append("cost = ce.squared_distances(x, y)")
        else:
            lines.append(
                f"cost = ce.random_cost({state.rows}, {state.columns}, "
                f"exponent={state.power!r}, seed={state.draw})"
            )
        for name, text, size in (("mu", state.mu, state.rows), ("nu", state.nu, state.columns)):
            if text:
                weights = ", ".join(map(str, levels(text, size)))
                lines.append(f"{name} = torch.tensor([{weights}], dtype=torch.float64)")
                lines.append(f"{name} = {name} / {name}.sum()")
            else:
                lines.append(f"{name} = None")
    if state.forbidden:
        lines.append(f"cost = ce.forbid_pairs(cost, {state.forbidden!r}, seed={state.draw})")
    tol = f", tol={TOL!r}" if state.accelerate else ""
    lines += [
        "",
        "frame = ce.plans_along_iterations(",
        f"    cost, eps={state.epsilon!r}, counts=[{state.iterations}], mu=mu, nu=nu{tol}",
        ")",
        "print(frame.plan[0])",
        "print(frame.row_error + frame.column_error)",
        f"trace = ce.trace_convergence(cost, eps={state.epsilon!r}, mu=mu, nu=nu)",
        "print(trace.birkhoff, trace.asymptotic)",
        f"print(ce.post_assignment(cost.float(), eps={state.epsilon!r}, n_iter={POST_ITERATIONS}))",
    ]
    return "\n".join(lines)


def command(state: TransportState) -> str:
    """Return the command line that solves the problem, from files of costs and marginals."""
    weights = "" if state.cost != DIGITS and not (state.mu or state.nu) else " --mu mu.csv --nu nu.csv"
    return (
        f"python -m ce_core sinkhorn --cost cost.csv{weights} --eps {state.epsilon:.12g} "
        f"--tol {TOL:g} --plan plan.csv"
    )


def percent(share: float, *, digits: int = 3) -> str:
    """Write a share of 1 in percent, its power of ten raised where it is tiny."""
    return f"{number(100 * share, digits=digits)} %"


def _uniform(found: Answer) -> bool:
    return all(bool((weights == weights[0]).all()) for weights in (found.problem.mu, found.problem.nu))


def _rate(value: float) -> str:
    """Write a rate so that what it lacks of 1 is seen."""
    if value > 0.99:
        return _("1 − {gap}").format(gap=number(1 - value, digits=2)) if value < 1 else "1"
    return number(value, digits=4)


def _steps(rate: float) -> str:
    """Write how many iterations a rate needs for a tenth of the error."""
    if rate >= 1:
        return "∞"
    return number(max(1.0, math.log(0.1) / math.log(rate)), digits=2)
