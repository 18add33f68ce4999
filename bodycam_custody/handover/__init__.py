"""Handing over (移交): the custodian's acceptance of a docking, and the receipt for it (R38, R39, A3 art. 7)."""
