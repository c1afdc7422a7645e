"""From hostile bytes to an Image: capped fetch, sandboxed decode."""
