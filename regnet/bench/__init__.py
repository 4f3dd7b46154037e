"""The benchmark: the paper's network trained in every way a user might choose, timed side by side, each in its own process."""
