"""What the figures of transport show in a state, in words, for those who do not see them."""

from lab.language.catalogues import _
from lab.language.numerals import number
from lab.transport import text
from lab.transport.answer import handle_words
from lab.transport.results import Results


def plan_alt(found: Results) -> str:
    """Return how much the plan misplaces."""
    return _("The plan as a heat map, its column sums above, its row sums at the right; {now}.").format(
        now=handle_words(found)
    )


def points_alt(found: Results) -> str:
    """Return what the plan costs."""
    return _("Two clouds of points, and the plan as lines between them: ⟨P, C⟩ is {cost}.").format(
        cost=number(found.frame.transport_cost.item(), digits=4)
    )


def errors_alt(found: Results) -> str:
    """Return where the present iteration stands on the curve."""
    return _(
        "Misplaced mass over the iterations, plain and accelerated, with both rates; {now}."
    ).format(now=handle_words(found))


def path_alt(found: Results) -> str:
    """Return the present point on the path."""
    return _(
        "Entropy of the plan over ε, {entropy} nats at the present one; below, its transport cost, "
        "{cost}, and entropic value, {value}."
    ).format(
        entropy=number(found.entropy, digits=4),
        cost=number(found.frame.transport_cost.item(), digits=4),
        value=number(found.frame.entropic_value.item(), digits=4),
    )


def variant_alt(found: Results) -> str:
    """Return how wrong the post's variant is here."""
    said = text.variant_numbers(found).replace("**", "")
    if found.variant_now is None:
        return said
    return _(
        "Largest difference of the post's variant over the range of C/ε, a line a dtype; now {said}."
    ).format(said=said)
