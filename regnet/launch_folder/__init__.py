"""The folder of a launch: what is to be run, what is finished, and who runs it. MLflow's store is a copy of it.

Offers `plan` (what is to be run, written before the first epoch), `job_folder` (the finished seeds of a job), `status` (what is
finished and what is missing), `owner` (the process that runs a launch) and `claim` (a new folder).

May import contracts, data, encoding, errors, files, network, registry, rng, stats, study.
"""
