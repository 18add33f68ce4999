"""Whether every decision about people in a ledger is signed by those it names, checked from the entries alone.

The text of a decision is written again from its request, and each signature over it is verified with the key that the
entries before gave to its person. Root can put an entry into the database and have the station sign a head over it; the
signatures of two people it cannot make.
"""

from collections.abc import Iterable, Mapping
from datetime import timedelta
from typing import Any, Final

from bodycam_custody.audit.codes import DECISION_UNSIGNED
from bodycam_custody.audit.entries import Followed
from bodycam_custody.audit.findings import Findings
from bodycam_custody.clock import parse_rfc3339
from bodycam_custody.decisions.errors import DecisionWithoutRequestError
from bodycam_custody.decisions.register import Register
from bodycam_custody.decisions.rules import deciders_among, reject_deciders
from bodycam_custody.decisions.signing import require_signatures
from bodycam_custody.decisions.text import Decision
from bodycam_custody.decisions.verbs import Verb
from bodycam_custody.entries import Entry, EntryKind, PersonId
from hashing.canonical import Json
from hashing.checkpoint import Checkpoint
from hashing.errors import StatedError
from hashing.frontier import HASH_BYTES, node_hash
from hashing.merkle import tree_root

DECISION_KINDS: Final = frozenset(
    {
        EntryKind.PERSON_REQUESTED.value,
        EntryKind.PERSON_APPOINTED.value,
        EntryKind.PERSON_ENDED.value,
        EntryKind.PERSON_KEY_CHANGED.value,
    }
)
_VERBS: Final[Mapping[str, Verb]] = {
    EntryKind.PERSON_APPOINTED: Verb.APPOINT,
    EntryKind.PERSON_ENDED: Verb.END_APPOINTMENT,
    EntryKind.PERSON_KEY_CHANGED: Verb.CHANGE_KEY,
}
# What stands in a decision beside the particulars of its request.
_OWN_FACTS: Final = frozenset({"request", "head", "signatures"})
# The ledger does not say where the station's midnight is; no place on earth is further from UTC than this.
_WIDEST_OFFSET: Final = timedelta(hours=14)


def check_decisions(
    genesis: Json,
    entries: Iterable[tuple[int, Mapping[str, Json]]],
    followed: Followed,
    *,
    origin: str,
    findings: Findings,
) -> None:
    """Add a finding for every decision among `entries` that is not signed as it must be; it then counts for nothing.

    `entries` are those of `DECISION_KINDS`, in order; `followed` are the leaves they were read with.
    """
    check = _Check(followed, origin)
    for seq, raw in entries:
        try:
            if not check.register.appointments:
                check.register.add(_entry(0, {"kind": EntryKind.GENESIS, "facts": genesis, "at": raw["at"]}, followed))
            entry = _entry(seq, raw, followed)
            check.follow(entry)
            check.register.add(entry)
        except StatedError as err:
            findings.add(DECISION_UNSIGNED, "ledger", seq=seq, entry_kind=str(raw.get("kind")), reason=str(err))
        except (KeyError, TypeError, ValueError, IndexError) as err:
            findings.add(DECISION_UNSIGNED, "ledger", seq=seq, entry_kind=str(raw.get("kind")), reason=repr(err))


class _Check:
    def __init__(self, followed: Followed, origin: str) -> None:
        self.register = Register()
        self._followed, self._origin = followed, origin
        self._requests: dict[int, Entry] = {}
        self._nodes: dict[tuple[int, int], bytes] = {}

    def follow(self, entry: Entry) -> None:
        """Return if `entry` asks for something, or is a decision signed as it must be; else raise what is wrong."""
        if entry.kind == EntryKind.PERSON_REQUESTED:
            self._requests[entry.seq] = entry
            return
        facts: Mapping[str, Any] = entry.facts
        # Taken out, so that a second decision on it finds none.
        asked = self._requests.pop(facts["request"], None)
        verb = _VERBS[entry.kind]
        if asked is None or asked.facts["verb"] != verb.value:
            raise DecisionWithoutRequestError(request=str(facts["request"]))
        said: Mapping[str, Any] = asked.facts["said"]  # type: ignore[assignment]  # what is no object fails below
        if dict(said) != {name: value for name, value in facts.items() if name not in _OWN_FACTS}:
            raise DecisionWithoutRequestError(request=str(asked.seq))
        by = tuple(PersonId(str(one)) for one in asked.facts["by"])  # type: ignore[union-attr]  # as above
        decision = Decision(
            verb=verb,
            by=by,
            request_seq=asked.seq,
            request_leaf=asked.leaf,
            head=Checkpoint(origin=self._origin, size=facts["head"], root=self._root(facts["head"])),
            said={name: None if value is None else str(value) for name, value in said.items()},
        )
        armoured = {PersonId(one["person"]): str(one["signature"]).encode() for one in facts["signatures"]}
        require_signatures(decision, armoured, self.register, seq=entry.seq)
        self._require_deciders(entry, verb, PersonId(said["person"]), by)

    def _require_deciders(self, entry: Entry, verb: Verb, person: PersonId, by: tuple[PersonId, ...]) -> None:
        deciders = deciders_among(verb, person, by)
        days = {(entry.at - _WIDEST_OFFSET).date(), entry.at.date(), (entry.at + _WIDEST_OFFSET).date()}
        *others, last = sorted(days)
        for day in others:
            try:
                reject_deciders(self.register, deciders, concerned=person, seq=entry.seq, today=day)
            except StatedError:
                continue
            return
        reject_deciders(self.register, deciders, concerned=person, seq=entry.seq, today=last)

    def _root(self, size: int) -> bytes:
        if not 0 < size <= self._followed.size:
            raise ValueError(f"a head of {size} entries")
        return tree_root(size, self._node)

    def _node(self, level: int, index: int) -> bytes:
        if level == 0:
            return bytes(self._followed.leaves[index * HASH_BYTES : (index + 1) * HASH_BYTES])
        place = (level, index)
        if place not in self._nodes:
            self._nodes[place] = node_hash(self._node(level - 1, 2 * index), self._node(level - 1, 2 * index + 1))
        return self._nodes[place]


def _entry(seq: int, raw: Mapping[str, Json], followed: Followed) -> Entry:
    facts = raw["facts"]
    if not isinstance(facts, dict):
        raise ValueError("it has no facts")
    return Entry(
        seq=seq,
        at=parse_rfc3339(str(raw["at"])),
        kind=str(raw["kind"]),
        subject="people",
        actor={},
        facts=facts,
        line=b"",
        leaf=bytes(followed.leaves[seq * HASH_BYTES : (seq + 1) * HASH_BYTES]),
    )
