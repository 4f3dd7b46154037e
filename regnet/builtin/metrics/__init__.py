"""Metrics: how good predictions are, in terms a person can judge."""
