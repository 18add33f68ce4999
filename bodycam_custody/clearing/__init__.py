"""Clearing a card after its receipt, where the unit chose it: the program that removes, and the station around it."""
