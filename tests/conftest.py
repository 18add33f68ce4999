"""What holds for every test."""

from hypothesis import HealthCheck, settings

# A time limit fails on a busy machine and proves nothing on an idle one.
settings.register_profile("untimed", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("untimed")
