"""The three hooks. Hooks register and observe; behaviour lives in the classes a plugin brings."""

from __future__ import annotations

from typing import Final

import pluggy

hookspec: Final = pluggy.HookspecMarker("upheld")
