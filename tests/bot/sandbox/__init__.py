"""Tests of the loopback Discord, with discord.py as the bot."""
