"""The settings of a launch, which no study has."""

from __future__ import annotations

import re
from dataclasses import asdict, dataclass
from typing import Annotated, Any, Final, Literal

from annotated_types import Ge, Gt, Interval

from regnet.errors import ConfigError


@dataclass(frozen=True)
class LaunchSettings:
    """The settings of a launch, which no job has: they are read from the command line, and from no sweep.

    Args:
        resume: continue the launch in the folder that `hydra.run.dir` or `hydra.sweep.dir` names, by default the newest that was
            started with the same command; what is finished is not trained again.
        mix_versions: continue a launch even if it was started with other versions of regnet or of plugins.
        max_time: the time after which the launch stops in order, so that it can be continued: a number of seconds, such as 3600,
            or a text such as 90s, 30m, 11h30m or 11:30:00.
        on_failure: whether a job that fails for any of its seeds, other than by divergence, stops the launch: the other jobs are
            not started, or end after their epoch, and can be continued later.
        gap: for ``seeds=auto``, the smallest difference between studies that matters, in the unit in which differences of the
            headline are shown: 0.2 for an error rate is 0.2 points.
        power: for ``seeds=auto``, how often a difference as large as the gap may be given up at least: with 0.8, once in five.
        max_seeds: for ``seeds=auto``, the most seeds of each study.
        checkpoint_epochs: the number of epochs after which training writes a checkpoint, from which it continues if it was ended;
            by default only the time matters.
        checkpoint_seconds: the time after which it writes one, at the end of an epoch, in seconds; null for never.
    """

    resume: bool = False
    mix_versions: bool = False
    max_time: float | str | None = None
    on_failure: Literal["continue", "stop"] = "continue"
    gap: Annotated[float, Gt(0)] | None = None
    power: Annotated[float, Interval(gt=0.5, lt=1)] = 0.8
    max_seeds: Annotated[int, Interval(ge=2, le=100_000)] = 100
    checkpoint_epochs: Annotated[int, Ge(1)] | None = None
    checkpoint_seconds: Annotated[float, Ge(0)] | None = 60.0

    def __post_init__(self) -> None:
        if self.max_time is not None and self.max_seconds is None:
            raise ConfigError(f"max_time={self.max_time}: expected seconds, or a time such as 90s, 30m, 11h30m or 11:30:00")

    @property
    def max_seconds(self) -> float | None:
        """`max_time` in seconds; None if there is none."""
        if isinstance(self.max_time, (int, float)):
            return float(self.max_time) if self.max_time > 0 else None
        found = CLOCK.fullmatch(self.max_time or "") or UNITS.fullmatch(self.max_time or "")
        if found is None:
            return None
        return sum(float(found[unit] or 0) * seconds for unit, seconds in UNIT_SECONDS.items()) or None

    @property
    def kept(self) -> dict[str, Any]:
        """The settings that a launch keeps when it is continued, by name."""
        return {name: value for name, value in asdict(self).items() if name not in COMMAND_ONLY}


COMMAND_ONLY: Final = ("resume", "mix_versions")
"""The settings of a launch that are about one command only."""
UNIT_SECONDS: Final = {"d": 86400, "h": 3600, "m": 60, "s": 1}
UNITS: Final = re.compile(r"(?!$)(?:(?P<d>\d+)d)?(?:(?P<h>\d+)h)?(?:(?P<m>\d+)m(?:in)?)?(?:(?P<s>\d+(?:\.\d+)?)s)?")
CLOCK: Final = re.compile(r"(?:(?P<d>\d+)-)?(?P<h>\d+):(?P<m>\d\d):(?P<s>\d\d)")
"""A time as Slurm writes it, such as ``11:30:00`` or ``1-11:30:00``."""
