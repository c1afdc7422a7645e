"""Everything the bot says, in words."""
