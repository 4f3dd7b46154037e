"""Stores: MLflow's databases and servers, and what is written to them.

Offers `connect` (opens a store), `uri` (checks its address), `passwords` (kept out of what is written), `messages` and
`run_changes` (what is written), `sql_tables` and `sql_backend` (databases, in bulk), `client_backend` (servers, by MLflow's
client) and `sqlite_template` (a new SQLite store).

May import what is below tracking.
"""
