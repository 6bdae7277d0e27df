"""What to notice in a state of the page of tuning."""

import math
from typing import Final

from lab.language.catalogues import _, ngettext
from lab.language.numerals import below_one, counted, number, percent
from lab.language.sentences import sentences
from lab.page.notes import Note
from lab.tuning import words
from lab.tuning.results import Results
from lab.tuning.signs import sign_note

# Targets whose entropy is so near to that of all columns alike are called uniform.
_UNIFORM: Final = 0.98
_TENTH: Final = 0.1


def notes(found: Results) -> list[Note]:
    """Return what to notice, the most important first."""
    if found.planless:
        return [note for note in (sign_note(found), _forbidden(found)) if note]
    lines = [
        _own_missing(found),
        sign_note(found),
        _cut(found),
        _coarse(found),
        _dustbin(found),
        _practice(found),
        _floor(found),
        _stuck(found),
        _used(found),
        _pace(found),
        _underflow(found),
        _temperature(found),
    ]
    return [line for line in lines if line]


def _own_missing(found: Results) -> Note | None:
    if not found.own_missing:
        return None
    text = _(
        "No scores of yours are here: what is pasted or opened stays with its visit and is in no link. "
        "Those shown are {name}."
    )
    return Note("own-missing", text.format(name=words.set_name(found)))


def _forbidden(found: Results) -> Note:
    return Note(
        "no-plan",
        _("Allow at least one pair in each row and each column: what is infinite forbids a pair."),
    )


def _cut(found: Results) -> Note | None:
    scores = found.survey.scores
    if not scores.is_cut:
        return None
    rows, columns = (counted(size) for size in scores.matrix.shape)
    whole = {"n": counted(scores.rows), "m": counted(scores.columns), "rows": rows, "columns": columns}
    if scores.practice is None:
        text = _("Of your {n} × {m} scores the first {rows} rows are mapped, as many as a page can.")
    else:
        text = _(
            "{name} has {n} × {m} scores; drawn here are {rows} × {columns}: then the map comes at "
            "once."
        )
    return Note("cut", text.format(name=words.set_name(found), **whole))


def _coarse(found: Results) -> Note | None:
    if not found.survey.grid.coarse:
        return None
    grid = found.survey.grid
    text = ngettext(
        "So many scores are mapped more coarsely: {eps} ε, up to {count} iteration.",
        "So many scores are mapped more coarsely: {eps} ε, up to {count} iterations.",
        grid.counts[-1],
    )
    return Note("coarse", text.format(eps=len(grid.eps), count=counted(grid.counts[-1])))


def _dustbin(found: Results) -> Note | None:
    if found.survey.scores.name != "superglue":
        return None
    points = counted(found.map.columns // 2)
    told = _(
        "A dustbin may take all {points} points of the other side: here it is {points} equal rows, and "
        "{points} equal columns, of which the plan is the same."
    )
    return Note("dustbin", told.format(points=points))


def _practice(found: Results) -> Note | None:
    """Return what the parameters of the setting give on these scores."""
    scores, at = found.survey.scores, found.survey.practice
    if scores.practice is None or at is None or not at.perplexity.isfinite().all():
        return None
    if scores.practice.borrowed:
        text = ngettext(
            "With SwAV's ε = {eps} and {count} iteration **{share}** is in wrong columns, and a row "
            "spreads over **{spread}** of {columns}.",
            "With SwAV's ε = {eps} and {count} iterations **{share}** is in wrong columns, and a row "
            "spreads over **{spread}** of {columns}.",
            scores.practice.n_iter,
        )
    else:
        text = ngettext(
            "In practice: ε = {eps} and {count} iteration. Here that leaves **{share}** in wrong "
            "columns, and a row spreads over **{spread}** of {columns}.",
            "In practice: ε = {eps} and {count} iterations. Here that leaves **{share}** in wrong "
            "columns, and a row spreads over **{spread}** of {columns}.",
            scores.practice.n_iter,
        )
    told = text.format(
        eps=words.eps(scores.practice.eps),
        count=counted(scores.practice.n_iter),
        share=words.share(at.column_error.item() / 2),
        spread=words.columns(at.perplexity.item()),
        columns=counted(at.columns),
    )
    return Note("practice", told)


def _floor(found: Results) -> Note | None:
    """Return how far a row has to spread where there are fewer rows than columns."""
    rows, columns = found.shape
    if rows >= columns:
        return None
    text = _(
        "With {n} rows for {m} columns no entry of a plan whose columns are exact is above {n}/{m}: a "
        "row spreads over at least **{least}** columns, at any ε."
    )
    least = words.columns(columns / rows)
    return Note("floor", text.format(n=counted(rows), m=counted(columns), least=least))


def _stuck(found: Results) -> Note:
    """Return the least loss that these targets allow, beside that of targets that say nothing."""
    entropy, most = math.log(found.spread(*found.cell)), math.log(found.map.columns)
    told = _(
        "**Why is my loss stuck at ln K?** With these rows as targets a cross-entropy cannot fall "
        "below their mean entropy: **{entropy}** nats, where ln {columns} = {most} is that of targets "
        "that say nothing."
    ).format(
        entropy=number(max(0.0, entropy), digits=3),
        columns=counted(found.map.columns),
        most=number(most, digits=4),
    )
    if most == 0 or entropy < _UNIFORM * most:
        return Note("ln-k", told)
    cause = _("Here the two are nearly one: at this ε the targets are uniform. Take a smaller ε.")
    if math.log(found.spread(0, found.cell[1])) >= _UNIFORM * most:
        cause = _("Here the two are nearly one at every ε of the map: the targets are uniform.")
    return Note("ln-k-stuck", sentences(told, cause))


def _used(found: Results) -> Note:
    column, row = found.cell
    text = ngettext(
        "In the chosen cell **{used}** column of {columns} is the largest of some row.",
        "In the chosen cell **{used}** columns of {columns} are the largest of some row.",
        int(found.map.columns_used[column, row]),
    )
    used = int(found.map.columns_used[column, row])
    return Note("used", text.format(used=counted(used), columns=counted(found.map.columns)))


def _pace(found: Results) -> Note:
    rate = found.map.rate[found.cell[0]].item()
    if math.isnan(rate):
        return Note(
            "pace-unknown",
            _("At this ε no converged plan was found in the iterations spent on it: no rate is known."),
        )
    if not 0 < rate < 1:
        return Note(
            "pace-none",
            _("At this ε an iteration in the end leaves nothing of the error, or all of it."),
        )
    told = _(
        "In the end each iteration at this ε leaves **{rate}** of the error: {steps} make it a tenth. "
        "The first may do more or less."
    )
    steps = number(math.log(_TENTH) / math.log(rate), digits=2)
    return Note("pace", told.format(rate=below_one(rate), steps=steps))


def _underflow(found: Results) -> Note:
    place = found.cell[0]
    span = number(found.map.range_over_eps[place].item(), digits=3)
    lost = {
        dtype: shares[place].item()
        for dtype, shares in found.map.underflow.items()
        if shares[place] > 0
    }
    if not lost:
        told = _("C/ε has a range of **{span}** here, and nothing of e^(−C/ε) is rounded to 0.")
        return Note("no-underflow", told.format(span=span))
    parts = " · ".join(f"{dtype} {percent(part, digits=2)}" for dtype, part in lost.items())
    told = _(
        "C/ε has a range of **{span}** here. Of e^(−C/ε) so many pairs are rounded to 0: {parts}. In "
        "logarithms nothing is."
    )
    return Note("underflow", told.format(span=span, parts=parts))


def _temperature(found: Results) -> Note:
    at, state = found.temperatures, found.state
    wanted = number(state.entropy, digits=3)
    if not len(at.wanted):
        told = _(
            "No temperature gives any row a softmax of {entropy} nats: within reach of all are "
            "{lowest} to {highest}."
        )
        return Note(
            "no-temperature",
            told.format(
                entropy=wanted,
                lowest=number(at.lowest, digits=3),
                highest=number(at.highest, digits=3),
            ),
        )
    told = (
        _(
            "A softmax of these scores has an entropy of {entropy} nats at T = **{middle}**, the "
            "median of {count} of {rows} rows; each has its own, from {low} to {high}."
        )
        if at.rows == found.shape[0]
        else _(
            "A softmax of these scores has an entropy of {entropy} nats at T = **{middle}**, the "
            "median of {count} of the first {rows} rows; each has its own, from {low} to {high}."
        )
    )
    return Note(
        "temperature",
        told.format(
            entropy=wanted,
            middle=number(at.wanted.median().item(), digits=3),
            count=counted(len(at.wanted)),
            rows=counted(at.rows),
            low=number(at.wanted.min().item(), digits=3),
            high=number(at.wanted.max().item(), digits=3),
        ),
    )
