"""regnet's tests: the folders mirror those of `regnet/`."""
