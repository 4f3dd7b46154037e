"""Every component in the catalog, put through what its contract promises: a new one is tested by existing."""
