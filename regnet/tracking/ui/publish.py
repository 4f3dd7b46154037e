"""Write what MLflow's UI shows of a launch: its view, the labels of its studies, and the experiment's description."""

from __future__ import annotations

from regnet.tracking.store.messages import BEST, LABEL, TAG_LENGTH, LaunchSummed
from regnet.tracking.store.store import Store, Tags
from regnet.tracking.ui.descriptions import link, with_block
from regnet.tracking.ui.links import launch_links
from regnet.tracking.ui.view import NOTE, view_state, view_tag


def show_view(store: Store, experiment: str, launch: str) -> None:
    """Save the view of a launch in its experiment, unless it is already there."""
    if store.experiment_tag(experiment, view_tag(launch)) is None:
        store.set_experiment_tag(experiment, view_tag(launch), view_state(launch))


def show_launch(store: Store, experiment: str, launch: LaunchSummed) -> None:
    """Label the runs of a finished launch, mark the best run of each study, and describe the launch in its experiment."""

    def tags(study: str, seed: str) -> Tags | None:
        if study not in launch.labels:
            return None
        return {LABEL: launch.labels[study], BEST: "yes" if str(launch.best.get(study)) == seed else "no"}

    store.tag_runs(experiment, launch.launch_id, tags)
    view = view_state(launch.launch, list(launch.labels.values()), launch.splits)
    store.set_experiment_tag(experiment, view_tag(launch.launch), view)
    links = [link(text, address) for text, address in launch_links(store, experiment, launch.launch).items()]
    note = "\n".join([f"**Newest launch: {launch.launch}**", "", *(f"- {line}" for line in links), "", launch.note])
    existing = store.experiment_tag(experiment, NOTE) or ""
    store.set_experiment_tag(experiment, NOTE, with_block(existing, note, TAG_LENGTH))
