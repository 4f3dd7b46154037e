"""Both engines over whole trainings: against each other, and against themselves one seed at a time."""
