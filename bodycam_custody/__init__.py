"""Custody proper: model, ledger, catalog, intake, deadlines, audit and the daemon."""
