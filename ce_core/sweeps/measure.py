"""The metrics of the points of a region: from what they share, or one experiment after another."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import replace

import torch
from jaxtyping import Float, Int
from torch import Tensor

from ce_core.experiment.config import ExperimentConfig
from ce_core.experiment.inputs import SharedInputs
from ce_core.experiment.run import run_on
from ce_core.jobs import one_thread
from ce_core.sweeps.columns import Columns, over_seeds
from ce_core.sweeps.definition import LOGIT_FIELDS, TARGET_FIELDS, Grid, Region, kind_of
from ce_core.sweeps.factors import Factors, Ranked, Wanted
from ce_core.sweeps.kept_factors import KeptFactors
from ce_core.sweeps.metrics import gradient_metrics, loss_metrics, metrics_of

# Losses that are held at a time.
_MOST_LOSSES = 1 << 20


class Measure:
    """Measures the regions of a grid, and keeps what later ones share with earlier ones.

    Parameters
    ----------
    grid
        All regions are of it.
    """

    def __init__(self, grid: Grid) -> None:
        self.grid = grid
        self._kept = KeptFactors()
        self._inputs = SharedInputs()

    def __call__(self, region: Region) -> Columns:
        """Return the columns of a region by name, [rows, columns] each.

        On one thread, with which the bits are the same wherever it runs.
        """
        with one_thread():
            return over_seeds(
                self.grid, [self._measure_seed(seed, region) for seed in range(self.grid.seeds)]
            )

    def _measure_seed(self, number: int, region: Region) -> Columns:
        config = replace(self.grid.config, seed=self.grid.config.seed + number)
        grid = replace(self.grid, config=config, seeds=1)
        found = {
            metric: torch.full(region.shape, torch.nan, dtype=torch.float64) for metric in grid.metrics
        }
        for part in _same_draws(grid, region):
            values = self._measure_part(grid, part)
            rows, columns = part.place
            place = (
                slice(rows.start - region.rows.start, rows.stop - region.rows.start),
                slice(columns.start - region.columns.start, columns.stop - region.columns.start),
            )
            for metric in grid.metrics:
                found[metric][place] = values[metric].reshape(part.shape)
        return found

    def _measure_part(self, grid: Grid, part: Region) -> dict[str, Float[Tensor, " points"]]:
        """Measure points that have the same draws; what has no finite loss is run by itself."""
        base = grid.config_at(part.rows[0], part.columns[0])
        if base.dtype in ("float64", "float32"):
            found, finite = self._measure_shared(grid, part, base)
        else:
            # There each scaling rounds, and nothing is shared but the draws and the targets.
            found = {metric: torch.empty(part.points, dtype=torch.float64) for metric in grid.metrics}
            finite = torch.zeros(part.points, dtype=torch.bool)
        for point in (~finite).nonzero().flatten().tolist():
            row, column = divmod(point, len(part.columns))
            config = grid.config_at(part.rows[row], part.columns[column])
            alone = metrics_of(run_on(config, self._inputs.draw(config)))
            for metric in grid.metrics:
                found[metric][point] = alone[metric]
        return found

    def _measure_shared(
        self, grid: Grid, part: Region, base: ExperimentConfig
    ) -> tuple[dict[str, Float[Tensor, " points"]], Tensor]:
        logits, of_logits, logit_count = _side(grid, part, LOGIT_FIELDS)
        exponents, of_exponents, exponent_count = _side(grid, part, ("logit_exponent",))
        targets, of_targets, target_count = _side(grid, part, TARGET_FIELDS)
        sizes = (logit_count, exponent_count, target_count)
        wanted = Wanted(base, logits, exponents, targets, sizes, grid.gradients)
        factors = self._kept.compute(wanted)
        scales = torch.tensor([config.logit_scale for _, config in logits], dtype=torch.float64)
        # Beyond, squares leave the dtype, and the experiment has what then is there.
        reach = math.sqrt(torch.finfo(getattr(torch, base.dtype)).max)
        pieces, finite = [], []
        step = max(1, _MOST_LOSSES // base.trials)
        for index in zip(
            *(torch.split(of, step) for of in (of_logits, of_exponents, of_targets)), strict=True
        ):
            logit, exponent, target = index
            shift = scales[logit].unsqueeze(-1) * factors.alignment[exponent, target]
            l1, entropy = factors.partition[logit] - shift, factors.entropy[logit]
            pieces.append(loss_metrics(l1, entropy, base.m))
            within = (scales[logit] <= reach) & (scales[logit] >= 1 / reach)
            finite.append((l1.isfinite() & entropy.isfinite()).all(-1) & within)
        found = {metric: torch.cat([piece[metric] for piece in pieces]) for metric in pieces[0]}
        found["marginal_error"] = factors.marginal_error.amax(-1)[of_targets]
        if grid.gradients:
            found |= _of_gradients(factors, of_logits, of_targets)
        return found, torch.cat(finite)


def _of_gradients(
    factors: Factors, logit: Int[Tensor, " points"], target: Int[Tensor, " points"]
) -> dict[str, Float[Tensor, " points"]]:
    own, pair = factors.logit_products[:, logit], factors.pair_products[:, logit, target]
    return gradient_metrics(
        square=own[0] - 2 * pair[0] + factors.target_square[target],
        product=own[1] - pair[1],
        square_difference=own[2],
    )


def _same_draws(grid: Grid, region: Region) -> Iterator[Region]:
    """Cut a region where an axis changes the draws."""
    rows, columns = [region.rows], [region.columns]
    if grid.y and kind_of(grid.y.name) == "draws":
        rows = [range(row, row + 1) for row in region.rows]
    if kind_of(grid.x.name) == "draws":
        columns = [range(column, column + 1) for column in region.columns]
    return (Region(some, others) for some in rows for others in columns)


def _side(grid: Grid, part: Region, names: Sequence[str]) -> tuple[Ranked, Int[Tensor, " points"], int]:
    """Return what differs by some fields, the index of each point among it, and how much there is."""
    along_y, along_x = grid.y is not None and grid.y.name in names, grid.x.name in names
    height, width = (
        size if along else 1 for size, along in zip(grid.shape, (along_y, along_x), strict=True)
    )
    rows = part.rows if along_y else part.rows[:1]
    columns = part.columns if along_x else part.columns[:1]
    index = torch.arange(len(rows) * len(columns))
    # An exponent, which is named first, changes last: powers of numbers are what is slow.
    if along_x and grid.x.name == names[0]:
        places = [(column * height + row * along_y, row, column) for column in columns for row in rows]
        index = index.reshape(len(columns), len(rows)).T
    else:
        places = [
            (row * along_y * width + column * along_x, row, column)
            for row in rows
            for column in columns
        ]
        index = index.reshape(len(rows), len(columns))
    ranked = [(rank, grid.config_at(row, column)) for rank, row, column in places]
    return ranked, index.expand(part.shape).flatten(), height * width
