"""The embedded default: two small models voting, and QR codes. Works with no account and no network."""
