"""Decisions of people: the text they sign, whose signatures count, and that each is used once."""
