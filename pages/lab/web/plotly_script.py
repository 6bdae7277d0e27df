"""The plotly.js that belongs to the installed Plotly, for pages that draw figures themselves.

A third of it draws everything flat. A page without a 3-D figure asks for that part, which Plotly's own
package does not hold: it lies in `pages/vendor`, as its authors publish it.
"""

from pathlib import Path
from typing import Final

import plotly
from plotly.offline import get_plotlyjs_version

# The version is in the names, so that a browser may keep the files for ever.
WHOLE: Final = f"plotly-{get_plotlyjs_version()}.min.js"
FLAT: Final = f"plotly-cartesian-{get_plotlyjs_version()}.min.js"

SCRIPT_FILES: Final = {
    WHOLE: Path(plotly.__file__).parent / "package_data" / "plotly.min.js",
    FLAT: Path(__file__).parents[2] / "vendor" / "plotly-cartesian.min.js",
}
