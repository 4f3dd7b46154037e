"""Writing runs into a store, in a separate process.

Offers `process` (the writing process, as seen by the training process), `writer` (what runs in the writing process), `run_buffer`
(changes to runs until they are written), `model_selection` (the runs to keep as models) and `summary` (summary runs).

May import `tracking.store`, `tracking.ui`, `tracking.read` and what is below tracking.
"""
