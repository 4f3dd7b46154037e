"""Finding the pages of MLflow's UI that answer something about a launch."""

from __future__ import annotations

from mlflow.tracking import MlflowClient

from regnet.encoding import well_formed
from regnet.tracking.ui.view import BEST, compare_link, grouped_link

AT_ONCE = 50
"""How many runs are compared at most: of more neither the lines can be told apart, nor do they fit into an address."""


def launch_links(client: MlflowClient, experiment: str, launch: str, base: str = "") -> dict[str, str]:
    """For what there is to see of a launch, in words, the address; without the server's address `base`, relative to its pages.

    Besides the runs grouped by study, where there is more than one study, that is each study's best run along parallel coordinates,
    and the summary runs.
    """
    launch = well_formed(launch)
    links = {"All runs, grouped by study": grouped_link(experiment, launch, base)}
    of_launch = f"tags.`regnet.launch` = '{launch}'"
    for words, which in {
        "The best run of each study, compared": f"tags.`{BEST}` = 'yes'",
        "The studies' summaries, compared": "tags.`regnet.role` = 'summary'",
    }.items():
        found = client.search_runs([experiment], f"{of_launch} and {which}", max_results=AT_ONCE, order_by=["start_time ASC"])
        if len(found) > 1:
            links[words] = compare_link(experiment, [run.info.run_id for run in found], base)
    return links
