"""Where the captured market data lies: the one place that knows."""

from __future__ import annotations

import os
from pathlib import Path

CAPTURES = Path(os.environ.get("TRADETUI_CAPTURES", Path(__file__).parents[1] / "../shared/data")).resolve()
