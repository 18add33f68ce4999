"""Slots: what stands in every place where a recorder is docked, what it is called, and the alarms raised there."""
