"""How fast and how large Beholder is, measured beside the least that could do the same."""
