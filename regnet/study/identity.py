"""The identity of a study: runs belong to one study if their configurations are equal except for seeds and presentation.

The content of the files that a user gave for the data set is part of it.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any

SEED_KEYS = frozenset({"seed", "seeds"})
"""The settings in which runs of one study differ."""
PRESENTATION_KEYS = frozenset({"tracking", "report", "experiment", "study", "plugins", "workers", "replay"})
"""The settings that do not influence a run's numbers."""


def study_identity(config: Mapping[str, Any], content: str = "") -> str:
    """Return twelve hexadecimal digits, equal for configurations that differ only in seeds or presentation.

    Args:
        config: the configuration.
        content: a hash of the files that the data set is read from.
    """
    kept = {key: value for key, value in config.items() if key not in SEED_KEYS | PRESENTATION_KEYS}
    text = json.dumps(kept, sort_keys=True, default=str) + content
    return hashlib.blake2b(text.encode(), digest_size=6).hexdigest()
