"""Hydra's test suites for launchers."""

from __future__ import annotations

import pytest
from hydra.test_utils.launcher_common_tests import BatchedSweeperTestSuite, IntegrationTestSuite, LauncherTestSuite

pytestmark = pytest.mark.filterwarnings("ignore:Future Hydra versions will no longer change working directory:UserWarning")


@pytest.mark.parametrize(("launcher_name", "overrides"), [("lockstep", []), ("lockstep", ["hydra.launcher.workers=1"])])
class TestLockstepLauncher(LauncherTestSuite):
    """The suite for every launcher."""


@pytest.mark.parametrize(("launcher_name", "overrides"), [("lockstep", ["hydra.sweeper.max_batch_size=2"])])
class TestInBatches(BatchedSweeperTestSuite):
    """The suite for sweepers that launch several times."""


@pytest.mark.parametrize(("task_launcher_cfg", "extra_flags"), [({"defaults": [{"override hydra/launcher": "lockstep"}]}, ["-m"])])
class TestLockstepIntegration(IntegrationTestSuite):
    """The integration suite, with whole programs."""
