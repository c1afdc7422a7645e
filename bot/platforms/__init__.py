"""Adapters: SDK objects live here and nowhere else."""
