"""A Telegram Bot API on loopback: for the tests, the demo and the benchmarks."""
