"""How SAFE is said: never without its remark (R43)."""

from collections.abc import Iterable, Mapping

from cli.labels import REMARK, STATE, label
from cli.language import _, ngettext

# The states in which a clip has the verified copies it needs; the later two are less and say why.
SAFE_STATES: Mapping[str, str | None] = {
    "safe": None,
    "safe-one-disk": "stores-on-one-disk",
    "safe-disks-unproven": "disks-unproven",
}


def state_counts(by_state: Mapping[str, int]) -> list[tuple[str, str]]:
    """Return each state that occurs with how many clips are in it."""
    return [
        (label(STATE, state), ngettext("{count} clip", "{count} clips", count).format(count=count))
        for state, count in by_state.items()
        if count
    ]


def remarks_on(states: Iterable[str]) -> list[str]:
    """Return what must be said wherever these states are called SAFE."""
    named = {SAFE_STATES.get(state) for state in states} - {None}
    return [remark_line(remark) for remark in sorted(str(name) for name in named)]


def remark_line(code: str) -> str:
    """Return one remark as a line of its own."""
    return _("Remark: {remark}.").format(remark=label(REMARK, code))
