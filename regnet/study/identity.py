"""What makes two runs runs of one study: the same configuration, seeds and presentation left out."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any

SEED_KEYS = frozenset({"seed", "seeds"})
"""What runs of one study differ in."""
PRESENTATION_KEYS = frozenset({"tracking", "report", "experiment", "study", "plugins", "workers", "replay"})
"""What has no influence on a run's numbers."""


def study_identity(config: Mapping[str, Any]) -> str:
    """Twelve hexadecimal digits that two configurations share when they differ only in seeds or in presentation."""
    kept = {key: value for key, value in config.items() if key not in SEED_KEYS | PRESENTATION_KEYS}
    text = json.dumps(kept, sort_keys=True, default=str)
    return hashlib.blake2b(text.encode(), digest_size=6).hexdigest()
