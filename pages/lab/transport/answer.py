"""What the present plan says to the question of the page: which sums hold, how much is misplaced."""

from typing import Final

from lab.language.catalogues import _, ngettext
from lab.language.numerals import counted, percent
from lab.language.sentences import sentences
from lab.transport.results import Results

# What sums of a plan of float64 may miss by, which nobody would call an error.
_EXACT: Final = 1e-12
# What rounding alone leaves of an error: that of the sums of the largest matrix.
_ROUNDING: Final = 64 * 2.0**-53
# So much less than 1 is no rounding: some rows send nothing.
_LOST: Final = 1e-9


def misplaced(error: float) -> str:
    """Write a marginal error as the share of the mass that it misplaces, which is half of it."""
    if 0 < error < _ROUNDING:
        return _("0 % (up to rounding)")
    # All of it has three digits.
    return percent(error / 2, digits=3 if error > 1.99 else 2)


def loses_mass(found: Results) -> bool:
    """Tell whether some of the mass cannot leave its row, so that none of it is misplaced."""
    return not found.feasible and found.mass < 1 - _LOST


def answer(found: Results) -> str:
    """Return what the present plan says to the question of the page."""
    if found.feasible:
        return _standing(found)
    no_plan = _("**No plan exists**: the pairs that are allowed cannot carry these sums.")
    return sentences(no_plan, _standing(found))


def _standing(found: Results) -> str:
    """Return which sums hold, and how much is misplaced."""
    count, rows, columns = int(found.frame.n_iter), found.row_error, found.column_error
    if loses_mass(found):
        # Then more is missing than is too much somewhere else.
        rows, columns = (error + 1 - found.mass for error in (rows, columns))
        text = ngettext(
            "After **{count} iteration**, **{rows}** of the mass cannot leave its row, and the "
            "columns lack **{columns}**.",
            "After **{count} iterations**, **{rows}** of the mass cannot leave its row, and the "
            "columns lack **{columns}**.",
            count,
        )
    elif found.balanced:
        if not count:
            return _("**Before the first iteration** all sums hold: the kernel is the balanced plan.")
        text = ngettext(
            "After **{count} iteration** all sums hold: **{most}** of the mass is misplaced.",
            "After **{count} iterations** all sums hold: **{most}** of the mass is misplaced.",
            count,
        )
    elif not count:
        text = _(
            "**Before the first iteration** the plan is the kernel alone: **{columns}** of the mass is "
            "in wrong columns, **{rows}** in wrong rows."
        )
    elif rows < _EXACT:
        text = ngettext(
            "After **{count} iteration** the rows are exact, and **{columns}** of the mass is "
            "misplaced, in wrong columns.",
            "After **{count} iterations** the rows are exact, and **{columns}** of the mass is "
            "misplaced, in wrong columns.",
            count,
        )
    elif columns < _EXACT:
        text = ngettext(
            "After **{count} iteration** the columns are exact, and **{rows}** of the mass is "
            "misplaced, in wrong rows.",
            "After **{count} iterations** the columns are exact, and **{rows}** of the mass is "
            "misplaced, in wrong rows.",
            count,
        )
    else:
        text = ngettext(
            "After **{count} iteration**, **{columns}** of the mass is in wrong columns, **{rows}** "
            "in wrong rows.",
            "After **{count} iterations**, **{columns}** of the mass is in wrong columns, **{rows}** "
            "in wrong rows.",
            count,
        )
    return text.format(
        count=counted(count),
        rows=misplaced(rows),
        columns=misplaced(columns),
        most=misplaced(max(rows, columns)),
    )


def handle_words(found: Results) -> str:
    """Return what stands at the present iteration on the curve."""
    count, share = int(found.frame.n_iter), misplaced(found.column_error)
    if loses_mass(found):
        return _("iteration {count}: no plan").format(count=count)
    if found.row_error < _EXACT or found.balanced:
        return _("iteration {count}: {share} misplaced").format(count=count, share=share)
    return _("iteration {count}: {share} in wrong columns").format(count=count, share=share)
