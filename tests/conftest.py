"""How hard the laws are tried: a little in every run, at length with `make soak`."""

from hypothesis import settings

settings.register_profile("quick", max_examples=50, deadline=None)  # a slow machine is no bug
settings.register_profile("soak", max_examples=500, deadline=None)
settings.load_profile("quick")
