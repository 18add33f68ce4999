"""The recorder register: which recorders the unit has, who answers for each from when to when (R31, R68, R70–R73)."""
