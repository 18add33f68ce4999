"""The text a person signs, and nothing but it: one decision, one sequence of bytes (docs/decision-format.md).

The station writes it, the person signs it where their key is, and the station writes it again and compares: a signature
over other bytes is no signature. So nothing here is parsed back, and no line depends on anything but the ledger.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from bodycam_custody.decisions.verbs import Verb
from bodycam_custody.entries import PersonId
from hashing.base64_text import encode_base64
from hashing.checkpoint import Checkpoint

DECISION_VERSION = 1
_NOTHING = "-"


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """What is decided, on what request, by whom together; `said` are the particulars of the verb."""

    verb: Verb
    by: tuple[PersonId, ...]
    request_seq: int
    request_leaf: bytes
    head: Checkpoint
    """A head of this ledger that covers the request: who signs has seen that it stands there."""
    said: Mapping[str, str | None] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if not self.by or len(set(self.by)) != len(self.by):
            raise ValueError(f"a decision is by different people: {self.by}")
        if not 0 <= self.request_seq < self.head.size:
            raise ValueError(f"a head of {self.head.size} entries does not cover entry {self.request_seq}")
        for name, value in self.said.items():
            if not name.isidentifier() or (value is not None and (not value or not value.isprintable())):
                raise ValueError(f"not one line of a decision: {name!r}: {value!r}")


def render(decision: Decision) -> bytes:
    """Return the bytes to sign: printable lines `name: value`, each ended by a line feed, `-` for what is not given.

    Equal decisions give equal bytes, and different ones different bytes: every name stands at one place.
    """
    lines: Sequence[tuple[str, str]] = [
        ("custody-decision", str(DECISION_VERSION)),
        ("origin", decision.head.origin),
        ("verb", decision.verb.value),
        ("by", " ".join(sorted(decision.by))),
        ("request", f"{decision.request_seq} {decision.request_leaf.hex()}"),
        ("head", f"{decision.head.size} {encode_base64(decision.head.root)}"),
        *((name, _NOTHING if value is None else _quoted(value)) for name, value in sorted(decision.said.items())),
    ]
    return "".join(f"{name}: {value}\n" for name, value in lines).encode()


def _quoted(value: str) -> str:
    """A value that is itself a dash must not read as nothing given."""
    return f"={value}" if value.startswith((_NOTHING, "=")) else value
