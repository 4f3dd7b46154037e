"""The report: the results of a launch's studies as tables and figures.

Offers `build` (the whole report), `tables/` (tables and their forms), `figures/` (single drawings), `page/` (the HTML page:
`compose` decides what is in it, `page` writes it), `paper/` (the students' paper), `assessment` (which studies differ), `samples`
(studies as samples), `choosing` (the best of each group), `over_data` (ranks over data sets), `variance` (sources of randomness),
`sequential` (as many seeds as it takes), `ranking` (which to show), `launch_info` and `launch_info_mlflow` (when and how a launch
was run).

May import config, data, registry, stats, study, tracking.
"""
