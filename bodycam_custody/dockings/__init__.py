"""Dockings: their entries, how far each is, and what it is judged by against its recorder's docking before."""
