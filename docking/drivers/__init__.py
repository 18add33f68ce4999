"""Talking to a recorder that shows no card until it is told to: a few verbs, two families, nothing else."""
