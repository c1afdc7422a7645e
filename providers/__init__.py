"""Screening: what vendors and models say of an image. Knows no guild and no chat platform."""
