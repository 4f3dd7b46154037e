"""Annotations of a constructor's option besides its type: its range, and whether replicas may differ in it.

Ranges are written with the `annotated-types` package, which pydantic reads::

    lr: Annotated[float, Gt(0), PER_REPLICA] = 0.001
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class PerReplica:
    """Marks a numeric option in which the replicas of one lockstep program may differ.

    The component's code must also work if the option is a tensor that broadcasts against what it is applied to.
    Sizes, switches and names cannot be marked: all replicas of a program have the same structure.
    """


PER_REPLICA = PerReplica()
"""The mark of an option in which replicas may differ, to be put into its annotation: ``Annotated[float, PER_REPLICA]``."""
