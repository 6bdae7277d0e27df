"""The answer of the page: the cell that meets the needs; or which no cell meets, and the nearest."""

from lab.language.catalogues import _, ngettext
from lab.language.numerals import counted
from lab.language.sentences import sentences
from lab.tuning.results import Results
from lab.tuning.words import columns, eps, share


def answer(found: Results) -> str:
    """Return what the scores and the needs say to the question of the page."""
    if found.endless:
        return _("**No plan exists**: a pair costs −∞. Say the other way what large means.")
    if found.planless:
        return _("**No plan exists**: a row or a column has no pair that it may use.")
    return _met(found) if found.best.met else sentences(_unmet(found), _nearest(found))


def _met(found: Results) -> str:
    text = ngettext(
        "For these scores: **ε = {eps}** and **{count} iteration**. That leaves {share} in wrong "
        "columns, a row over {spread} of {columns}.",
        "For these scores: **ε = {eps}** and **{count} iterations**. That leaves {share} in wrong "
        "columns, a row over {spread} of {columns}.",
        found.best.n_iter,
    )
    return text.format(**_cell(found))


def _unmet(found: Results) -> str:
    """Return which need no cell of the map meets, or that each is met somewhere, but never all."""
    best, state = found.best, found.state
    alone = {need.name for need in best.needs if not need.met_somewhere}
    if not alone:
        return _("**No cell of the map meets all needs**, though each is met somewhere.")
    told = []
    if "column_error" in alone:
        text = ngettext(
            "**No ε of the map leaves at most {share} misplaced** after {count} iteration or fewer.",
            "**No ε of the map leaves at most {share} misplaced** after {count} iterations or fewer.",
            int(found.map.n_iter[-1]),
        )
        told.append(text.format(share=share(state.misplaced), count=counted(int(found.map.n_iter[-1]))))
    if "perplexity_at_most" in alone:
        told.append(
            _("**No cell of the map has its rows spread over {spread} columns or fewer.**").format(
                spread=columns(state.spread)
            )
        )
    if "columns_used" in alone:
        told.append(_("**No cell of the map uses {used} columns.**").format(used=counted(state.used)))
    return sentences(*told)


def _nearest(found: Results) -> str:
    text = ngettext(
        "Nearest is ε = {eps} with {count} iteration: {share} in wrong columns, a row over {spread} "
        "of {columns}, {used} used.",
        "Nearest is ε = {eps} with {count} iterations: {share} in wrong columns, a row over {spread} "
        "of {columns}, {used} used.",
        found.best.n_iter,
    )
    return text.format(**_cell(found))


def _cell(found: Results) -> dict[str, str]:
    """Return what the chosen cell gives, in words."""
    best = found.best
    return {
        "eps": eps(best.eps),
        "count": counted(best.n_iter),
        "share": share(best.column_error / 2),
        "spread": columns(best.perplexity),
        "columns": counted(found.map.columns),
        "used": counted(best.columns_used),
    }
