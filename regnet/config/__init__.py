"""Configuration: build a checked study from a composed Hydra configuration.

Provides `compose` (config nodes from constructors), `loader` (Hydra's, for overrides and config files as people write them, with
`overrides` and `config_files`), `errors` (Hydra's errors in one line), `build_study` (checks every value and
builds every component), `metrics` (chooses the metrics) and `model` (the network from `model.*`).

May import contracts, credentials, data, engines, machine, network, registry, study.
"""
