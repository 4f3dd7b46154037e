"""regnet's own metrics, one in each file."""
