"""Everything the bot says, in words: English in the source, other languages from `locale/`."""
