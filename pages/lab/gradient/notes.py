"""What to notice on the page of the gradients; it depends on what the figures show."""

from typing import Final

from lab.gradient.push_notes import far_out, residual_left, ways
from lab.gradient.results import DRAWS, Results
from lab.language.catalogues import _, ngettext
from lab.language.numerals import counted, indexed, number
from lab.page.notes import Note

# Where the text changes. The figures say the number, so nothing hangs on the exact place.
_FELT: Final = 1e-6
_ARRIVED: Final = 1e-6
_RESTLESS: Final = 1e-3


def notes(found: Results) -> list[Note]:
    """Return what to notice in this state, the most important first."""
    return [
        far_out(found) or ways(found),
        _stop(found),
        _arrival(found),
        _same_path(found),
        residual_left(found),
        _check(found),
    ]


def _stop(found: Results) -> Note:
    """Return where L2 in full is least, by the closed form."""
    q, p, i = found.q, found.minimum.p, found.watched
    if found.uniform:
        text = _(
            "**Uniform on all {classes} classes: the only q that L2 in full does not miss.** Its "
            "minimum is p = q = 1/m = {share}."
        ).format(classes=len(q), share=number(1 / len(q), digits=4))
        return Note("uniform-target", text)
    if q.max() == 1:
        text = _(
            "**L2 in full is least at {p} = {stop}**, not at 1: 1/(1 + W((m − 1)/e)) for m = {classes} "
            "(W: Lambert's function). At its minimum it is not sure."
        ).format(p=indexed("p", i + 1), stop=number(p[i].item(), digits=4), classes=len(q))
        return Note("never-sure", text)
    # So many digits that the two are seen to differ.
    digits = next(
        (k for k in range(4, 17) if len({number(x[i].item(), digits=k) for x in (p, q)}) > 1), 17
    )
    text = (
        _(
            "**L2 in full is least at {p} = {stop}, where q says {q}**: p = q/W(q e^λ), and "
            "λ = 1 + H(p) = {multiplier} makes the sum 1."
        )
        if q.min() > 0
        else _(
            "**L2 in full is least at {p} = {stop}, where q says {q}**: p = q/W(q e^λ), e^−λ where "
            "q is 0, and λ = 1 + H(p) = {multiplier} makes the sum 1."
        )
    ).format(
        p=indexed("p", i + 1),
        stop=number(p[i].item(), digits=digits),
        q=number(q[i].item(), digits=digits),
        multiplier=number(found.minimum.multiplier.item(), digits=4),
    )
    return Note("misses-target", text)


def _arrival(found: Results) -> Note:
    """Return how far the path of L2 in full gets to where it is least."""
    steps, gap = found.state.steps, number(found.gap, digits=2)
    if found.gap == 0:
        text = ngettext(
            "**The path of L2 in full arrives**: after {steps} step it is there to the last digit.",
            "**The path of L2 in full arrives**: after {steps} steps it is there to the last digit.",
            steps,
        )
        return Note("arrived", text.format(steps=counted(steps)))
    if found.gap < _ARRIVED:
        text = ngettext(
            "**The path of L2 in full arrives**: after {steps} step it ends {gap} from there.",
            "**The path of L2 in full arrives**: after {steps} steps it ends {gap} from there.",
            steps,
        )
        return Note("arrived", text.format(steps=counted(steps), gap=gap))
    if found.restless > _RESTLESS:
        last = found.restless
        text = _(
            "**The path of L2 in full jumps to and fro** over its minimum: the last of {steps} steps "
            "still moves a p by {last}. The learning rate is too large."
        )
        return Note("restless", text.format(steps=counted(steps), last=number(last, digits=2)))
    text = ngettext(
        "**The path of L2 in full is not there**: after {steps} step it is still {gap} away.",
        "**The path of L2 in full is not there**: after {steps} steps it is still {gap} away.",
        steps,
    )
    return Note("not-arrived", text.format(steps=counted(steps), gap=gap))


def _same_path(found: Results) -> Note:
    steps, apart = found.state.steps, number(found.apart, digits=2)
    if found.apart > _FELT:
        text = ngettext(
            "**L1 and L2 with p held constant have one gradient**, up to rounding, which this learning "
            "rate blows up: in {steps} step a p comes to differ by {apart}.",
            "**L1 and L2 with p held constant have one gradient**, up to rounding, which this learning "
            "rate blows up: in {steps} steps a p comes to differ by {apart}.",
            steps,
        )
        return Note("one-gradient", text.format(steps=counted(steps), apart=apart))
    if found.apart == 0:
        text = ngettext(
            "**L1 and L2 with p held constant walk one path**: in {steps} step no p differs in any "
            "digit. With p detached L2 has the gradient of L1, and that is how practice uses it.",
            "**L1 and L2 with p held constant walk one path**: in {steps} steps no p differs in any "
            "digit. With p detached L2 has the gradient of L1, and that is how practice uses it.",
            steps,
        )
        return Note("one-path", text.format(steps=counted(steps)))
    text = ngettext(
        "**L1 and L2 with p held constant walk one path**: in {steps} step no p differs by more than "
        "{apart}. With p detached L2 has the gradient of L1, and that is how practice uses it.",
        "**L1 and L2 with p held constant walk one path**: in {steps} steps no p differs by more than "
        "{apart}. With p detached L2 has the gradient of L1, and that is how practice uses it.",
        steps,
    )
    return Note("one-path", text.format(steps=counted(steps), apart=apart))


def _check(found: Results) -> Note:
    errors = found.errors
    text = ngettext(
        "**The post's check adds up what is not 0.** Its five elements go up to {largest}; their sum "
        "is {total}. In {draws} such draw it is {rms64} of the spacing of numbers at 1 in float64, "
        "and {rms32} of it in float32 (root mean square). That is rounding, and says nothing of the "
        "elements.",
        "**The post's check adds up what is not 0.** Its five elements go up to {largest}; their sum "
        "is {total}. In {draws} such draws it is {rms64} of the spacing of numbers at 1 in float64, "
        "and {rms32} of it in float32 (root mean square). That is rounding, and says nothing of the "
        "elements.",
        DRAWS,
    ).format(
        largest=number(found.check.elements.abs().max().item()),
        total=number(found.check.total, digits=2),
        draws=counted(DRAWS),
        rms64=number(errors.rms[0].item(), digits=2),
        rms32=number(errors.rms[1].item(), digits=2),
    )
    return Note("check", text)
