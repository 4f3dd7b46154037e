"""Writing: from events to runs in a store, in a process of its own.

Offers `process` (starts it, seen from training), `writer` (what runs in it), `run_buffer` (runs, until they are written),
`model_selection` and `summary` (a study's best run and its summary).

May import `tracking.store`, `tracking.ui`, `tracking.read`, what is below tracking.
"""
