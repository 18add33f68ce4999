"""Letting a recorder go with files nobody could read: withdrawn, or released uncleared (R11, R40, A3 art. 7)."""
