"""The report: the results of a launch's studies as tables and figures."""
