"""The door to ``business_time.py``: ``python benchmarks/calendar.py [--json]``.

Whatever runs in this folder and looks for the standard library's ``calendar`` finds this file; so it
puts that one in its own place before anything else.
"""

from __future__ import annotations

import sys
import sysconfig
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path

_spec = spec_from_file_location("calendar", Path(sysconfig.get_path("stdlib")) / "calendar.py")
assert _spec is not None
assert _spec.loader is not None
sys.modules["calendar"] = module_from_spec(_spec)
_spec.loader.exec_module(sys.modules["calendar"])

if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).parent))
    from business_time import main

    main()
