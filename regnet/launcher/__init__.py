"""Launcher: sweeps, and what touches Hydra's internals.

Offers `sweep_loader` (composes the jobs of a sweep from one another), `copy_config` (copies of a composed configuration) and
`progress` (the progress bar).

May import events, gc_pause, hookspecs, study.
"""
