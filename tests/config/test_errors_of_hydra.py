"""An error from within Hydra is the user's mistake, wherever regnet is installed; one of regnet's own code is a bug."""

from __future__ import annotations

from typing import Any

import pytest

from regnet.config.errors import readable_errors
from regnet.errors import ConfigError
from regnet.registry.catalog import Catalog


def failing(module: str) -> Any:
    """A function of a module in an environment below a folder called regnet, which raises an error."""
    names: dict[str, Any] = {"__name__": module}
    code = "def fail():\n    raise KeyError('NOSUCH')\n"
    exec(compile(code, "/home/someone/regnet/.venv/lib/site-packages/file.py", "exec"), names)
    return names["fail"]


@pytest.mark.parametrize("module", ["hydra.core.utils", "omegaconf.base", "antlr4.Parser"])
def test_error_of_a_library_is_explained(module: str, catalog: Catalog) -> None:
    with pytest.raises(ConfigError, match="the configuration cannot be composed: KeyError: 'NOSUCH'"), readable_errors(catalog):
        failing(module)()


@pytest.mark.parametrize("module", ["regnet.config.loader", "regnet"])
def test_error_of_regnet_is_raised(module: str, catalog: Catalog) -> None:
    with pytest.raises(KeyError), readable_errors(catalog):
        failing(module)()
