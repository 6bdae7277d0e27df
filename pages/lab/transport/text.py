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
    """Return what the plan costs."""
    return _("⟨P, C⟩ = **{cost}**: squared distance times mass, all together.").format(
        cost=number(found.frame.transport_cost.item(), digits=4)
    )


def points_why() -> str:
    """Return how wide the lines are."""
    return _(
        "Lines by a pair's mass, as a share of the most that any can get; below 2 % none is drawn."
    )


def error_numbers(found: Results) -> str:
    """Return the present iteration, and what each leaves in the end."""
    return f"**{handle_words(found)}** · {_left(found.rate)}"


def error_why(found: Results) -> str:
    """Return what an iteration leaves at most, and how many the accelerated method needs."""
    trace = found.trace
    share = misplaced(TOL)
    needed = _("Accelerated to {share}: **not reached**.").format(share=share)
    if trace.status == SinkhornStatus.CONVERGED:
        needed = ngettext(
            "Accelerated to {share}: **{needed}** iteration.",
            "Accelerated to {share}: **{needed}** iterations.",
            trace.needed,
        ).format(needed=counted(trace.needed), share=share)
    if math.isnan(found.rate):
        return needed
    bound = _("Birkhoff's bound tanh²(Δ/4), dotted: {rate}.").format(rate=below_one(trace.birkhoff))
    return sentences(bound, needed)


def path_numbers(found: Results) -> str:
    """Return the present point on the path."""
    words = (
        _(
            "H(P) = **{entropy}** nats, of a balanced plan at most {most} · pairs in use: {pairs} · "
            "⟨P, C⟩ = **{cost}**"
        )
        if found.feasible
        else _("H(P) = **{entropy}** nats · pairs in use: {pairs} · ⟨P, C⟩ = **{cost}**")
    )
    return words.format(
        entropy=number(found.entropy, digits=4),
        most=number(found.problem.limits[1], digits=4),
        pairs=_pairs(found),
        cost=number(found.frame.transport_cost.item(), digits=4),
    )


def path_why(found: Results) -> str:
    """Return what counts the pairs, and the entropic value."""
    pairs = (
        _("Pairs in use: e^H(P).")
        if found.feasible
        else _("Pairs in use: e^H of the plan brought to mass 1.")
    )
    value = _("Entropic value ⟨P, C⟩ + ε KL(P‖μν) = {value}.").format(
        value=number(found.frame.entropic_value.item(), digits=4)
    )
    return sentences(pairs, value)


def variant_numbers(found: Results) -> str:
    """Return how wrong the post's variant is here."""
    here = found.variant_now
    if here is None:
        return _("Without two finite costs that differ there is nothing to compare.")
    parts = [
        _("{dtype} no plan to compare with").format(dtype=dtype)
        if difference.isnan()
        else _("{dtype} **{difference}**").format(
            dtype=dtype, difference=number(difference.item(), digits=2)
        )
        for dtype, difference in zip(here.dtypes, here.differences[:, 0], strict=True)
    ]
    return _("C/ε spans {steepness} · an entry of Q is off by up to: {parts}").format(
        steepness=f"{found.steepness:,.4g}", parts=" · ".join(parts)
    )


def variant_why(found: Results) -> str:
    """Return what the variant itself tells, and what is compared; empty where nothing is."""
    here = found.variant_now
    if here is None:
        return ""
    parts = [
        _("{dtype} gives one all the same, {floored} of the kernel replaced").format(
            dtype=dtype, floored=percent(here.floored[index, 0].item(), digits=2)
        )
        if here.differences[index, 0].isnan()
        else _("{dtype} rows sum to 1 ± {rows}, {floored} of the kernel replaced").format(
            dtype=dtype,
            rows=number(here.row_errors[index, 0].item(), digits=1),
            floored=percent(here.floored[index, 0].item(), digits=2),
        )
        for index, dtype in enumerate(here.dtypes)
    ]
    text = ngettext(
        "{parts}. Both after the post's {count} iteration, uniform marginals.",
        "{parts}. Both after the post's {count} iterations, uniform marginals.",
        POST_ITERATIONS,
    ).format(parts=" · ".join(parts), count=POST_ITERATIONS)
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


def _left(rate: float) -> str:
    """Say what an iteration leaves in the end."""
    if math.isnan(rate):
        return _("its rate is not known here")
    if rate >= 1:
        return _("in the end each leaves all of it, to every digit (σ₂², dashed)")
    return _("each leaves **{rate}** of it in the end (σ₂², dashed)").format(rate=below_one(rate))


def steps_said(rate: float) -> str:
    """Write how many iterations a rate needs to make the error a tenth."""
    if rate == 0:
        return "0"
    return number(math.log(0.1) / math.log(rate), digits=2)
