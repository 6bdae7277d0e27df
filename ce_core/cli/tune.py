"""`python -m ce_core tune`: which eps and how many iterations given scores need."""

import argparse
import math
from collections.abc import Iterator
from pathlib import Path

import torch
from jaxtyping import Float
from torch import Tensor

from ce_core.cli.files import (
    STANDARD,
    check_output,
    name_of,
    read_matrix,
    report_beside,
    say_aside,
    write_text,
)
from ce_core.cli.options import number, whole_number
from ce_core.transport.balanced import balanced_assignment
from ce_core.transport.status import SinkhornStatus
from ce_core.tuning.choice import Recommendation
from ce_core.tuning.grid import TuningMap, tuning_map
from ce_core.tuning.iteration_counts import iterations_for_error
from ce_core.tuning.pasted_code import snippets
from ce_core.tuning.refinement import Needs, default_counts, default_eps, tune
from ce_core.tuning.regularisations import eps_for_perplexity
from ce_core.tuning.signs import reading
from ce_core.tuning.status import TuningStatus
from ce_core.tuning.timing import median_seconds

# A share of ln m from which on targets count as nearly uniform.
_UNIFORM = 0.9


def add_options(parser: argparse.ArgumentParser) -> None:
    """Describe the command and its options."""
    parser.description = "Say which eps and how many iterations make of scores the targets you need."
    parser.set_defaults(run=run)
    parser.add_argument(
        "scores", type=Path, help="scores, large means near: CSV, NPY or Parquet; - for standard input"
    )
    parser.add_argument("--cost", action="store_true", help="they are costs: large means far")
    parser.add_argument(
        "--perplexity",
        type=number,
        help="over about how many columns a row spreads; /tuning asks for at most so many",
    )
    parser.add_argument(
        "--column-error",
        type=number,
        help="largest error of the column sums, a share of the mass; half of it is the misplaced mass "
        "of /tuning",
    )
    parser.add_argument(
        "--columns-used", type=whole_number, help="fewest columns that are the largest of some row"
    )
    for end, default in (("from", "a thousandth of the range"), ("to", "ten times the range")):
        parser.add_argument(f"--eps-{end}", type=number, help=f"end of the search (default: {default})")
    parser.add_argument("--max-iter", type=whole_number, default=300, help="iterations (default: 300)")
    parser.add_argument(
        "--csv", type=Path, metavar="FILE", help="write the map to FILE, CSV; - for standard output"
    )
    parser.add_argument("--code", action="store_true", help="print code to paste")


def run(options: argparse.Namespace) -> int:
    """Print what meets the needs, and why; return the exit code, 1 if nothing does."""
    needs = {name: getattr(options, name) for name in ("column_error", "perplexity", "columns_used")}
    if not any(value is not None for value in needs.values()):
        raise ValueError("column-error, perplexity or columns-used must be given, got none of them")
    if options.max_iter < 1:
        raise ValueError(f"max-iter must be an integer >= 1, got {options.max_iter}")
    check_output(options.csv)
    scores = torch.as_tensor(
        read_matrix(options.scores, infinity=math.inf if options.cost else -math.inf)
    )
    cost = scores if options.cost else -scores
    eps = default_eps(cost, *_ends(options))
    found, chosen = tune(cost, eps=eps, n_iter=default_counts(options.max_iter), needs=needs)
    with report_beside(options.csv):
        # What meets the needs is said in full.
        first = f"eps {chosen.eps!r}" if chosen.met else f"nearest: eps {chosen.eps:.6g}"
        print(f"{first}, iterations {chosen.n_iter}")
        for name, words in _reasons(cost, chosen, needs):
            print(f"{name:<17} {words}")
        print(f"{'sign':<17} {_sign(scores, near=not options.cost)}")
        if options.code:
            if not options.cost:
                print("\ncost = -scores")
            for whose, text in snippets(chosen.eps, chosen.n_iter).items():
                print(f"\n# {whose}\n{text}", end="")
    if options.csv is not None:
        write_text(options.csv, "".join(f"{line}\n" for line in _csv_lines(found)))
        if options.csv != STANDARD:
            print(f"\nmap written to {name_of(options.csv, room=4096)}")
    if chosen.met:
        return 0
    say_aside(f"python -m ce_core: {_refusal(cost, chosen, needs)}")
    return 1


def _ends(options: argparse.Namespace) -> tuple[float | None, float | None]:
    low, high = options.eps_from, options.eps_to
    for name, value in (("eps-from", low), ("eps-to", high)):
        if value is not None and not (value > 0 and math.isfinite(value)):
            raise ValueError(f"{name} must be finite and > 0, got {value}")
    if low is not None and high is not None and low >= high:
        raise ValueError(f"eps-to must be > eps-from, got {high}")
    return low, high


def _reasons(
    cost: Float[Tensor, "n m"], chosen: Recommendation, needs: Needs
) -> Iterator[tuple[str, str]]:
    """Yield what the plan at a cell is like."""
    cell = tuning_map(cost, eps=[chosen.eps], n_iter=[chosen.n_iter])
    m = cell.columns
    wanted = {
        name: "" if value is None else f", {_ASKED[name]} {value:g}" for name, value in needs.items()
    }
    yield "column error", f"{chosen.column_error:.3g}{wanted['column_error']}"
    yield "perplexity", f"{chosen.perplexity:.4g} of {m} columns{wanted['perplexity']}"
    yield "columns used", f"{chosen.columns_used} of {m}{wanted['columns_used']}"
    floor = math.log(chosen.perplexity) if chosen.perplexity > 0 else math.nan
    text = f"{floor:.4g} nats, the mean entropy of the targets; ln {m} = {math.log(m):.4g}"
    if m > 1 and floor >= _UNIFORM * math.log(m):
        text += ": nearly uniform targets, at which a loss is stuck; ask for a lower perplexity"
    yield "floor of the loss", text
    yield "range of C/eps", f"{cell.range_over_eps.item():.4g}"
    shares = (f"{dtype} {share.item():.3g}" for dtype, share in cell.underflow.items())
    yield "kernel that is 0", ", ".join(shares)
    yield "rate", _rate(cost, cell, chosen, needs)
    yield "one call", _measured(cost, chosen)


_ASKED = {"column_error": "at most", "perplexity": "asked for", "columns_used": "at least"}


def _rate(cost: Float[Tensor, "n m"], cell: TuningMap, chosen: Recommendation, needs: Needs) -> str:
    """Say by what a late iteration shrinks the error, and what that promises."""
    rate = cell.rate.item()
    if math.isnan(rate):
        return f"not known: {SinkhornStatus(int(cell.rate_status)).advice}"
    text = f"{rate:.4g}, by which each late iteration multiplies the column error"
    if needs["column_error"] is None or not chosen.met:
        return text
    found = iterations_for_error(
        cost, eps=chosen.eps, column_error=needs["column_error"], max_iter=max(chosen.n_iter, 1)
    )
    return f"{text}: at that rate from the first on {found.promised.item():g} iterations"


def _measured(cost: Float[Tensor, "n m"], chosen: Recommendation) -> str:
    """Time a call in float32, as one trains."""
    scores = cost.float()
    median = median_seconds(lambda: balanced_assignment(scores, eps=chosen.eps, n_iter=chosen.n_iter))
    held = scores.numel() * scores.element_size()
    return f"{median * 1e3:.3g} ms, measured here in float32; each matrix of it holds {held:,} bytes"


def _sign(scores: Float[Tensor, "n m"], *, near: bool) -> str:
    """Say whether the sign that was given is the one that the numbers look like."""
    found = reading(scores)
    given = "near" if near else "far"
    evidence = "; ".join(item.words for item in found.evidence) or "the numbers do not say"
    if found.sign in (given, "unclear"):
        return f"large means {given}, as given: {evidence}"
    remedy = "try --cost" if near else "try without --cost"
    return f"large means {given}, as given, which looks wrong ({remedy}): {evidence}"


def _refusal(cost: Float[Tensor, "n m"], chosen: Recommendation, needs: Needs) -> str:
    """Say why the needs cannot be met."""
    if "perplexity" in chosen.failing and len(chosen.failing) == 1:
        found = eps_for_perplexity(cost, perplexity=needs["perplexity"])
        status = TuningStatus(int(found.status))
        if status is not TuningStatus.REACHED:
            within = f"from {found.lowest.item():.4g} to {found.highest.item():.4g}"
            return f"a converged plan has a perplexity {within}: {status.advice}"
    return chosen.advice


def _csv_lines(found: TuningMap) -> Iterator[str]:
    yield "eps,iterations,column_error,perplexity,columns_used"
    for row, eps in enumerate(found.eps.tolist()):
        for column, count in enumerate(found.n_iter.tolist()):
            error, perplexity = found.column_error[row, column], found.perplexity[row, column]
            used = int(found.columns_used[row, column])
            yield f"{eps:.17g},{count},{error.item():.17g},{perplexity.item():.17g},{used}"
