"""Links to the pages of MLflow's UI that show a launch."""

from __future__ import annotations

from regnet.encoding import well_formed
from regnet.tracking.store.messages import BEST
from regnet.tracking.store.store import SUMMARY, Store
from regnet.tracking.ui.view import compare_link, grouped_link

AT_ONCE = 50
"""Maximum number of runs in a comparison: with more, lines are hard to distinguish and the address is too long."""


def launch_links(store: Store, experiment: str, launch: str, base: str = "") -> dict[str, str]:
    """Return the addresses of a launch's pages by their description.

    The first page shows the runs grouped by study. With more than one study, there are two more: a comparison of the best run of
    each study, and a comparison of the summary runs.

    Args:
        store: the store that holds the runs.
        experiment: the id of the experiment.
        launch: the launch, as in the tag ``regnet.launch``.
        base: the server's address; without it, the links are relative to the server's pages.
    """
    launch = well_formed(launch)
    links = {"All runs, grouped by study": grouped_link(experiment, launch, base)}
    for text, tags in {
        "The best run of each study, compared": {BEST: "yes"},
        "The studies' summaries, compared": SUMMARY,
    }.items():
        found = store.find_runs({experiment: ""}, {"regnet.launch": launch, **tags})[:AT_ONCE]
        if len(found) > 1:
            links[text] = compare_link(experiment, [run.run_id for run in found], base)
    return links
