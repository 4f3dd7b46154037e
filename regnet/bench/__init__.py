"""The benchmark: the paper's network trained in every way a user might choose, timed side by side, each in its own process.

Offers `race` (the interleaved rounds), `contender` (who takes part), `process` (a contender's process), `problem` (what is trained)
and a file for each way of training: `engines`, `pytorch`, `jax`, `floor` (plain C).

May import config, data, engines, processes, study, training.
"""
