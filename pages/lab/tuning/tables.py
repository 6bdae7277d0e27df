"""What the page of tuning shows as numbers: a table of those it says, a CSV of the map."""

from collections.abc import Iterator

from lab.page.csv import csv_text
from lab.tuning.results import Results


def numbers(found: Results) -> dict[str, float]:
    """Return every number of the page by name."""
    column, row = found.cell
    at = found.map
    table: dict[str, float] = {
        "rows": at.rows,
        "columns": at.columns,
        "recommended_eps": found.best.eps,
        "recommended_iterations": found.best.n_iter,
        "needs_met": float(found.best.met),
        "eps": found.eps,
        "iterations": found.n_iter,
        "column_error": at.column_error[column, row].item(),
        "perplexity": at.perplexity[column, row].item(),
        "columns_used": int(at.columns_used[column, row]),
        "range_of_cost_over_eps": at.range_over_eps[column].item(),
        "asymptotic_rate": at.rate[column].item(),
    }
    table |= {f"underflow_{dtype}": shares[column].item() for dtype, shares in at.underflow.items()}
    wanted = found.temperatures.wanted
    if len(wanted):
        table["temperature"] = wanted.median().item()
    return table


def data_csv(found: Results) -> str:
    """Return the map as CSV, a cell a line, every digit kept."""
    header = ("eps", "iterations", "column_error", "perplexity", "columns_used", "rate")
    return csv_text(header, _lines(found))


def _lines(found: Results) -> Iterator[tuple[float, int, float, float, int, float]]:
    at = found.map
    for place, eps in enumerate(at.eps.tolist()):
        for row, count in enumerate(at.n_iter.tolist()):
            yield (
                eps,
                count,
                at.column_error[place, row].item(),
                at.perplexity[place, row].item(),
                int(at.columns_used[place, row]),
                at.rate[place].item(),
            )
