"""`make bench`: speed and memory, ours beside what a station would otherwise use (docs/benchmarks.md).

Nothing here is collected by pytest: a timed test fails on a busy machine and proves nothing on an idle one.
"""
