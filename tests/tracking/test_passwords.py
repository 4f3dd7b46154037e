"""The password in a store's address is left out, and nothing else."""

from __future__ import annotations

import pytest

from regnet.tracking.store.messages import params_of
from regnet.tracking.store.passwords import without_password


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("postgresql://anna:secret@host:5432/runs", "postgresql://anna:***@host:5432/runs"),
        ("https://:s3cr%40t@host", "https://:***@host"),
        (
            "regnet run 'tracking.uri=mysql+pymysql://a:b@h/x' seeds=2",
            "regnet run 'tracking.uri=mysql+pymysql://a:***@h/x' seeds=2",
        ),
        ("postgresql://anna@host:5432/runs", "postgresql://anna@host:5432/runs"),
        ("http://127.0.0.1:5000/#/experiments/1/runs?a=b@c", "http://127.0.0.1:5000/#/experiments/1/runs?a=b@c"),
        ("sqlite:////a:b@c.db", "sqlite:////a:b@c.db"),
        ("dataset=mine:disc loss.scale=3", "dataset=mine:disc loss.scale=3"),
    ],
)
def test_only_the_password_is_left_out(text: str, expected: str) -> None:
    assert without_password(text) == expected


def test_password_is_not_among_the_parameters() -> None:
    config = {"tracking": {"name": "mlflow", "uri": "postgresql://anna:secret@host/runs"}}
    assert params_of(config) == {"tracking.name": "mlflow", "tracking.uri": "postgresql://anna:***@host/runs"}
