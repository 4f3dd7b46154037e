"""MLflow's stores: the one room that knows MLflow's client and its SQL tables.

Offers `store` (the `Store` that everything else reads and writes through), `connect` (opens one), `uri` (where it is, and whether
it answers), `messages` and `run_changes` (what is written), `passwords` and `silence` (limits for databases).

Within: `client_store` and `client_backend` use MLflow's client; `sql_store`, `sql_backend`, `sql_tables` and `sqlite_template` its
tables; `models` and `datasets` make MLflow's own descriptions.

May import what is below tracking.
"""
