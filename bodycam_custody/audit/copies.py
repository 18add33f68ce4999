"""Several copies of one ledger against each other: two signed histories, and copies that are behind."""

from collections.abc import Sequence

from bodycam_custody.audit.codes import COPIES_DISAGREE, COPY_OLDER, TAIL_DIFFERS
from bodycam_custody.audit.findings import Findings
from bodycam_custody.audit.ledger import CheckedLedger
from hashing.errors import shown
from hashing.frontier import HASH_BYTES


def choose_reference(copies: Sequence[CheckedLedger]) -> CheckedLedger:
    """Return the copy that speaks for the station: one whose root is signed, then the longest."""
    return max(copies, key=lambda copy: (copy.is_rooted and copy.signed_size > 0, copy.signed_size, copy.followed.size))


def compare_copies(copies: Sequence[CheckedLedger], reference: CheckedLedger, findings: Findings) -> None:
    """Compare every copy with the reference on what both hold; two copies that agree with it agree with each other."""
    for copy in copies:
        if copy is not reference:
            _compare(copy, reference, findings)


def _compare(copy: CheckedLedger, reference: CheckedLedger, findings: Findings) -> None:
    names = {"store": shown(copy.store), "other": shown(reference.store)}
    seq = _first_difference(copy, reference)
    if seq is not None and seq >= min(copy.signed_size, reference.signed_size):
        findings.add(TAIL_DIFFERS, "ledger", seq=seq, **names)
    elif seq is not None and copy.is_rooted and reference.is_rooted:
        # A copy that is not what its own head signs was found broken already; this is about two signed histories.
        findings.add(COPIES_DISAGREE, "ledger", seq=seq, **names)
    if copy.signed_size < reference.signed_size:
        findings.add(COPY_OLDER, "ledger/checkpoint", size=copy.signed_size, other_size=reference.signed_size, **names)


def _first_difference(copy: CheckedLedger, other: CheckedLedger) -> int | None:
    """Return the number of the first entry that both hold and that is not the same."""
    ours, theirs = copy.followed.leaves, other.followed.leaves
    length = min(len(ours), len(theirs))
    if ours[:length] == theirs[:length]:
        return None
    starts = range(0, length, HASH_BYTES)
    return next(at // HASH_BYTES for at in starts if ours[at : at + HASH_BYTES] != theirs[at : at + HASH_BYTES])
