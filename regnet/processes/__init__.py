"""Processes: starting Python processes that share nothing with this one, noticing when they stop, and ending them with it.

Offers `Child` (a process seen from the one that started it), `entry` (what runs inside it) and `supervisor` (any program, ended
with this process). May import `regnet.errors` and `regnet.encoding`.

No process of regnet is forked from another: a fork copies one thread of a process and the locks of all of them, so that a child of
a process whose libraries have started threads (torch, pyarrow, MLflow, a user's own script) may wait for ever.
"""
