"""What stands at the figures of the gradients: corners, readouts, numbers."""

from lab.gradient.results import PUBLISHED_SUM, Results
from lab.language.catalogues import _, ngettext
from lab.language.numerals import counted, indexed, number, percent


def corners(found: Results) -> tuple[str, str, str]:
    """Return what is at the corners of the triangle."""
    classes = len(found.q)
    names = [_("class {number}").format(number=kept + 1) for kept in found.kept]
    if classes == 3:
        return names[0], names[1], _("class {number}").format(number=3)
    return names[0], names[1], _("all others") if classes > 3 else _("no third class")


def readouts(found: Results, step: int | None = None) -> list[tuple[str, str]]:
    """Return the numbers that tell the story in passing, each of one width."""
    at = found.state.at if step is None else step
    p = found.paths.p[:, at, found.watched].tolist()
    name = indexed("p", found.watched + 1)
    return [
        (_("{p} by L1").format(p=name), f"{p[0]:.4f}"),
        (_("{p} by L2 in full").format(p=name), f"{p[2]:.4f}"),
        (_("{p} where L2 is least").format(p=name), f"{found.minimum.p[found.watched].item():.4f}"),
    ]


def simplex_numbers(found: Results, step: int) -> str:
    """Return how far the paths are from where they go."""
    p = found.paths.p[:, step]
    return _(
        "After step **{step}**: L1 is {l1} from q; L2 in full is **{l2}** from its minimum, which is "
        "{miss} from q."
    ).format(
        step=step,
        l1=number(float((p[0] - found.q).abs().max())),
        l2=number(float((p[2] - found.minimum.p).abs().max())),
        miss=number(float((found.minimum.p - found.q).abs().max())),
    )


def simplex_why() -> str:
    """Return what a distance is here."""
    return _("How far apart: the largest difference of a p.")


def simplex_alt(found: Results, step: int) -> str:
    """Return where the paths in the triangle are."""
    p = found.paths.p[:, step]
    return _(
        "Three descents from one start in a triangle whose corners are classes: after step {step}, L1 "
        "is {l1} from the target, and L2 in full {l2} from where it is least."
    ).format(
        step=step,
        l1=number(float((p[0] - found.q).abs().max())),
        l2=number(float((p[2] - found.minimum.p).abs().max())),
    )


def approach_numbers(found: Results, step: int) -> str:
    """Return the probability that is followed, at this step and where the descents go."""
    i = found.watched
    l1, held, full = found.paths.p[:, step, i].tolist()
    return _(
        "{p} after step {step}: L1 **{l1}**, L2 with p held {held}, L2 in full **{full}**. Its target "
        "is {q}; L2 in full is least at **{stop}**."
    ).format(
        p=indexed("p", i + 1),
        step=step,
        l1=number(l1, digits=6),
        held=number(held, digits=6),
        full=number(full, digits=6),
        q=number(found.q[i].item(), digits=4),
        stop=number(found.minimum.p[i].item(), digits=6),
    )


def approach_alt(found: Results, step: int) -> str:
    """Return the probability that is followed, where the descents are and where they go."""
    i = found.watched
    l1, _held, full = found.paths.p[:, step, i].tolist()
    return _(
        "{p} over the steps: after step {step} {l1} by L1, {full} by L2 in full; the target is {q}, "
        "and L2 is least at {stop}."
    ).format(
        p=indexed("p", i + 1),
        step=step,
        l1=number(l1),
        full=number(full),
        q=number(found.q[i].item()),
        stop=number(found.minimum.p[i].item()),
    )


def gradient_numbers(found: Results, step: int) -> str:
    """Return the sizes of the gradients."""
    l1, _held, full = found.gradients[:, step]
    return _("Largest entries after step {step}: dL1/da **{l1}**, dL2/da in full **{full}**.").format(
        step=step, l1=number(float(l1.abs().max())), full=number(float(full.abs().max()))
    )


def gradient_why(found: Results, step: int) -> str:
    """Return by how much the gradients differ."""
    l1, held, full = found.gradients[:, step]
    return _("L1 and L2 with p held differ by {apart}, the two of L2 by {residual}.").format(
        apart=number(float((l1 - held).abs().max()), digits=2),
        residual=number(float((full - held).abs().max())),
    )


def gradient_alt(found: Results, step: int) -> str:
    """Return by how much the full gradient of L2 differs from that with p held."""
    _l1, held, full = found.gradients[:, step]
    return _(
        "For each class the gradients of L1, of L2 with p held and of L2 in full: the two of L2 differ "
        "by up to {residual}."
    ).format(residual=number(float((full - held).abs().max())))


def residual_numbers(found: Results, step: int) -> str:
    """Return the sum of the residual beside its elements."""
    residual = found.residual[step]
    return _(
        "(J a)ᵢ = pᵢ (aᵢ − p·a). Sum over the classes: **{total}**. Elements from **{low}** to "
        "**{high}**."
    ).format(
        total=number(residual.sum().item(), digits=2),
        low=number(residual.min().item()),
        high=number(residual.max().item()),
    )


def residual_alt(found: Results, step: int) -> str:
    """Return from where to where J a goes, and its sum."""
    residual = found.residual[step]
    return _(
        "For each class p − q, J a and their sum as bars: J a goes from {low} to {high}, and sums to "
        "{total}."
    ).format(
        low=number(residual.min().item()),
        high=number(residual.max().item()),
        total=number(residual.sum().item(), digits=2),
    )


def element_alt(found: Results) -> str:
    """Return what the bars of the post's check are, and their sum."""
    return _(
        "The five elements of the post's check as bars, up to {largest}; their sum, {total}, is too "
        "small to see."
    ).format(
        largest=number(found.check.elements.abs().max().item()),
        total=number(found.check.total, digits=2),
    )


def element_numbers(found: Results) -> str:
    """Return what the post's digits add up to."""
    return _(
        "From the eight printed digits the sum is **{total}**; with b as printed, **{printed}**. The "
        "post prints {published}. The elements go up to **{largest}**."
    ).format(
        total=number(found.check.total, digits=2),
        printed=number(found.printed_check.total, digits=2),
        published=number(PUBLISHED_SUM, digits=2),
        largest=number(found.check.elements.abs().max().item()),
    )


def error_numbers(found: Results) -> str:
    """Return how large the rounding errors of the sum are."""
    draws = found.errors.errors.shape[1]
    return ngettext(
        "{draws} draw like the post's. The sum misses 0 by {parts} (rms).",
        "{draws} draws like the post's. The sum misses 0 by {parts} (rms).",
        draws,
    ).format(draws=counted(draws), parts=_rms(found))


def error_why(found: Results) -> str:
    """Return how the rounding errors of the sum are distributed."""
    errors = found.errors
    parts = [
        _("{dtype}: u = {eps}, largest {largest} u, exactly 0 in {zero}").format(
            dtype=dtype,
            eps=number(errors.eps[index], digits=2),
            largest=number(errors.largest[index].item()),
            zero=percent(errors.zero_share[index].item(), digits=2),
        )
        for index, dtype in enumerate(errors.dtypes)
    ]
    return " · ".join(parts)


def error_alt(found: Results) -> str:
    """Return by how much the sums miss 0."""
    return _("How often the sum misses 0 by how many u: {parts} (rms).").format(
        parts=_rms(found).replace("**", "")
    )


def _rms(found: Results) -> str:
    return " · ".join(
        _("**{rms}** u in {dtype}").format(rms=number(rms), dtype=dtype)
        for dtype, rms in zip(found.errors.dtypes, found.errors.rms.tolist(), strict=True)
    )
