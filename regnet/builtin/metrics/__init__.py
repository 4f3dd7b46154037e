"""regnet's own metrics, one to a file."""
