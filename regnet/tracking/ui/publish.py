"""What MLflow's UI shows of a launch: its view, what its studies are called, and the experiment's description."""

from __future__ import annotations

from regnet.tracking.store.messages import BEST, LABEL, TAG_LENGTH, LaunchSummed
from regnet.tracking.store.store import Store, Tags
from regnet.tracking.ui.links import launch_links
from regnet.tracking.ui.notes import link, with_block
from regnet.tracking.ui.view import NOTE, view_state, view_tag


def show_view(store: Store, experiment: str, launch: str) -> None:
    """Puts the view of a launch into its experiment, unless it is there."""
    if store.experiment_tag(experiment, view_tag(launch)) is None:
        store.set_experiment_tag(experiment, view_tag(launch), view_state(launch))


def show_launch(store: Store, experiment: str, launch: LaunchSummed) -> None:
    """Labels the runs of a launch that is over, marks the best of each study, and describes the launch in its experiment."""

    def tags(study: str, seed: str) -> Tags | None:
        if study not in launch.labels:
            return None
        return {LABEL: launch.labels[study], BEST: "yes" if str(launch.best.get(study)) == seed else "no"}

    store.tag_runs(experiment, launch.launch, tags)
    view = view_state(launch.launch, list(launch.labels.values()), launch.splits)
    store.set_experiment_tag(experiment, view_tag(launch.launch), view)
    links = [link(words, address) for words, address in launch_links(store, experiment, launch.launch).items()]
    note = "\n".join([f"**Newest launch: {launch.launch}**", "", *(f"- {line}" for line in links), "", launch.note])
    there = store.experiment_tag(experiment, NOTE) or ""
    store.set_experiment_tag(experiment, NOTE, with_block(there, note, TAG_LENGTH))
