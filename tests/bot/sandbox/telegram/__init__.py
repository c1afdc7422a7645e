"""The loopback Telegram, driven by clients that are not ours."""
