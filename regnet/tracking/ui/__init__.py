"""MLflow's UI: views, links and descriptions for its pages, and its server.

Offers `view` (the view of a launch and links to it), `links` (the links of a launch), `publish` (writes views and labels into a
store), `descriptions` (Markdown descriptions of runs, summaries and experiments) and `server` (MLflow's server on this machine).

May import `tracking.store` and what is below tracking.
"""
