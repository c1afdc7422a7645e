"""The Telegram adapter: python-telegram-bot and the Bot API's JSON are known here and nowhere else."""
