"""MLflow's stores: the only package that uses MLflow's client and its SQL tables.

Offers `store` (the `Store` protocol, through which everything else reads and writes), `connect` (opens a store), `uri` (the address
of a store, and a check that it is reachable), `messages` and `run_changes` (what is written), `silence` (timeouts for databases),
`retry` (repeats what failed for a while), `relocate` (a store whose folder was moved) and `abandoned` (ends runs of killed
processes).

Inside this package: `client_store` and `client_backend` use MLflow's client; `sql_store`, `sql_backend`, `sql_rows`,
`sql_tables` and `sqlite_template` use its SQL tables; `models` and `datasets` create MLflow's descriptions of models and data sets.

May import what is below tracking.
"""
