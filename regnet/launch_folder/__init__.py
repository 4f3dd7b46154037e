"""The folder of a launch: what is to be run, what is finished, and who runs it. MLflow's store is a copy of it.

Offers `plan` (what is to be run, written before the first epoch, in `json_lines`), `plan_jobs` (adds jobs to it) and `placement`
(the folders of jobs with other values), `job_folder` (the finished seeds of a job) and `keeper` (for training), `status` (what is
finished and what is missing), `failure` and `outcome` (how jobs ended), `clean` (files that are no longer needed), `owner` (the
process that runs a launch), `claim` (a new folder), `find` (a launch by its name), `place` (its working directory) and `revision`
(the versions with which it runs).

May import contracts, data, encoding, errors, files, network, processes, registry, rng, stats, study, training.
"""
