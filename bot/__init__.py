"""The world: platforms, disk, people. Everything below it is arithmetic (`policies`) or screening (`providers`)."""

__version__ = "0.1.0"
