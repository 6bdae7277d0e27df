"""What the page of transport says about its figures; it depends on what they show."""

import math

from ce_core import SinkhornStatus
from lab.language.catalogues import N_, _, ngettext
from lab.language.numerals import number, percent
from lab.page.notes import Note
from lab.transport.results import POST_ITERATIONS, TOL, Results
from lab.transport.state import CLOUDS, DIGITS, TransportState, levels, points

# Where the text changes. The figures say the number, so nothing hangs on the exact place.
_BALANCED = 1e-8
_WRONG = 1e-3

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


def readouts(found: Results) -> list[tuple[str, str]]:
    """Return the three numbers that tell the story in passing."""
    return [
        (_("error"), number(found.error, digits=2)),
        (_("pairs in use"), f"{math.exp(found.entropy):.1f}"),
        ("⟨P, C⟩", f"{found.frame.transport_cost.item():.4f}"),
    ]


def plan_numbers(found: Results) -> str:
    """Return the marginal errors."""
    return _(
        "Columns miss ν by **{columns}** of the mass, rows miss μ by **{rows}** · the short lines are "
        "ν and μ · full colour is all that a row and a column can share"
    ).format(columns=percent(found.column_error), rows=percent(found.frame.row_error.item()))


def points_numbers(found: Results) -> str:
    """Return what the lines are."""
    return _(
        "Lines by the mass of a pair, as a share of the most it can get; below 2 % none is drawn. "
        "⟨P, C⟩ = **{cost}**, the mean squared distance."
    ).format(cost=number(found.frame.transport_cost.item(), digits=4))


def error_numbers(found: Results) -> str:
    """Return both rates, and what each method needs."""
    trace = found.trace
    rates = {
        "birkhoff": _rate(trace.birkhoff),
        "true": _rate(trace.asymptotic),
        "tol": number(TOL, digits=1),
    }
    if trace.status != SinkhornStatus.CONVERGED:
        return _(
            "Birkhoff tanh²(Δ/4) = **{birkhoff}** · true σ₂² = **{true}** · an iteration leaves so "
            "much of the error · accelerated to {tol}: **not reached**"
        ).format(**rates)
    return ngettext(
        "Birkhoff tanh²(Δ/4) = **{birkhoff}** · true σ₂² = **{true}** · an iteration leaves so much of "
        "the error · accelerated to {tol}: **{needed}** iteration",
        "Birkhoff tanh²(Δ/4) = **{birkhoff}** · true σ₂² = **{true}** · an iteration leaves so much of "
        "the error · accelerated to {tol}: **{needed}** iterations",
        trace.needed,
    ).format(needed=trace.needed, **rates)


def path_numbers(found: Results) -> str:
    """Return the present point on the path."""
    return _(
        "H(P) = **{entropy}** of at most {most} nats · pairs in use, e^H(P): {pairs} · "
        "⟨P, C⟩ = **{cost}** · entropic value ⟨P, C⟩ + ε KL(P‖μν) = {value}"
    ).format(
        entropy=number(found.entropy, digits=4),
        most=number(found.problem.limits[1], digits=4),
        pairs=number(math.exp(found.entropy), digits=4),
        cost=number(found.frame.transport_cost.item(), digits=4),
        value=number(found.frame.entropic_value.item(), digits=4),
    )


def variant_numbers(found: Results) -> str:
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
    return ngettext(
        "Now C/ε spans {steepness}. Largest difference of an entry of Q (rows sum to 1): {parts}. Both "
        "after the post's {count} iteration, uniform marginals.",
        "Now C/ε spans {steepness}. Largest difference of an entry of Q (rows sum to 1): {parts}. Both "
        "after the post's {count} iterations, uniform marginals.",
        POST_ITERATIONS,
    ).format(steepness=f"{found.steepness:,.4g}", parts=" · ".join(parts), count=POST_ITERATIONS)


def notes(found: Results) -> list[Note]:
    """Return what to notice in this state, the most important first."""
    lines = [_trouble(found), _balance(found), _regime(found), _rates(found), _variant(found)]
    return [line for line in lines if line]


def _trouble(found: Results) -> Note | None:
    status = found.trace.status
    advice = _ADVICE.get(status)
    if advice is None:
        return None
    return Note(status.name.lower().replace("_", "-"), _(advice).format(tol=number(TOL, digits=1)))


def _balance(found: Results) -> Note | None:
    if found.trace.status == SinkhornStatus.INFEASIBLE:
        return None
    count = int(found.frame.n_iter)
    if count == 0:
        text = _(
            "**Before the first iteration neither marginal is right**: rows miss by {rows}, columns by "
            "{columns}. The plan is only the kernel exp(−C/ε), divided by its sum."
        ).format(rows=percent(found.frame.row_error.item()), columns=percent(found.column_error))
        return Note("kernel-only", text)
    if found.error <= _BALANCED:
        text = (
            ngettext(
                "**The plan is balanced**: the accelerated iteration brought the error to {error} in "
                "{count} iteration.",
                "**The plan is balanced**: the accelerated iteration brought the error to {error} in "
                "{count} iterations.",
                count,
            )
            if found.state.accelerate
            else ngettext(
                "**The plan is balanced**: plain iteration brought the error to {error} in {count} "
                "iteration.",
                "**The plan is balanced**: plain iteration brought the error to {error} in {count} "
                "iterations.",
                count,
            )
        )
        return Note("balanced", text.format(error=number(found.error, digits=2), count=count))
    text = ngettext(
        "**{count} iteration is not convergence.** The rows are exact, since they were scaled last; "
        "the columns still miss ν by {error} of the mass. See the bars above the plan, not those "
        "beside it.",
        "**{count} iterations are not convergence.** The rows are exact, since they were scaled last; "
        "the columns still miss ν by {error} of the mass. See the bars above the plan, not those "
        "beside it.",
        count,
    )
    return Note("not-converged-yet", text.format(count=count, error=percent(found.column_error)))


def _regime(found: Results) -> Note | None:
    if found.error > _BALANCED:
        return None
    pairs, (least, most) = math.exp(found.entropy), found.problem.limits
    n, m = found.plan.shape
    if n == m and _uniform(found) and found.entropy < least + 0.01:
        text = _(
            "**An assignment**: each row sends nearly all to one column. As if {pairs} of {all} pairs "
            "were in use; as ε → 0 it is {least}."
        ).format(pairs=number(pairs, digits=4), all=n * m, least=n)
        return Note("assignment", text)
    if found.entropy > most - 0.01:
        text = _(
            "**Independence**: H(P) is within {gap} nats of H(μ) + H(ν), the most there is. The plan "
            "is nearly μνᵀ and has forgotten the costs."
        )
        return Note("independence", text.format(gap=number(most - found.entropy, digits=2)))
    text = _(
        "**Between assignment and independence**: as if {pairs} of {all} pairs shared the mass "
        "equally. A smaller ε lowers ⟨P, C⟩ and needs more iterations."
    )
    return Note("between", text.format(pairs=number(pairs, digits=3), all=n * m))


def _rates(found: Results) -> Note | None:
    trace = found.trace
    if trace.status == SinkhornStatus.INFEASIBLE or math.isnan(trace.asymptotic):
        return None
    if trace.asymptotic <= 0:
        return None
    if found.problem.cost.shape == (2, 2) and _uniform(found) and trace.birkhoff < 1:
        text = _(
            "**Here both rates are {rate}**: in a uniform 2 × 2 problem Birkhoff's bound is exact, and "
            "the measured error falls along both lines."
        )
        return Note("one-rate", text.format(rate=_rate(trace.asymptotic)))
    true = {"true": _rate(trace.asymptotic), "true_steps": _steps(trace.asymptotic)}
    if trace.birkhoff >= 1:
        text = _(
            "**Birkhoff's bound says nothing here**: it is 1 to every digit. The true rate is {true}; "
            "iterations that it needs for a digit: {true_steps}."
        )
        return Note("bound-says-nothing", text.format(**true))
    if trace.birkhoff == 0 or math.log(trace.asymptotic) > 2 * math.log(trace.birkhoff):
        return None
    text = _(
        "**Birkhoff's bound is wildly pessimistic.** Iterations for a digit, by the bound: "
        "{bound_steps}; by the true rate {true}, once the start is behind: {true_steps}."
    )
    return Note("bound-pessimistic", text.format(bound_steps=_steps(trace.birkhoff), **true))


def _variant(found: Results) -> Note | None:
    here, over = found.variant_now, found.variant
    if here is None or over is None or here.differences[:, 0].isnan().any():
        return None
    wrong = [dtype for index, dtype in enumerate(here.dtypes) if here.differences[index, 0] > _WRONG]
    if wrong:
        worst = here.differences[:, 0].max().item()
        text = _(
            "**The post's variant is wrong here in {dtypes}, and does not tell**: an entry of Q is off "
            "by up to {worst} of 1. Its zeros became 1e−38, so the differences between those costs are "
            "gone; yet nothing is NaN, and every row sums to 1."
        ).format(dtypes=", ".join(wrong), worst=number(worst, digits=2))
        return Note("variant-wrong", text)
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
        text = _("**The post's variant is right here**, and up to a range of 100,000 on these costs.")
        return Note("variant-never-breaks", text)
    text = _(
        "**The post's variant is right here**, where C/ε spans {steepness}. On these costs it breaks "
        "further on: {breaks}."
    ).format(steepness=f"{found.steepness:,.3g}", breaks=", ".join(breaks))
    return Note("variant-breaks-later", text)


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
                f"cost = ce.random_cost({state.n}, {state.m}, "
                f"exponent={state.cost_exponent!r}, seed={state.seed})"
            )
        for name, text, size in (("mu", state.mu, state.n), ("nu", state.nu, state.m)):
            if text:
                weights = ", ".join(map(str, levels(text, size)))
                lines.append(f"{name} = torch.tensor([{weights}], dtype=torch.float64)")
                lines.append(f"{name} = {name} / {name}.sum()")
            else:
                lines.append(f"{name} = None")
    if state.forbidden:
        lines.append(f"cost = ce.forbid_pairs(cost, {state.forbidden!r}, seed={state.seed})")
    tol = f", tol={TOL!r}" if state.accelerate else ""
    lines += [
        "",
        "frame = ce.plans_along_iterations(",
        f"    cost, eps={state.eps!r}, counts=[{state.n_iter}], mu=mu, nu=nu{tol}",
        ")",
        "print(frame.plan[0])",
        "print(frame.row_error + frame.column_error)",
        f"trace = ce.trace_convergence(cost, eps={state.eps!r}, mu=mu, nu=nu)",
        "print(trace.birkhoff, trace.asymptotic)",
        f"print(ce.post_assignment(cost.float(), eps={state.eps!r}, n_iter={POST_ITERATIONS}))",
    ]
    return "\n".join(lines)


def command(state: TransportState) -> str:
    """Return the command line that solves the problem, from files of costs and marginals."""
    weights = "" if state.cost != DIGITS and not (state.mu or state.nu) else " --mu mu.csv --nu nu.csv"
    return (
        f"python -m ce_core sinkhorn --cost cost.csv{weights} --eps {state.eps:.12g} "
        f"--tol {TOL:g} --plan plan.csv"
    )


def _uniform(found: Results) -> bool:
    return all(bool((weights == weights[0]).all()) for weights in (found.problem.mu, found.problem.nu))


def _rate(value: float) -> str:
    """Write a rate so that what it lacks of 1 is seen."""
    if value > 0.99:
        return _("1 − {gap}").format(gap=number(1 - value, digits=2)) if value < 1 else "1"
    return number(value, digits=4)


def _steps(rate: float) -> str:
    """Write how many iterations a rate needs to make the error a tenth."""
    if rate >= 1:
        return "∞"
    return number(max(1.0, math.log(0.1) / math.log(rate)), digits=2)
