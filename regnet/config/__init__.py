"""Configuration: build a checked study from a composed Hydra configuration.

Provides `compose` (config nodes from constructors), `loader` (Hydra's, for overrides and config files as people write them, with
`overrides`, `override_text` and `config_files`), `targets` (what Hydra's part may run and write), `errors` (Hydra's errors in one
line), `build_study` (checks every value and builds every component), `automatic` (what `auto` becomes), `dataset`, `metrics`,
`model`, `randomness` and `rounding` (its parts) and `advice` (what is allowed and seldom meant).

May import contracts, credentials, data, engines, machine, network, registry, study.
"""
