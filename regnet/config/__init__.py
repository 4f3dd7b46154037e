"""Configuration: from composed Hydra configuration to a checked study.

Offers `compose` (config nodes from constructors), `errors` (Hydra's errors in one line), `build_study` (every value checked, every
component built), `metrics` (which ones are measured) and `model` (the network from `model.*`).

May import contracts, data, engines, machine, network, registry, study.
"""
