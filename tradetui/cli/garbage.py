"""When garbage is collected: not while the program starts, because what is loaded then stays.

Once the start is over, `runtime/collector.py` takes care of it.
"""

from __future__ import annotations

import contextlib
import gc
from collections.abc import Iterator


@contextlib.contextmanager
def collected_later() -> Iterator[None]:
    """No collection inside; walking all that was loaded so far took a tenth of the start."""
    gc.disable()
    try:
        yield
    finally:
        gc.enable()
