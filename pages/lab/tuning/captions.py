"""What the charts of the page of tuning show, in words: their alternative texts."""

import math

from lab.language.catalogues import _
from lab.language.numerals import number, percent
from lab.tuning import words
from lab.tuning.results import Results


def alt_underflow(found: Results) -> str:
    """Say how much of the kernel is 0 at the chosen ε, in each dtype."""
    text = _(
        "Share of the kernel that is rounded to 0 over ε, a line a dtype. At the chosen ε = {eps}: "
        "{shares}."
    )
    column = found.cell[0]
    shares = (
        f"{dtype} {percent(share[column].item(), digits=2)}"
        for dtype, share in found.map.underflow.items()
    )
    return text.format(eps=words.eps(found.eps), shares=", ".join(shares))


def alt_pace(found: Results) -> str:
    """Say how many late iterations make the error a tenth at the chosen ε."""
    rate = found.map.rate[found.cell[0]].item()
    if not 0 < rate < 1:
        text = _(
            "Iterations that make a late error a tenth, over ε. At the chosen ε = {eps} they are not "
            "known."
        )
        return text.format(eps=words.eps(found.eps))
    text = _("Iterations that make a late error a tenth, over ε. At the chosen ε = {eps}: {count}.")
    count = number(math.log(0.1) / math.log(rate), digits=2)
    return text.format(eps=words.eps(found.eps), count=count)


def alt_temperature(found: Results) -> str:
    """Say between which entropies and largest p a softmax of the scores is."""
    curve = found.temperatures.curve
    entropy, largest = (values.mean(-1).tolist() for values in (curve.entropy, curve.largest))
    text = _(
        "Above the entropy of a softmax over T: {low} nats at T = {cold}, {high} at T = {hot}. Below "
        "its largest p, from {most} to {least}, and its gradient."
    )
    return text.format(
        low=number(entropy[0]),
        high=number(entropy[-1]),
        cold=number(curve.temperature[0].item()),
        hot=number(curve.temperature[-1].item()),
        most=number(largest[0]),
        least=number(largest[-1]),
    )
