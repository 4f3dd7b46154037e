"""Processes: start Python processes that share nothing with this one, detect when they stop, and end them with this one.

Offers `Child` (a process, as seen by the one that started it), `entry` (what runs inside it), `start`, `stop` (what signals do to a
training), `streams`, `activity` (whether a process works) and `supervisor` (any program, ended with this process).

May import `regnet.errors` and `regnet.encoding`.

No process of regnet is forked from another: a fork copies one thread of a process and the locks of all of them, so a child of a
process whose libraries have started threads (torch, pyarrow, MLflow, a user's script) may wait forever.
"""
