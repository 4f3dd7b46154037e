"""What the Hydra launcher `lockstep` does; `hydra_plugins/lockstep_launcher.py` is what Hydra finds of it."""
