"""A Discord on loopback sockets, for the demo and the tests."""
