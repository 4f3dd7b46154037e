"""MLflow's UI, opened where the answer is: a launch's runs grouped by study, and links to that and to comparisons."""

from __future__ import annotations

import base64
import hashlib
import json
import zlib
from collections.abc import Collection, Sequence
from typing import Any
from urllib.parse import quote

from regnet.tracking.store.messages import LABEL, TAG_LENGTH

NOTE = "mlflow.note.content"
"""The tag that MLflow shows as the description of a run or an experiment, in Markdown."""
SHARED_VIEW = "mlflow.sharedViewState."
"""What the names of an experiment's tags begin with that hold a view."""
RUNS_AT_ONCE = 100
"""How many runs MLflow's page loads at first, and with each "Load more"."""

SPLITS = ("test", "validation", "train")
"""The order in which the charts of what is measured on them come."""


def view_tag(launch: str) -> str:
    """The name of the experiment's tag that holds the view of a launch."""
    return SHARED_VIEW + _key(launch)


def view_state(launch: str, labels: Sequence[str] = (), splits: Collection[str] = ("test", "train")) -> str:
    """The view of a launch, as MLflow keeps it in a tag: its runs by study, a line with a band for each in the chart of a metric.

    The line is the mean over the seeds, the band goes from the smallest to the largest. The runs come in the order of their seeds,
    so that where there are more than the page loads at once it has the same seeds of every study. MLflow makes the charts itself,
    in the section that a metric's name begins with.

    Args:
        launch: As in the tag ``regnet.launch``.
        labels: The studies' labels, if they are known: their groups are closed then, a line each.
        splits: What was measured on.
    """
    state = {
        "searchFilter": f"tags.`regnet.role` = 'run' and tags.`regnet.launch` = '{launch}'",
        "orderByKey": "params.`seed`",
        "orderByAsc": True,
        "groupBy": {"aggregateFunction": "average", "groupByKeys": [{"mode": "tag", "groupByData": LABEL}]},
        "useGroupedValuesInCharts": True,
        "runsHiddenMode": "FIRST_20_RUNS",
        "selectedColumns": [],
        "hideEmptyCharts": True,
        "compareRunSections": [_section(split) for split in SPLITS if split in splits],
        "compareRunCharts": [],
        "isAccordionReordered": True,
    }
    closed = {"groupsExpanded": {f"tag.{LABEL}.{label}": False for label in labels}}
    whole = _packed(state | closed)
    return whole if len(whole) <= TAG_LENGTH else _packed(state)


def grouped_link(experiment: str, launch: str, base: str = "") -> str:
    """The address of a launch's view; without the server's address `base`, relative to any of its pages."""
    query = f"compareRunsMode=CHART&viewStateShareKey={_key(launch)}&workflowType=machine_learning"
    return f"{base}#/experiments/{experiment}/runs?{query}"


def compare_link(experiment: str, runs: Sequence[str], base: str = "") -> str:
    """The address of the page that compares runs, given by their identities, along parallel coordinates."""
    return f"{base}#/compare-runs?runs={_list(runs)}&experiments={_list([experiment])}&workflowType=machine_learning"


def _key(launch: str) -> str:
    return "regnet-" + hashlib.blake2b(launch.encode(), digest_size=6).hexdigest()


def _section(name: str) -> dict[str, Any]:
    return {"uuid": name, "name": name, "display": True, "columns": 2, "isReordered": True, "isGenerated": True}


def _packed(state: Any) -> str:
    """The state in the shortest of the forms that MLflow reads."""
    return "deflate;" + base64.b64encode(zlib.compress(json.dumps(state).encode(), 9)).decode()


def _list(names: Sequence[str]) -> str:
    return quote(json.dumps(list(names), separators=(",", ":")), safe="")
