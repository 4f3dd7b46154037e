"""MLflow's pages: what they show of studies, and their server.

Offers `view` (columns and filters of a link), `links`, `publish` (views kept in a store), `descriptions` and `notes` (texts of
runs and experiments) and `server`.

May import `tracking.store`, what is below tracking.
"""
