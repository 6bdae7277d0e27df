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
        _("{dtype} none, exact at {count} of {all}").format(
            dtype=dtype, count=int((errors.differences[index] == 0).sum()), all=len(errors.steps)
        )
        if errors.best_errors[index] == 0
        else _("{dtype} h = **{step}**, error {error}").format(
            dtype=dtype,
            step=number(errors.best_steps[index].item(), digits=2),
            error=number(errors.best_errors[index].item(), digits=2),
        )
        for index, dtype in enumerate(errors.dtypes)
        if errors.best_errors[index] < 1
    ]
    steps = " · ".join(parts)
    first = _("Best steps: {steps}.").format(steps=steps) if parts else _("No step works.")
    return sentences(first, _autograd_line(found))


def difference_alt(found: Results) -> str:
    """Return what the figure of the finite differences shows."""
    return sentences(
        _("Error of central differences over the step h, a V a dtype."), _autograd_line(found)
    )


def _autograd_line(found: Results) -> str:
    """Return what is dotted; nothing where autograd is exact in every dtype, which has no line."""
    if not (found.differences.autograd > 0).any():
        return ""
    return _("Dotted: autograd through torch's softmax in the same dtype, without any step.")


def eigenvalue_numbers(found: Results) -> str:
    """Return the rank, and by which tolerance."""
    spectrum = found.spectrum
    return _(
        "Rank **{rank}** of at most {most}: eigenvalues above m·u·λ₁ = {tolerance} (u = 2⁻⁵², float64) "
        "count and are filled · the last is {last}, in truth 0 · trace Σλ = 1 − Σp² = {trace}"
    ).format(
        rank=int(spectrum.rank),
        most=len(found.p) - 1,
        tolerance=number(spectrum.tolerance.item(), digits=2),
        last=number(spectrum.eigenvalues[-1].item(), digits=2),
        trace=number(found.jacobian.trace().item()),
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
            "The other logits stay as they are. Up the dashed line p₁/p₂ stays; so does p₁, to the "
            "last digit: the others have nothing left to lose."
        )
    return _(
        "The other logits stay as they are. Up the dashed line p₁/p₂ stays; p₁ itself grows, since "
        "both gain on the others."
    )
