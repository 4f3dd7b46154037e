"""Interpolations are resolved only to the values that OmegaConf gives."""

from __future__ import annotations

from typing import Any

import pytest
from omegaconf import OmegaConf

from regnet.launcher.interpolation import follow_references

WHOLE: dict[str, Any] = {
    "hydra": {"runtime": {"output_dir": "/some/where"}, "job": {"name": "regnet", "num": 3, "id": "???"}},
    "again": "${hydra.job.name}",
    "odd": {"dollars": "\\${x}", "empty": None},
}


@pytest.mark.parametrize(
    ("text", "followed"),
    [
        ("${hydra.runtime.output_dir}/${hydra.job.name}.log", "/some/where/regnet.log"),
        ("${again}", "regnet"),
        ("no reference", "no reference"),
        (5, 5),
        (None, None),
        ("${hydra.job.num}", None),
        ("job ${hydra.job.num}", None),
        ("${oc.env:HOME}/${hydra.job.name}", None),
        ("${oc.select:again}", None),
        ("${hydra.${again}}", None),
        ("${.other}", None),
        ("${odd[dollars]}", None),
        ("${odd.dollars}", None),
        ("${odd.empty}", None),
        ("\\${hydra.job.name}", None),
        ("a$b ${hydra.job.name}", None),
        ("${hydra.nothing}", None),
        ("${hydra.job.id}", None),
    ],
)
def test_interpolations_in_a_text(text: Any, followed: Any) -> None:
    whole = OmegaConf.create({**WHOLE, "part": {"other": 1, "in": [{"it": text}]}})
    copy = follow_references(whole.part, whole)
    left = OmegaConf.to_container(copy, resolve=False)["in"][0]["it"]
    assert left == (text if followed is None else followed)
    assert OmegaConf.to_container(whole.part, resolve=False)["in"][0]["it"] == text  # the original is unchanged
    try:
        expected: Any = OmegaConf.to_container(whole.part, resolve=True)
    except Exception as error:
        with pytest.raises(type(error)):
            OmegaConf.to_container(copy, resolve=True)
    else:
        assert OmegaConf.to_container(copy, resolve=True) == expected
