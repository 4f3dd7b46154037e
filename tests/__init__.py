"""regnet's tests, with the same folders as `regnet/`."""
