"""The report: what a launch's studies say, as tables and figures."""
