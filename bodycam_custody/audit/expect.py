"""Which bag every store must hold, folded from the entries of a ledger.

A bag that was sealed anew stands for the one it replaces where it holds every file that one held: the same bytes.

Only entries below a signed head are folded: an unsigned tail can neither promise a bag nor excuse its absence. No entry
excuses that a clip is gone everywhere: nothing of this program destroys one, so whatever claims it is forged.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import ClassVar

from bodycam_custody.entries import EntryKind
from hashing.canonical import Json
from hashing.digest import Digest
from hashing.errors import N_

_BAG_PATH = re.compile(r"clips/[0-9]{4}/[0-9]{2}/[0-9]{2}/[A-Za-z0-9](-?[A-Za-z0-9]){0,63}", re.ASCII)


class FactsProblem(StrEnum):
    """Why the facts of an entry cannot be followed."""

    NO_FACTS = N_("it has no facts")
    NO_CLIP = N_("its subject is not a clip")
    FIELD = N_("a field is missing or of the wrong type")
    BAG_PATH = N_("the bag path does not lie below clips/")
    DIGEST = N_("a digest is not SHA-256")
    OTHER_DIGEST = N_("another entry gives the same bag another digest")
    UNKNOWN_BAG = N_("no earlier entry seals this bag")


class _CannotFollowError(Exception):
    def __init__(self, problem: FactsProblem) -> None:
        super().__init__(problem.value)
        self.problem = problem


@dataclass(slots=True, kw_only=True)
class ExpectedBag:
    """One bag as the ledger has it; `store_ids` are the stores that must hold it now."""

    clip_id: str
    path: str
    tagmanifest: Digest
    seq: int
    store_ids: set[str]
    files: frozenset[str] = frozenset()
    """The digests of the files it holds, as far as its entry says."""


@dataclass(slots=True)
class Expectations:
    """The fold; feed it entries in order. Everything it could not follow is kept in `problems`."""

    bags: dict[str, ExpectedBag] = field(default_factory=dict)
    store_ids: set[str] = field(default_factory=set)
    problems: list[tuple[int, str, FactsProblem]] = field(default_factory=list)
    unknown_kinds: dict[str, list[int]] = field(default_factory=dict)
    """Kind to [number of the first such entry, how many]."""

    def add(self, seq: int, entry: Mapping[str, Json]) -> None:
        """Follow one entry."""
        kind = str(entry.get("kind"))
        follow = self._FOLLOW.get(kind)
        if follow is not None:
            try:
                follow(self, seq, _clip_id(entry), _facts(entry))
            except _CannotFollowError as err:
                self.problems.append((seq, kind, err.problem))
        elif kind not in SILENT_KINDS:
            self.unknown_kinds.setdefault(kind, [seq, 0])[1] += 1

    def _store_added(self, _seq: int, _clip_id: str | None, facts: Mapping[str, Json]) -> None:
        self.store_ids.add(_text(facts, "store_id"))

    def _sealed(self, seq: int, clip_id: str | None, facts: Mapping[str, Json]) -> None:
        if clip_id is None:
            raise _CannotFollowError(FactsProblem.NO_CLIP)
        path, digest, store_ids = _bag_path(facts), _digest(facts), _store_ids(facts)
        bag = ExpectedBag(
            clip_id=clip_id, path=path, tagmanifest=digest, seq=seq, store_ids=set(store_ids), files=_files(facts)
        )
        self._forget_replaced(bag, facts.get("replaces"))
        known = self.bags.get(path)
        if known is None:
            self.bags[path] = bag
        elif known.tagmanifest != digest or known.clip_id != clip_id:
            raise _CannotFollowError(FactsProblem.OTHER_DIGEST)
        else:
            known.store_ids |= store_ids

    def _forget_replaced(self, bag: ExpectedBag, replaces: Json) -> None:
        if replaces is None:
            return
        # Rare, and otherwise every clip would be held against every other.
        for old in [one for one in self.bags.values() if one.tagmanifest.hex == replaces]:
            if old.clip_id == bag.clip_id and old.files and old.files <= bag.files:
                del self.bags[old.path]

    def _replica_written(self, _seq: int, _clip_id: str | None, facts: Mapping[str, Json]) -> None:
        known = self.bags.get(_bag_path(facts))
        if known is None:
            raise _CannotFollowError(FactsProblem.UNKNOWN_BAG)
        if known.tagmanifest != _digest(facts):
            raise _CannotFollowError(FactsProblem.OTHER_DIGEST)
        known.store_ids.add(_text(facts, "store_id"))

    def _quarantined(self, _seq: int, _clip_id: str | None, facts: Mapping[str, Json]) -> None:
        # The bag may have had no entry: start-up quarantines such bags too.
        known = self.bags.get(_text(facts, "bag_path"))
        store_id = _text(facts, "store_id")
        if known is not None:
            known.store_ids.discard(store_id)

    _FOLLOW: ClassVar[dict[str, Callable[["Expectations", int, str | None, Mapping[str, Json]], None]]] = {
        EntryKind.STORE_ADDED: _store_added,
        EntryKind.CLIP_SEALED: _sealed,
        EntryKind.BAG_ADOPTED: _sealed,
        EntryKind.SUPPLEMENT_SEALED: _sealed,
        EntryKind.REPLICA_WRITTEN: _replica_written,
        EntryKind.BAG_QUARANTINED: _quarantined,
    }


SILENT_KINDS = frozenset(kind.value for kind in EntryKind) - frozenset(Expectations._FOLLOW)
"""Known kinds that say nothing about which bag lies where; `Expectations` need not be given them."""


def _facts(entry: Mapping[str, Json]) -> Mapping[str, Json]:
    facts = entry.get("facts")
    if not isinstance(facts, dict):
        raise _CannotFollowError(FactsProblem.NO_FACTS)
    return facts


def _clip_id(entry: Mapping[str, Json]) -> str | None:
    """Return the clip an entry is about, None where it is about something else."""
    subject = entry.get("subject")
    what, _, clip_id = subject.partition(":") if isinstance(subject, str) else ("", "", "")
    return clip_id or None if what == "clip" else None


def _text(facts: Mapping[str, Json], key: str) -> str:
    value = facts.get(key)
    if not isinstance(value, str) or not value:
        raise _CannotFollowError(FactsProblem.FIELD)
    return value


def _bag_path(facts: Mapping[str, Json]) -> str:
    path = _text(facts, "bag_path")
    # The entry is signed, but a verifier does not walk out of a store because somebody signed "..".
    if not _BAG_PATH.fullmatch(path):
        raise _CannotFollowError(FactsProblem.BAG_PATH)
    return path


def _digest(facts: Mapping[str, Json]) -> Digest:
    try:
        return Digest(hex=_text(facts, "tagmanifest_sha256"))
    except ValueError as err:
        raise _CannotFollowError(FactsProblem.DIGEST) from err


def _store_ids(facts: Mapping[str, Json]) -> set[str]:
    stores = facts.get("stores")
    if not isinstance(stores, Mapping):
        raise _CannotFollowError(FactsProblem.FIELD)
    return set(stores)


def _files(facts: Mapping[str, Json]) -> frozenset[str]:
    sidecars = facts.get("sidecars")
    found = [facts.get("main_sha256"), *(sidecars if isinstance(sidecars, list) else [])]
    return frozenset(one for one in found if isinstance(one, str))
