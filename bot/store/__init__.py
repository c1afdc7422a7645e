"""SQLite behind the ports: tables, migrations, journal, ledger, settings. SQL lives nowhere else."""
