"""Handle one job: fetch, screen, decide, restrain, open the case, perform, close."""
