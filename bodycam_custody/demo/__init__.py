"""The demonstration: a station in one folder, with a card made for it."""
