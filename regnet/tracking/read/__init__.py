"""Reading results from the runs in a store.

Offers `params` (parameters as Python values), `studies` (runs as results of studies), `select` (finds the runs of studies),
`deduplicate` (one run for each study and seed), `dataframe` and `load` (runs as a pandas table), `columns` and `dictionary` (what
its columns mean).

May import `tracking.store`, `tracking.ui` and what is below tracking.
"""
