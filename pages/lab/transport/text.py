"""What the page of transport says about its figures; it depends on what they show."""

import math

from ce_core import SinkhornStatus
from lab.language.catalogues import _, ngettext
from lab.language.numerals import below_one, counted, number, percent
from lab.language.sentences import sentences
from lab.transport.answer import handle_words, loses_mass, misplaced
from lab.transport.results import POST_ITERATIONS, TOL, Results
from lab.transport.state import CLOUDS, DIGITS, TransportState, levels, points


def readouts(found: Results) -> list[tuple[str, str]]:
    """Return the three numbers that tell the story in passing."""
    share = _("no plan") if loses_mass(found) else misplaced(found.column_error)
    return [
        (_("misplaced"), share),
        (_("pairs in use"), _pairs(found)),
        ("⟨P, C⟩", f"{found.frame.transport_cost.item():.4f}"),
    ]


def _pairs(found: Results) -> str:
    return _("none") if math.isnan(found.pairs_in_use) else f"{found.pairs_in_use:.1f}"


def points_numbers(found: Results) -> str:
    """Return what the lines are."""
    return _(
        "Lines by a pair's mass, as a share of the most that any can get; below 2 % none is drawn. "
        "⟨P, C⟩ = **{cost}**: squared distance times mass, all together."
    ).format(cost=number(found.frame.transport_cost.item(), digits=4))


def error_numbers(found: Results) -> str:
    """Return the present iteration, both rates, and what each method needs."""
    trace = found.trace
    head = f"**{handle_words(found)}**"
    rates = _rates(found.rate, trace.birkhoff)
    share = misplaced(TOL)
    if trace.status != SinkhornStatus.CONVERGED:
        needed = _("accelerated to {share}: **not reached**").format(share=share)
    else:
        needed = ngettext(
            "accelerated to {share}: **{needed}** iteration",
            "accelerated to {share}: **{needed}** iterations",
            trace.needed,
        ).format(needed=counted(trace.needed), share=share)
    return " · ".join((head, rates, needed))


def path_numbers(found: Results) -> str:
    """Return the present point on the path."""
    words = _(
        "H(P) = **{entropy}** nats, of a balanced plan at most {most} · pairs in use, e^H(P): {pairs} "
        "· ⟨P, C⟩ = **{cost}** · entropic value ⟨P, C⟩ + ε KL(P‖μν) = {value}"
    )
    if not found.feasible:
        words = _(
            "H(P) = **{entropy}** nats · pairs in use, e^H of the plan brought to mass 1: {pairs} · "
            "⟨P, C⟩ = **{cost}** · entropic value ⟨P, C⟩ + ε KL(P‖μν) = {value}"
        )
    return words.format(
        entropy=number(found.entropy, digits=4),
        most=number(found.problem.limits[1], digits=4),
        pairs=_pairs(found),
        cost=number(found.frame.transport_cost.item(), digits=4),
        value=number(found.frame.entropic_value.item(), digits=4),
    )


def variant_numbers(found: Results) -> str:
    """Return how wrong the post's variant is here, and what it tells."""
    here = found.variant_now
    if here is None:
        return _("Without two finite costs that differ there is nothing to compare.")
    parts = [
        _(
            "{dtype}: no plan to compare with, and it gives one; {floored} of the kernel replaced"
        ).format(dtype=dtype, floored=percent(here.floored[index, 0].item(), digits=2))
        if here.differences[index, 0].isnan()
        else _(
            "{dtype}: **{difference}**, rows sum to 1 ± {rows}, {floored} of the kernel replaced"
        ).format(
            dtype=dtype,
            difference=number(here.differences[index, 0].item(), digits=2),
            rows=number(here.row_errors[index, 0].item(), digits=1),
            floored=percent(here.floored[index, 0].item(), digits=2),
        )
        for index, dtype in enumerate(here.dtypes)
    ]
    text = ngettext(
        "Now C/ε spans {steepness}. Largest difference of an entry of Q (rows sum to 1): {parts}. Both "
        "after the post's {count} iteration, uniform marginals.",
        "Now C/ε spans {steepness}. Largest difference of an entry of Q (rows sum to 1): {parts}. Both "
        "after the post's {count} iterations, uniform marginals.",
        POST_ITERATIONS,
    ).format(steepness=f"{found.steepness:,.4g}", parts=" · ".join(parts), count=POST_ITERATIONS)
    other = "" if found.problem.uniform else _("Those of the plan above are others.")
    return sentences(text, other)


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


def _rates(rate: float, birkhoff: float) -> str:
    """Say what an iteration leaves in the end, and what it leaves at most."""
    if math.isnan(rate):
        return _("its rate is not known here")
    bound = _("Birkhoff's bound tanh²(Δ/4), dotted: {rate}").format(rate=below_one(birkhoff))
    left = (
        _("in the end each leaves all of it, to every digit (σ₂², dashed)")
        if rate >= 1
        else _("each leaves **{rate}** of it in the end (σ₂², dashed)").format(rate=below_one(rate))
    )
    return f"{left} · {bound}"


def steps_said(rate: float) -> str:
    """Write how many iterations a rate needs to make the error a tenth."""
    if rate == 0:
        return "0"
    return number(math.log(0.1) / math.log(rate), digits=2)
