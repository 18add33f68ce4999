"""From the recorder to a list of files that can be read."""
