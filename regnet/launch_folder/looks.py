"""The looks of a launch with ``seeds=auto``: how many seeds each study has so far, and what was shown."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Final

from regnet.errors import DamagedFile
from regnet.files import write_atomically

LOOKS: Final = "looks.json"
FIRST: Final = 5
"""The number of seeds at the first look."""
GROWTH: Final = 2
"""The factor between the numbers of seeds at two looks."""


def schedule(most: int) -> tuple[int, ...]:
    """Return the numbers of seeds at which the values are looked at: 5, 10, 20, 40 and so on, up to the most that are allowed."""
    numbers = [min(FIRST, most)]
    while most > 1.1 * (following := GROWTH * numbers[-1]):
        numbers.append(following)
    return (*numbers, most) if most > numbers[-1] + 1 else (*numbers[:-1], most)


def count_looks(seeds: int) -> int:
    """Return how often the values may have been looked at before there were so many seeds, the last look included."""
    return len(schedule(seeds))


@dataclass(frozen=True)
class Closed:
    """A comparison that is not continued, and what it has shown."""

    first: str
    """The identity of a study."""
    second: str
    outcome: str
    """An `Outcome` of `regnet.stats.sequential`, or ``beaten``: both studies are, or one is shown to be worse than another."""
    seeds: int
    """The number of seeds of both studies."""
    p: float | None
    level: float
    """What p had to reach at this look."""
    low: float | None
    """The repeated interval of first minus second."""
    high: float | None
    better: str | None = None
    """The identity of the study that is shown to be better."""


@dataclass(frozen=True)
class Looks:
    """The state of a launch with ``seeds=auto``, which is kept in its folder."""

    schedule: tuple[int, ...]
    """The number of seeds at each look."""
    gap: float
    """The smallest difference that matters, in the unit in which the metric is shown."""
    power: float
    look: int = 0
    """The index of the look whose seeds are being trained; the number of looks when all is shown that will be."""
    stopped: Mapping[str, int] = field(default_factory=dict)
    """The number of seeds of each study that gets no more, by identity."""
    closed: tuple[Closed, ...] = ()

    @property
    def ended(self) -> bool:
        """Whether no more seeds are needed."""
        return self.look >= len(self.schedule)

    def seeds_of(self, study: str) -> int:
        """Return the current number of seeds of a study."""
        return self.stopped.get(study, self.schedule[min(self.look, len(self.schedule) - 1)])

    def write(self, folder: Path) -> None:
        """Write the state into a launch's folder.

        Raises:
            OSError: it cannot be written.
        """
        write_atomically(folder / LOOKS, json.dumps(asdict(self), indent=1).encode())


def read_looks(folder: Path) -> Looks | None:
    """Return the state of the launch in a folder; None if it has no ``seeds=auto``.

    Raises:
        DamagedFile: the file is not what was written.
    """
    path = folder / LOOKS
    try:
        plain: dict[str, Any] = json.loads(path.read_bytes())
        closed = tuple(Closed(**each) for each in plain.pop("closed"))
        return Looks(**{**plain, "schedule": tuple(plain["schedule"]), "closed": closed})
    except FileNotFoundError:
        return None
    except (ValueError, TypeError, KeyError) as error:
        raise DamagedFile(f"{path} is damaged: remove it to look at the values anew") from error
