"""The Telegram adapter: python-telegram-bot and the Bot API's JSON are known here and nowhere else."""

import os

os.environ.setdefault("PTB_TIMEDELTA", "true")  # lengths of time as such; else every 429 warns that this is to come
