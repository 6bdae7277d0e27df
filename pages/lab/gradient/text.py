"""What the page of the gradients says about its figures; it depends on what they show."""

from textwrap import wrap
from typing import Final

from lab.gradient.results import DRAWS, PUBLISHED_SUM, Answer
from lab.gradient.state import FREE, ONE_HOT, GradientState
from lab.language.catalogues import _, ngettext
from lab.language.numerals import counted, indexed, number, percent
from lab.page.notes import Note

# Where the text changes. The figures say the number, so nothing hangs on the exact place.
_ROUNDING: Final = 1e-9
_FELT: Final = 1e-6
_SLIGHT: Final = 1e-3
_ARRIVED: Final = 1e-6
_RESTLESS: Final = 1e-3


def notes(found: Answer) -> list[Note]:
    """Return what to notice in this state, the most important first."""
    return [
        _far(found) or _ways(found),
        _stop(found),
        _arrival(found),
        _same_path(found),
        _residual(found),
        _check(found),
    ]


def corners(found: Answer) -> tuple[str, str, str]:
    """Return what is at the corners of the triangle."""
    classes = len(found.q)
    names = [_("class {number}").format(number=kept + 1) for kept in found.kept]
    if classes == 3:
        return names[0], names[1], _("class {number}").format(number=3)
    return names[0], names[1], _("all others") if classes > 3 else _("no third class")


def readouts(found: Answer, step: int | None = None) -> list[tuple[str, str]]:
    """Return the numbers that tell the story in passing, each of one width."""
    at = found.state.at if step is None else step
    p = found.paths.p[:, at, found.watched].tolist()
    name = indexed("p", found.watched + 1)
    return [
        (_("{p} by L1").format(p=name), f"{p[0]:.4f}"),
        (_("{p} by L2 in full").format(p=name), f"{p[2]:.4f}"),
        (_("{p} where L2 is least").format(p=name), f"{found.minimum.p[found.watched].item():.4f}"),
    ]


def simplex_numbers(found: Answer, step: int) -> str:
    """Return how far the paths are from where they go."""
    p = found.paths.p[:, step]
    return _(
        "After step **{step}**: L1 is {l1} from q; L2 in full is **{l2}** from its minimum, which is "
        "{miss} from q (each the largest difference of a p)."
    ).format(
        step=step,
        l1=number(float((p[0] - found.q).abs().max())),
        l2=number(float((p[2] - found.minimum.p).abs().max())),
        miss=number(float((found.minimum.p - found.q).abs().max())),
    )


def approach_numbers(found: Answer, step: int) -> str:
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


def gradient_numbers(found: Answer, step: int) -> str:
    """Return the sizes of the gradients, and by how much they differ."""
    l1, held, full = found.gradients[:, step]
    return _(
        "Largest entries after step {step}: dL1/da **{l1}**, dL2/da in full **{full}**. L1 and L2 with "
        "p held differ by {apart}, the two of L2 by {residual}."
    ).format(
        step=step,
        l1=number(float(l1.abs().max())),
        full=number(float(full.abs().max())),
        apart=number(float((l1 - held).abs().max()), digits=2),
        residual=number(float((full - held).abs().max())),
    )


def residual_numbers(found: Answer, step: int) -> str:
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


def element_numbers(found: Answer) -> str:
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


def error_numbers(found: Answer) -> str:
    """Return how the rounding errors of the sum are distributed."""
    errors = found.errors
    parts = [
        _("{dtype} (u = {eps}): rms **{rms}** u, largest {largest}, exactly 0 in {zero}").format(
            dtype=dtype,
            eps=number(errors.eps[index], digits=2),
            rms=number(errors.rms[index].item()),
            largest=number(errors.largest[index].item()),
            zero=percent(errors.zero_share[index].item(), digits=2),
        )
        for index, dtype in enumerate(errors.dtypes)
    ]
    draws = errors.errors.shape[1]
    return ngettext(
        "{draws} draw like the post's. {parts}.", "{draws} draws like the post's. {parts}.", draws
    ).format(draws=counted(draws), parts=" · ".join(parts))


def _largest(values: list[float]) -> int:
    return max(range(len(values)), key=lambda i: abs(values[i]))


def _level(found: Answer, step: int) -> bool:
    """Return whether all classes with p > 0 have one logit where L2 in full stands after `step`.

    J a alone does not tell: it is small too where p is sure.
    """
    a, p = (path[2, step] for path in (found.paths.a, found.paths.p))
    held = a[p > 0]
    return float(held.max() - held.min()) < _ROUNDING


def _ways(found: Answer) -> Note:
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
    if number(l1[i]) == number(full[i]):
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


def _far(found: Answer) -> Note | None:
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


def _stop(found: Answer) -> Note:
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


def _arrival(found: Answer) -> Note:
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


def _same_path(found: Answer) -> Note:
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


def _residual(found: Answer) -> Note:
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


def _check(found: Answer) -> Note:
    errors = found.errors
    text = ngettext(
        "**The post's check adds up what is not 0.** Its five elements go up to {largest}; their sum "
        "is {total}. In {draws} such draw the sum misses 0 by {rms64} u in float64 and {rms32} u "
        "in float32 (root mean square; u is the spacing of numbers at 1): rounding, which says nothing "
        "of the elements.",
        "**The post's check adds up what is not 0.** Its five elements go up to {largest}; their sum "
        "is {total}. In {draws} such draws the sum misses 0 by {rms64} u in float64 and {rms32} u "
        "in float32 (root mean square; u is the spacing of numbers at 1): rounding, which says nothing "
        "of the elements.",
        DRAWS,
    ).format(
        largest=number(found.check.elements.abs().max().item()),
        total=number(found.check.total, digits=2),
        draws=counted(DRAWS),
        rms64=number(errors.rms[0].item(), digits=2),
        rms32=number(errors.rms[1].item(), digits=2),
    )
    return Note("check", text)


def snippet(state: GradientState) -> str:
    """Return the Python that computes what the page shows."""
    return (
        f"import torch\nimport ce_core as ce\nfrom ce_core.post import published\n\n{_setup(state)}"
        "print(ce.cross_entropy_grad(a, q))\n"
        "print(ce.logit_gap_grad(\n    a, q, detach_p=True\n))\n"
        "print(ce.logit_gap_grad(a, q))\n"
        "print(ce.logit_gap_residual(a))\n"
        "paths = ce.descent_paths(\n"
        f"    a, q,\n    learning_rate={state.rate!r},\n    steps={state.steps},\n)\n"
        "print(paths.p[:, -1])\n"
        "print(ce.logit_gap_minimum(q))\n"
        "print(ce.check_sum(\n    published.CHECK_P,\n    published.CHECK_VALUES,\n))\n"
        f"print(ce.sum_errors(\n    seed={state.seed}\n).rms)\n"
    )


def command(state: GradientState) -> str:
    """Return the command line that prints where L2 in full stops."""
    return (
        f"python - <<'END'\nimport torch\nimport ce_core as ce\n{_setup(state)}"
        "print(ce.logit_gap_minimum(q).p)\nEND"
    )


def _setup(state: GradientState) -> str:
    lines = _tensor("a", state.a)
    if state.kind == FREE:
        return lines + _tensor("q", state.weights) + "q = q / q.sum()\n"
    smoothing = 0.0 if state.kind == ONE_HOT else state.smoothing
    return lines + (
        f"q = ce.smoothed_target(\n    {state.target - 1}, {len(state.a)},\n"
        f"    smoothing={smoothing!r},\n)\n"
    )


def _tensor(name: str, values: tuple[float, ...]) -> str:
    """Return the assignment of a tensor, in lines that fit a phone."""
    listed = wrap(f"[{', '.join(map(repr, values))}],", width=28)
    lines = [f"{name} = torch.tensor(", *(f"    {line}" for line in listed)]
    return "\n".join([*lines, "    dtype=torch.float64,", ")", ""])
