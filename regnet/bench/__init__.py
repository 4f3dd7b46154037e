"""The benchmark: the report's network trained in every way a user might, timed side by side, each way in a process of its own."""
