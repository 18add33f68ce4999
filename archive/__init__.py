"""Keeping bytes: durable writes, sealed bags, stores, copies and media facts."""
