"""What the page of the gradients says about the pushes: at the start, and at the step that is shown."""

from typing import Final

from lab.gradient.results import Results
from lab.language.catalogues import _
from lab.language.numerals import indexed, number
from lab.page.notes import Note

# Where the text changes. The figures say the number, so nothing hangs on the exact place.
_ROUNDING: Final = 1e-9
_FELT: Final = 1e-6
_SLIGHT: Final = 1e-3
_ARRIVED: Final = 1e-6


def _largest(values: list[float]) -> int:
    return max(range(len(values)), key=lambda i: abs(values[i]))


def _level(found: Results, step: int) -> bool:
    """Return whether all classes with p > 0 have one logit where L2 in full stands after `step`.

    J a alone does not tell: it is small too where p is sure.
    """
    a, p = (path[2, step] for path in (found.paths.a, found.paths.p))
    held = a[p > 0]
    return float(held.max() - held.min()) < _ROUNDING


def ways(found: Results) -> Note:
    """Return how the pushes at the start differ."""
    l1, full = found.gradients[0, 0].tolist(), found.gradients[2, 0].tolist()
    residual = found.residual[0].tolist()
    if _level(found, 0):
        text = _(
            "**Here all three gradients agree**: at the start every class with p > 0 has the same "
            "logit, so J a is 0 in every element. It is 0 nowhere else."
        )
        return Note("all-agree", text)
    if max(map(abs, l1)) < _FELT and max(map(abs, full)) > _SLIGHT:
        worst = _largest(residual)
        text = _(
            "**L1 is at rest, L2 in full is not.** At the start p − q is at most {l1} in size. "
            "Yet (J a){index} = {residual}, so L2 in full walks away from the right answer."
        ).format(
            l1=number(max(map(abs, l1)), digits=2),
            index=indexed("", worst + 1),
            residual=number(residual[worst]),
        )
        return Note("l1-rests", text)
    torn = [min(abs(x), abs(y)) if x * y < 0 else 0.0 for x, y in zip(l1, full, strict=True)]
    if max(torn) > _FELT:
        i = _largest(torn)
        text = (
            _(
                "**They push opposite ways.** At the start L1 pushes {a} up by {l1}, L2 in full pushes "
                "it down by {full}: J a is larger than p − q there, and of the other sign."
            )
            if l1[i] < 0
            else _(
                "**They push opposite ways.** At the start L1 pushes {a} down by {l1}, L2 in full "
                "pushes it up by {full}: J a is larger than p − q there, and of the other sign."
            )
        )
        shown = {"l1": number(abs(l1[i])), "full": number(abs(full[i]))}
        return Note("opposite-ways", text.format(a=indexed("a", i + 1), **shown))
    i = _largest(residual)
    # Of two neighbours among the floats one may be rounded up and the other down.
    if number(l1[i]) == number(full[i]) or abs(residual[i]) < _FELT * abs(l1[i]):
        text = _(
            "**The same way, and as hard** to the digits that are shown: at the start both push {a} by "
            "{l1}, and the largest element of J a is (J a){index} = {residual}."
        ).format(
            a=indexed("a", i + 1),
            l1=number(-l1[i]),
            index=indexed("", i + 1),
            residual=number(residual[i]),
        )
        return Note("as-hard", text)
    text = _(
        "**The same way, not equally hard.** At the start both losses push each logit the same way, "
        "but {a} by {l1} for L1 and by {full} for L2 in full. The difference is (J a){index} = "
        "{residual}."
    ).format(
        a=indexed("a", i + 1),
        l1=number(-l1[i]),
        full=number(-full[i]),
        index=indexed("", i + 1),
        residual=number(residual[i]),
    )
    return Note("same-way", text)


def far_out(found: Results) -> Note | None:
    """Return that nothing pushes where the loss is flat far from its minimum."""
    slope = float(found.gradients[2, 0].abs().max())
    lift = found.losses[1] - found.minimum.loss.item()
    if slope > _SLIGHT or lift < 0.05:
        return None
    text = (
        _(
            "**Far out nothing pushes.** At the start the largest entry of dL2/da in full is {slope}, "
            "yet L2 is {loss} there and {least} at its minimum. L2 in full is not convex: it flattens, "
            "and descent gets stuck."
        )
        if found.gap > 0.9 * found.gap_at_start
        else _(
            "**Far out next to nothing pushes.** At the start the largest entry of dL2/da in full is "
            "{slope}, yet L2 is {loss} there and {least} at its minimum. L2 in full is not convex: it "
            "flattens, and descent takes long to leave."
        )
    ).format(
        slope=number(slope, digits=2),
        loss=number(found.losses[1], digits=2),
        least=number(found.minimum.loss.item()),
    )
    return Note("far-out", text)


def residual_left(found: Results) -> Note:
    """Return what the residual is where L2 in full stands at the step that is shown."""
    step = found.state.at
    residual, full = found.residual[step].tolist(), found.gradients[2, step].tolist()
    i = _largest(residual)
    if _level(found, step):
        text = _(
            "**After step {step} J a is 0 in every element, to {size}**: where L2 in full stands, the "
            "logits of all classes with p > 0 are equal."
        )
        return Note("zero-residual", text.format(step=step, size=number(abs(residual[i]), digits=2)))
    rest = max(map(abs, full))
    at_rest = rest < min(_ARRIVED, _SLIGHT * abs(residual[i]))
    text = (
        _(
            "**Only the sum of J a is 0** ({total}). After step {step} its largest element is "
            "(J a){index} = {element}. There p − q = −J a in every class, to {rest}: that is why L2 in "
            "full stops."
        )
        if at_rest
        else _(
            "**Only the sum of J a is 0** ({total}). After step {step} its largest element is "
            "(J a){index} = {element}."
        )
    ).format(
        total=number(sum(residual), digits=2),
        step=step,
        index=indexed("", i + 1),
        element=number(residual[i]),
        rest=number(rest, digits=2),
    )
    return Note("parts-cancel" if at_rest else "only-the-sum", text)
