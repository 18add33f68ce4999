"""The commands people type, one module per noun: parse, one call, show."""
