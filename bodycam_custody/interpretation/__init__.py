"""What sealed clips say about themselves: times, sessions, and whether they were handed over in time (R21, R38)."""
