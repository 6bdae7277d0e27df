"""What to notice on the page of the softmax; it depends on what was computed."""

import math
from typing import Final

from lab.language.catalogues import _
from lab.language.numerals import indexed, number, percent
from lab.page.notes import Note
from lab.softmax.results import Results

# Where the text changes. The figures say the number, so nothing hangs on the exact place.
_SATURATED: Final = 0.99
_UNIFORM: Final = 0.99
_INEXACT: Final = 1e-13


def notes(found: Results) -> list[Note]:
    """Return what to notice in this state, the most important first."""
    lines = [
        _overflow(found),
        _regime(found),
        _balance(found),
        _best_step(found),
        _blind(found),
        _autograd(found),
    ]
    return [line for line in lines if line]


def _overflow(found: Results) -> Note | None:
    if not found.naive_failures:
        return None
    largest = found.scores.max().item()
    names = ", ".join(found.naive_failures)
    if largest > 0:
        text = _(
            "**$e^{{{largest}}}$ is ∞ in {dtypes}**: the textbook formula gives ∞/∞ = NaN there. "
            "Subtract the maximum first, and no power exceeds 1. p does not change, since it sees only "
            "the differences of the logits."
        )
        return Note(
            "overflow",
            text.format(largest=f"{largest:.6g}" if largest < 1e6 else f"{largest:.0f}", dtypes=names),
        )
    text = _(
        "**Every power $e^a$ is 0 in {dtypes}**: the textbook formula gives 0/0 = NaN there. Subtract "
        "the maximum first, and the largest power is 1."
    )
    return Note("underflow", text.format(dtypes=names))


def _regime(found: Results) -> Note:
    """Return the one thing that this p is an example of."""
    state, p = found.state, found.p
    classes, largest = len(p), max(state.a)
    winners = [i for i, logit in enumerate(state.a, start=1) if logit == largest]
    if len(winners) > 1:
        return _tie(found, winners)
    (winner,) = winners
    if p.max() >= _SATURATED:
        return _saturated(found, winner)
    if found.entropy >= _UNIFORM * math.log(classes):
        text = _(
            "**Nearly uniform.** Divided by T = {temperature}, the logits differ by at most {spread}: "
            "H(p) is only {missing} below log m. As T → ∞, p → 1/m, whatever the logits."
        ).format(
            temperature=number(state.temperature),
            spread=number((found.scores.max() - found.scores.min()).item()),
            missing=percent(max(0.0, 1 - found.entropy / math.log(classes)), digits=2),
        )
        return Note("nearly-uniform", text)
    second = int(p.sort(descending=True).indices[1]) + 1
    text = _(
        "**Only differences count.** $p_{{{first}}}/p_{{{second}}} = "
        "e^{{(a_{{{first}}} - a_{{{second}}})/T}}$ = {ratio}, whatever the other logits are: a logit "
        "higher by T makes its odds larger by the factor e = 2.718."
    ).format(
        first=winner,
        second=second,
        ratio=number((p[winner - 1] / p[second - 1]).item(), digits=4),
    )
    return Note("only-differences", text)


def _tie(found: Results, winners: list[int]) -> Note:
    classes = len(found.p)
    if len(winners) == classes:
        text = _("**All logits are equal**, so p is 1/m = {share} for every class, at every T.")
        return Note("all-equal", text.format(share=number(1 / classes)))
    text = _(
        "**A tie stays a tie.** {winners} share the largest logit, so they have the same p at every "
        "T, now {p}. As T → 0, each tends to 1/{count}: the limit is no one-hot vector."
    ).format(
        winners=", ".join(indexed("a", winner) for winner in winners),
        p=number(found.p[winners[0] - 1].item(), digits=4),
        count=len(winners),
    )
    return Note("tie", text)


def _saturated(found: Results, winner: int) -> Note:
    largest = number(found.jacobian.abs().max().item(), digits=2)
    if found.state.target != winner:
        text = _(
            "**p is saturated, the loss is not.** The largest entry of J is {largest}: move a logit, "
            "and p hardly answers. Yet p − q is {gradient} at the target, at full strength: the "
            "derivative of −log p is −1/p, which undoes what is small in J."
        ).format(largest=largest, gradient=number(found.gradient[found.state.target - 1].item()))
        return Note("saturated-wrong", text)
    if found.p[winner - 1] == 1:
        text = (
            _(
                "**One-hot, to the last digit.** {p} rounds to 1 and the largest entry of J is "
                "{largest}. As T → 0, softmax becomes argmax, which has no slope. L1 = {loss} still "
                "has its digits, since it is computed from logits."
            )
            if found.loss > 0
            else _(
                "**One-hot, to the last digit.** {p} rounds to 1 and the largest entry of J is "
                "{largest}. As T → 0, softmax becomes argmax, which has no slope. Here even L1 is too "
                "small for float64."
            )
        ).format(p=indexed("p", winner), largest=largest, loss=number(found.loss, digits=2))
        return Note("one-hot", text)
    text = _(
        "**Saturated, and right.** {p} is nearly 1 and the largest entry of J is {largest}. The target "
        "is this class, so p − q is small too. Choose another target, and it is near −1 there."
    ).format(p=indexed("p", winner), largest=largest)
    return Note("saturated-right", text)


def _balance(found: Results) -> Note:
    rank, most = int(found.spectrum.rank), len(found.p) - 1
    if rank == most:
        text = _(
            "**Every row of J sums to 0**: what one class gains, the others lose. So a push that is "
            "the same on all logits moves nothing, and one eigenvalue is 0. The rank is m − 1 = {rank}."
        )
        return Note("full-rank", text.format(rank=rank))
    if rank == 0:
        text = _(
            "**Every row of J sums to 0**: what one class gains, the others lose. So a push that is "
            "the same on all logits moves nothing, and one eigenvalue is 0. Here J is 0 throughout: "
            "every other p is too small for float64."
        )
        return Note("zero-jacobian", text)
    text = _(
        "**Every row of J sums to 0**: what one class gains, the others lose. So a push that is the "
        "same on all logits moves nothing, and one eigenvalue is 0. In exact arithmetic the rank is "
        "m − 1 = {most}. Here it is {rank}: the smallest p is {p}, and eigenvalues below {tolerance} "
        "are as good as 0 beside the largest."
    ).format(
        most=most,
        rank=rank,
        tolerance=number(found.spectrum.tolerance.item(), digits=2),
        p=number(found.p.min().item(), digits=2),
    )
    return Note("rank-lost", text)


def _best_step(found: Results) -> Note | None:
    errors = found.differences
    best = errors.best_steps[0]
    if not 0 < errors.best_errors[0] < 1 or best <= errors.steps.min():
        return None
    text = _(
        "**The best step is not the smallest.** In float64 the error is least, {error}, at "
        "h = {step} (theory: about {expected}). To the right the Taylor series is cut off: h². To "
        "the left two rounded numbers are subtracted: u/h, u = 2⁻⁵²."
    ).format(
        error=number(errors.best_errors[0].item(), digits=2),
        step=number(best.item(), digits=2),
        expected=number(errors.expected_steps[0].item(), digits=2),
    )
    return Note("best-step", text)


def _blind(found: Results) -> Note | None:
    """Return in which dtypes no step finds anything."""
    errors = found.differences
    blind = [d for d, error in zip(errors.dtypes, errors.best_errors, strict=True) if not error < 1]
    if not blind or found.spectrum.rank == 0:
        return None
    text = _(
        "**In {dtypes} no step finds a single digit of J**: what h changes is lost where logits or "
        "p are rounded."
    )
    return Note("no-step", text.format(dtypes=", ".join(blind)))


def _autograd(found: Results) -> Note | None:
    error = found.differences.autograd[0].item()
    if not error > _INEXACT:
        return None
    text = _(
        "**Autograd through torch's softmax loses digits here too**: its error in float64 is {error}. "
        "It subtracts p from 1 where p has been rounded near 1. The closed form here takes the "
        "diagonal as minus the rest of its row, and keeps them."
    )
    return Note("autograd", text.format(error=number(error, digits=2)))
