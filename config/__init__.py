"""Settings: TOML to frozen values, with every problem reported at once."""
