"""Small ledgers to verify, damage and prove things about."""

from collections.abc import Mapping

from hashing.canonical import Json, canonical_line
from hashing.chain import leaf_hash

AT = "2026-11-21T12:34:56.123456Z"


def entry_line(seq: int, prev: str | None, facts: Mapping[str, Json] | None = None) -> bytes:
    """Return an entry as the ledger writes it."""
    return canonical_line(
        {
            "v": 1,
            "seq": seq,
            "at": AT,
            "kind": "clock.mark",
            "actor": {"system": "daemon"},
            "subject": "station",
            "facts": facts or {},
            "prev": prev,
        }
    )


def ledger_lines(count: int) -> list[bytes]:
    """Return the first `count` lines of a ledger."""
    lines: list[bytes] = []
    prev = None
    for seq in range(count):
        lines.append(entry_line(seq, prev, {"n": seq, "stores": [{"store_id": "primary"}, {"store_id": "backup"}]}))
        prev = leaf_hash(lines[-1]).hex()
    return lines
