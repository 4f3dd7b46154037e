"""The view of a launch in MLflow's UI, with its runs grouped by study, and links to it and to comparisons of runs."""

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
"""The tag that holds the description of a run or an experiment, in Markdown."""
SHARED_VIEW = "mlflow.sharedViewState."
"""The prefix of an experiment's tags that hold views."""
RUNS_AT_ONCE = 100
"""Number of runs that MLflow's page loads at first, and with each "Load more"."""

SPLITS = ("test", "validation", "train")
"""The splits in the order of their charts."""


def view_tag(launch: str) -> str:
    """Return the name of the experiment's tag that holds the view of a launch."""
    return SHARED_VIEW + _key(launch)


def view_state(launch: str, labels: Sequence[str] = (), splits: Collection[str] = ("test", "train")) -> str:
    """Return the view of a launch in the form in which MLflow keeps it in a tag: the runs grouped by study.

    Each chart shows a line and a band for each study: the mean over the seeds, and the range from the smallest to the largest
    value. Runs are sorted by seed, so that a page that does not load all runs has the same seeds of every study. MLflow creates the
    charts and puts each into the section named by the prefix of its metric.

    Args:
        launch: the launch, as in the tag ``regnet.launch``.
        labels: the studies' labels, if they are known; their groups are then collapsed.
        splits: the splits that metrics were measured on.
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
    collapsed = {"groupsExpanded": {f"tag.{LABEL}.{label}": False for label in labels}}
    complete = _packed(state | collapsed)
    return complete if len(complete) <= TAG_LENGTH else _packed(state)


def grouped_link(experiment: str, launch: str, base: str = "") -> str:
    """Return the address of a launch's view; without the server's address `base`, it is relative to the server's pages."""
    query = f"compareRunsMode=CHART&viewStateShareKey={_key(launch)}&workflowType=machine_learning"
    return f"{base}#/experiments/{experiment}/runs?{query}"


def compare_link(experiment: str, runs: Sequence[str], base: str = "") -> str:
    """Return the address of the page that compares runs, given by their ids, in parallel coordinates."""
    return f"{base}#/compare-runs?runs={_list(runs)}&experiments={_list([experiment])}&workflowType=machine_learning"


def _key(launch: str) -> str:
    return "regnet-" + hashlib.blake2b(launch.encode(), digest_size=6).hexdigest()


def _section(name: str) -> dict[str, Any]:
    return {"uuid": name, "name": name, "display": True, "columns": 2, "isReordered": True, "isGenerated": True}


def _packed(state: Any) -> str:
    """Return the state in the shortest form that MLflow reads."""
    return "deflate;" + base64.b64encode(zlib.compress(json.dumps(state).encode(), 9)).decode()


def _list(names: Sequence[str]) -> str:
    return quote(json.dumps(list(names), separators=(",", ":")), safe="")
