"""The table of findings an offline verification can make outside a bag.

A0xx: trust and coverage. A1xx: one copy of the ledger. A2xx: a store folder. A3xx: bags against the ledger.
"""

from bodycam_custody.audit.findings import FindingKind, Severity
from hashing.errors import N_

_BROKEN, _CANNOT_TELL, _NOTE = Severity.BROKEN, Severity.CANNOT_TELL, Severity.NOTE


def _kind(code: str, severity: Severity, template: str) -> FindingKind:
    return FindingKind(code=code, severity=severity, template=template)


NO_ANCHOR = _kind(
    "A001",
    _CANNOT_TELL,
    N_(
        "no anchor: {path} does not exist. Entries cut off after the newest head in the stores, or a whole ledger "
        "written anew with the station's key, would not be noticed. Keep a checkpoint from an earlier visit there"
    ),
)
ANCHOR_UNSIGNED = _kind(
    "A002", _BROKEN, N_("the anchor {path} is not a checkpoint signed with the key in station.vkey: {reason}")
)
SEEN_UNSIGNED = _kind(
    "A003", _BROKEN, N_("the seen head {path} is not a checkpoint signed with the key in station.vkey: {reason}")
)
BEHIND_ANCHOR = _kind(
    "A004",
    _BROKEN,
    N_("the ledger was cut: it is signed up to {size} entries, the anchor {anchor} covers {anchor_size}"),
)
NOT_ANCHORED = _kind(
    "A005", _BROKEN, N_("the ledger does not extend the anchor {anchor}: its first {anchor_size} entries are others")
)
BEHIND_SEEN = _kind(
    "A006",
    _BROKEN,
    N_("the ledger was cut: it is signed up to {size} entries, the seen head {seen} covers {seen_size}"),
)
NOT_AS_SEEN = _kind(
    "A007", _BROKEN, N_("the ledger does not extend the seen head {seen}: its first {seen_size} entries are others")
)
STALE = _kind(
    "A008",
    _CANNOT_TELL,
    N_("stale: the newest checkpointed entry ({seq}) is of {at}, older than {max_age_days} days"),
)
OTHER_GENESIS = _kind(
    "A009",
    _BROKEN,
    N_("entry 0 is not the genesis that is trusted: its leaf is {found}, trust/genesis says {expected}"),
)
OTHER_GENESIS_ORIGIN = _kind(
    "A010", _BROKEN, N_("entry 0 names the origin {found}, the trusted key belongs to {expected}")
)
SEEN_RECEIPT_INVALID = _kind(
    "A011",
    _BROKEN,
    N_("the receipt {path} is not one that the station signed with the keys in the trust folder: {reason}"),
)

NO_CHECKPOINT = _kind(
    "A101", _CANNOT_TELL, N_("{path} does not exist: nothing in this copy of the ledger says how long it should be")
)
CHECKPOINT_UNSIGNED = _kind(
    "A102", _BROKEN, N_("{path} is not a checkpoint signed with the key in station.vkey: {reason}")
)
HEAD_UNSIGNED = _kind("A103", _BROKEN, N_("{path} is not a head signed with the key in station.vkey: {reason}"))
HEAD_OTHER_SIZE = _kind("A104", _BROKEN, N_("{path} is a head of {size} entries, not of the number it is named after"))
OTHER_ROOT = _kind(
    "A105", _BROKEN, N_("{path} signs the root {expected} for {size} entries, the entries give the root {found}")
)
ENTRIES_MISSING = _kind(
    "A106", _BROKEN, N_("{path} is missing: entry {seq} is not there, a signed head covers {size} entries")
)
ENTRY_CHANGED = _kind(
    "A107",
    _BROKEN,
    N_("{path}: entry {seq} is not the one that was recorded; {count} entries of this file are affected"),
)
CHAIN_BROKEN = _kind(
    "A108",
    _BROKEN,
    N_("{path}: the chain is broken at entry {seq}: it says the leaf before it is {found}, it is {expected}"),
)
ENTRY_MALFORMED = _kind("A109", _BROKEN, N_("{path}: entry {seq} is not a ledger entry: {reason}"))
FILE_DIFFERS = _kind(
    "A110", _BROKEN, N_("{path} is not what the entries imply; the first difference concerns entry {seq}")
)
TILE_MISSING = _kind("A111", _BROKEN, N_("{path} is missing: a head of {size} entries was signed and needs it"))
NOT_LEDGER = _kind("A112", _NOTE, N_("{path} is no file of a ledger and was not looked at"))
UNSIGNED_TAIL = _kind(
    "A113",
    _CANNOT_TELL,
    N_("entries {first} to {last} come after the newest signed head: nobody vouches for them"),
)
COPIES_DISAGREE = _kind(
    "A114",
    _BROKEN,
    N_("the copies of the ledger in {store} and {other} differ from entry {seq} on, and both are signed"),
)
COPY_OLDER = _kind(
    "A115",
    _CANNOT_TELL,
    N_("the copy of the ledger in {store} ends at {size} entries, the one in {other} at {other_size}"),
)
UNKNOWN_KIND = _kind(
    "A116", _NOTE, N_("{count} entries of the unknown kind {entry_kind}, the first is entry {seq}: not interpreted")
)
HEAD_AHEAD = _kind(
    "A117",
    _NOTE,
    N_("the head {path} is newer than the checkpoint ({size} entries): the last publication was interrupted"),
)
TAIL_DIFFERS = _kind(
    "A118",
    _CANNOT_TELL,
    N_("the copies of the ledger in {store} and {other} differ from entry {seq} on, where at most one is signed"),
)
FACTS_MALFORMED = _kind("A119", _BROKEN, N_("entry {seq} ({entry_kind}) has facts that cannot be followed: {reason}"))
UNREADABLE = _kind("A120", _CANNOT_TELL, N_("{path} could not be read: {reason}"))
NOT_FOLLOWED = _kind(
    "A121", _CANNOT_TELL, N_("{path}: nothing from entry {seq} on could be followed; what comes after was not checked")
)
LEFT_OVER = _kind(
    "A122",
    _CANNOT_TELL,
    N_(
        "{path} does not fit the entries, and no head up to {size} entries needs it: "
        "left by an interrupted publication, or planted"
    ),
)
DECISION_UNSIGNED = _kind("A123", _BROKEN, N_("entry {seq} ({entry_kind}) is no decision of those it names: {reason}"))

NO_MARKER = _kind(
    "A201", _BROKEN, N_("{path} is missing although clips are here: which store this is, nobody signs for")
)
MARKER_UNSIGNED = _kind(
    "A202", _BROKEN, N_("{path}: the station did not sign this store marker with this custody-store.json.sig: {reason}")
)
MARKER_OTHER_ORIGIN = _kind("A203", _BROKEN, N_("{path} belongs to the station {found}, not to {expected}"))
STORE_NOT_IN_LEDGER = _kind(
    "A204", _CANNOT_TELL, N_("the ledger has no entry that adds the store {store_id}: no bag is expected here")
)
STORE_TWICE = _kind("A205", _CANNOT_TELL, N_("{path} and {other} both say they are the store {store_id}"))
NO_BAGS = _kind(
    "A206",
    _CANNOT_TELL,
    N_("a ledger without its bags: {path} has neither store marker nor clips, no clip was checked"),
)
LINK_OR_SPECIAL = _kind(
    "A207", _BROKEN, N_("{path} is a {file_kind}: nothing in a store may be one, it was not followed")
)
STRAY = _kind("A208", _NOTE, N_("{path} has no place in a store and was not looked at"))
STORE_NOT_GIVEN = _kind(
    "A209",
    _NOTE,
    N_("the ledger says the store {store_id} holds {count} bags; it was not given, they were not checked"),
)

BAG_MISSING = _kind(
    "A301",
    _BROKEN,
    N_("the bag {path} is missing; entry {seq} says this store holds it"),
)
NOT_EVIDENCE = _kind(
    "A302", _CANNOT_TELL, N_("the bag {path} is not evidence: no entry of the ledger says this store holds it")
)
NO_COPY_LEFT = _kind("A303", _BROKEN, N_("no store holds the bag {path} any more (sealed in entry {seq})"))

KINDS = tuple(kind for kind in list(globals().values()) if isinstance(kind, FindingKind))
"""Every row, in the order of the codes."""
