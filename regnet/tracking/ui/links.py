"""Finding the pages of MLflow's UI that answer something about a launch."""

from __future__ import annotations

from regnet.encoding import well_formed
from regnet.tracking.store.messages import BEST
from regnet.tracking.store.store import SUMMARY, Store
from regnet.tracking.ui.view import compare_link, grouped_link

AT_ONCE = 50
"""How many runs are compared at most: of more neither the lines can be told apart, nor do they fit into an address."""


def launch_links(store: Store, experiment: str, launch: str, base: str = "") -> dict[str, str]:
    """For what there is to see of a launch, in words, the address; without the server's address `base`, relative to its pages.

    Besides the runs grouped by study, where there is more than one study, that is each study's best run along parallel coordinates,
    and the summary runs.
    """
    launch = well_formed(launch)
    links = {"All runs, grouped by study": grouped_link(experiment, launch, base)}
    for words, tags in {
        "The best run of each study, compared": {BEST: "yes"},
        "The studies' summaries, compared": SUMMARY,
    }.items():
        found = store.find_runs({experiment: ""}, {"regnet.launch": launch, **tags})[:AT_ONCE]
        if len(found) > 1:
            links[words] = compare_link(experiment, [run.run_id for run in found], base)
    return links
