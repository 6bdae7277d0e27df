"""What stands at the figures of the softmax: numbers, and what they show in words."""

from typing import Final

from lab.language.catalogues import _
from lab.language.numerals import number
from lab.language.sentences import sentences
from lab.softmax.results import Results

# Half of the last digit of 1 in float64.
_NOTHING_LEFT: Final = 2.0**-53


def difference_numbers(found: Results) -> str:
    """Return the best step of each dtype."""
    errors = found.differences
    parts = [
        _("{dtype} exact at {count} of {all}").format(
            dtype=dtype, count=_exact(found, index), all=len(errors.steps)
        )
        if errors.best_errors[index] == 0
        else _("{dtype} **{step}**").format(
            dtype=dtype, step=number(errors.best_steps[index].item(), digits=2)
        )
        for index, dtype in enumerate(errors.dtypes)
        if errors.best_errors[index] < 1
    ]
    return _("Best steps h: {steps}.").format(steps=" · ".join(parts)) if parts else _("No step works.")


def difference_why(found: Results) -> str:
    """Return how far the best steps are off, and what is dotted."""
    errors = found.differences
    parts = [
        _("{dtype} {error}").format(
            dtype=dtype, error=number(errors.best_errors[index].item(), digits=2)
        )
        for index, dtype in enumerate(errors.dtypes)
        if 0 < errors.best_errors[index] < 1
    ]
    left = _("Errors at the best steps: {errors}.").format(errors=" · ".join(parts)) if parts else ""
    return sentences(left, _autograd_line(found))


def difference_alt(found: Results) -> str:
    """Return what the figure of the finite differences shows."""
    errors = found.differences
    best = errors.best_errors[0].item()
    if best == 0:
        said = _("in float64 exact at {count} of {all} steps").format(
            count=_exact(found, 0), all=len(errors.steps)
        )
    elif best < 1:
        said = _("in float64 it is least, {error}, at h = {step}").format(
            error=number(best, digits=2), step=number(errors.best_steps[0].item(), digits=2)
        )
    else:
        said = _("in float64 no step finds a digit")
    return _("Error of central differences over the step h, a line a dtype: {said}.").format(said=said)


def _exact(found: Results, index: int) -> int:
    """Return at how many steps a dtype is exact."""
    return int((found.differences.differences[index] == 0).sum())


def _autograd_line(found: Results) -> str:
    """Return what is dotted; nothing where autograd is exact in every dtype, which has no line."""
    if not (found.differences.autograd > 0).any():
        return ""
    return _("Dotted: autograd through torch's softmax in the same dtype, without any step.")


def eigenvalue_numbers(found: Results) -> str:
    """Return the rank, the last eigenvalue and the trace."""
    spectrum = found.spectrum
    return _(
        "Rank **{rank}** of at most {most} · the last eigenvalue is {last}, in truth 0 · trace Σλ = "
        "1 − Σp² = {trace}"
    ).format(
        rank=int(spectrum.rank),
        most=len(found.p) - 1,
        last=number(spectrum.eigenvalues[-1].item(), digits=2),
        trace=number(found.jacobian.trace().item()),
    )


def eigenvalue_why(found: Results) -> str:
    """Return by which tolerance the rank is counted."""
    return _(
        "Eigenvalues above m·u·λ₁ = {tolerance} count and are filled; u = 2⁻⁵² is that of float64."
    ).format(tolerance=number(found.spectrum.tolerance.item(), digits=2))


def eigenvalue_alt(found: Results) -> str:
    """Return what the figure of the eigenvalues shows."""
    return _(
        "Eigenvalues of J in descending order, between the sorted p: the largest is {first}, and "
        "{rank} of {count} are above the tolerance."
    ).format(
        first=number(found.spectrum.eigenvalues[0].item()),
        rank=int(found.spectrum.rank),
        count=len(found.p),
    )


def surface_alt(found: Results) -> str:
    """Return where the surface is at the present point."""
    return _("The surface of p₁ over a₁ and a₂, now at ({first}, {second}), where p₁ is {p}.").format(
        first=number(found.state.a[0], digits=6),
        second=number(found.state.a[1], digits=6),
        p=number(found.p[0].item(), digits=4),
    )


def contour_alt(found: Results) -> str:
    """Return on which line the present point lies."""
    return _("Lines of equal p₁ over a₁ and a₂: where a₁ − a₂ is {apart} now, p₁ is {p}.").format(
        apart=number(found.state.a[0] - found.state.a[1], digits=6),
        p=number(found.p[0].item(), digits=4),
    )


def surface_numbers(found: Results) -> str:
    """Return where the present state lies on the surface."""
    return _("Now: a₁ = {first}, a₂ = {second}, p₁ = **{p}**. Turn it by hand; the view stays.").format(
        first=number(found.state.a[0], digits=6),
        second=number(found.state.a[1], digits=6),
        p=number(found.p[0].item(), digits=4),
    )


def contour_numbers(found: Results) -> str:
    """Return what the lines of equal probability look like."""
    if len(found.p) == 2:
        return _(
            "Two classes: p₁ = 1/(1 + e^((a₂ − a₁)/T)). Every line is a₁ − a₂ = const: on the dashed "
            "one p stays as it is."
        )
    # What the others have is all that p₁ and p₂ can gain.
    if found.p[2:].sum() <= _NOTHING_LEFT:
        return _(
            "The other logits stay as they are. Up the dashed line p₁/p₂ stays; p₁ itself grows until "
            "the others have nothing left to lose, as here."
        )
    return _(
        "The other logits stay as they are. Up the dashed line p₁/p₂ stays; p₁ itself grows, since "
        "both gain on the others."
    )
