"""The installed program: what it is, whether it is that of the wheel, and the doctor who looks at all around it."""
