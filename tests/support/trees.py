"""Trees of figures, compared."""

from typing import Any

import numpy as np
import plotly.graph_objects as go


def assert_same(left: Any, right: Any) -> None:
    """Compare two trees, their arrays to float32."""
    if isinstance(left, np.ndarray) and isinstance(right, np.ndarray):
        assert left.shape == right.shape
        np.testing.assert_allclose(left, right, rtol=2**-23)
    elif isinstance(left, dict):
        assert left.keys() == right.keys()
        for name in left:
            assert_same(left[name], right[name])
    elif isinstance(left, list | tuple):
        assert len(left) == len(right)
        for one, other in zip(left, right, strict=True):
            assert_same(one, other)
    else:
        assert left == right


def tree_of(figure: go.Figure) -> dict[str, Any]:
    """Return the tree that a figure has become within Plotly, its arrays as they are."""
    return {
        "data": [trace.to_plotly_json() for trace in figure.data],
        "layout": figure.layout.to_plotly_json(),
    }
