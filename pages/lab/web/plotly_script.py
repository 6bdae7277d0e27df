"""The plotly.js that belongs to the installed Plotly, for pages that draw figures themselves."""

from pathlib import Path
from typing import Final

import plotly

# The version is in the name, so that a browser may keep the file for ever.
SCRIPT_NAME: Final = f"plotly-{plotly.__version__}.min.js"
SCRIPT_FILE: Final = Path(plotly.__file__).parent / "package_data" / "plotly.min.js"
