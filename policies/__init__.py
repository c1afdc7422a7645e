"""What a community's rules conclude from what providers saw. Pure: no I/O, clock, log or randomness."""
