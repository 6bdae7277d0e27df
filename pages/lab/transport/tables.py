"""What the page of transport shows as numbers: a table of those it says, a CSV of all it draws."""

from collections.abc import Iterator

from lab.page.csv import csv_text
from lab.transport.results import Results


def numbers(found: Results) -> dict[str, float]:
    """Return every number of the page by name."""
    table = {
        "marginal_error": found.error,
        "row_error": found.row_error,
        "column_error": found.column_error,
        "iterations": int(found.frame.n_iter),
        "entropy": found.entropy,
        "transport_cost": found.frame.transport_cost.item(),
        "entropic_value": found.frame.entropic_value.item(),
        "birkhoff_rate": found.trace.birkhoff,
        "asymptotic_rate": found.rate,
        "accelerated_iterations": found.trace.needed,
        "range_of_cost_over_eps": found.steepness,
    }
    if found.variant_now is not None:
        for index, dtype in enumerate(found.variant_now.dtypes):
            table |= {
                f"post_difference_{dtype}": found.variant_now.differences[index, 0].item(),
                f"post_row_error_{dtype}": found.variant_now.row_errors[index, 0].item(),
                f"post_column_error_{dtype}": found.variant_now.column_errors[index, 0].item(),
            }
    return table


def data_csv(found: Results) -> str:
    """Return what the figures show as CSV, one number a line, every digit kept."""
    return csv_text(("quantity", "row", "column", "value"), _lines(found))


def _lines(found: Results) -> Iterator[tuple[str, float, float | str, float]]:
    for name, vector in (("mu", found.problem.mu), ("nu", found.problem.nu)):
        yield from ((name, i, "", value) for i, value in enumerate(vector.tolist(), start=1))
    for name, matrix in (("cost", found.problem.cost), ("plan", found.plan)):
        for i, row in enumerate(matrix.tolist(), start=1):
            yield from ((name, i, j, value) for j, value in enumerate(row, start=1))
    for name in ("plain", "accelerated", "bound"):
        errors = getattr(found.trace, name).tolist()
        yield from ((f"error_{name}", k, "", error) for k, error in enumerate(errors, start=1))
    eps = found.path.eps.tolist()
    for name in ("entropy", "transport_cost", "entropic_value"):
        values = getattr(found.path, name).tolist()
        yield from ((f"{name}_over_eps", at, "", value) for at, value in zip(eps, values, strict=True))
    if found.variant is not None:
        ranges = found.variant.ranges.tolist()
        for dtype, differences in zip(
            found.variant.dtypes, found.variant.differences.tolist(), strict=True
        ):
            yield from (
                (f"post_difference_{dtype}", at, "", value)
                for at, value in zip(ranges, differences, strict=True)
            )
