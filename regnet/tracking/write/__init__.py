"""Writing: from events to runs in a store, in a process of its own.

Offers `process` (starts it, seen from training), `writer` (what runs in it), `messages` (what passes between), `run_buffer`,
`run_changes`, `datasets` and `models` (runs, their data and their networks), `model_selection` and `summary` (a study's best run
and its summary).

May import `tracking.store`, `tracking.ui`, what is below tracking.
"""
