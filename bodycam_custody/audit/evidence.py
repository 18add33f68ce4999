"""The offline verifier: store folders against a trust folder, with no daemon, no database and no configuration.

Three answers: verified, broken, cannot tell. Everything that is found is reported, not only the first
(docs/verification.md).
"""

from collections import Counter
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from pathlib import Path

from bodycam_custody.audit.bags import check_bags, plan_bags
from bodycam_custody.audit.codes import STALE
from bodycam_custody.audit.copies import choose_reference, compare_copies
from bodycam_custody.audit.errors import EvidenceUnreadableError
from bodycam_custody.audit.files import NotPermittedError
from bodycam_custody.audit.findings import (
    AuditFinding,
    AuditReport,
    Findings,
    Ranges,
    Severity,
    answer_of,
    in_order,
)
from bodycam_custody.audit.ledger import CheckedLedger, check_ledger
from bodycam_custody.audit.store import StoreFolder, check_store, list_store
from bodycam_custody.audit.trust import Trust, load_trust
from bodycam_custody.clock import parse_rfc3339
from hashing.errors import shown

__all__ = ["AuditFinding", "AuditReport", "Severity", "verify_evidence"]


def verify_evidence(
    stores: Sequence[Path],
    *,
    trust: Path,
    seen: Sequence[Path] = (),
    max_age_days: int | None = None,
    now: datetime,
    on_progress: Callable[[int, int], None] | None = None,
) -> AuditReport:
    """Return what can be said about the evidence in `stores`.

    Nothing is written. Nothing in a store is trusted before a key of `trust` vouches for it, and no link in a store is
    followed. What happened before docking, events that were never logged, and a tail cut after the newest outside head
    cannot be found here; see docs/verification.md.

    Args:
        stores: store folders; each is checked with its own copy of the ledger and with the longest one.
        trust: the auditor's folder with allowed_signers, station.vkey, genesis and (the anchor) checkpoint.
        seen: heads that others kept; each must be a beginning of the ledger.
        max_age_days: report the evidence as stale when its newest checkpointed entry is older; None is never.
        on_progress: called with the number of bags checked and of all.

    Raises:
        EvidenceUnreadableError, NoStoreError: a folder in `stores` is missing or no store, or may not be read.
        TrustUnusableError, SeenUnreadableError: an argument that is to be trusted cannot be used.
        ValueError: no store was given, or `now` has no zone.
    """
    if not stores or now.tzinfo is None:
        raise ValueError("a verification needs a store and a time with a zone")
    try:
        return _verify(stores, trust, seen, max_age_days, now, on_progress)
    except NotPermittedError as err:
        raise EvidenceUnreadableError(path=shown(err.path), reason=err.reason) from err


def _verify(
    stores: Sequence[Path],
    trust: Path,
    seen: Sequence[Path],
    max_age_days: int | None,
    now: datetime,
    on_progress: Callable[[int, int], None] | None,
) -> AuditReport:
    # 1. The arguments can be used at all; everything after this ends as findings.
    for store in stores:
        list_store(store)
    findings = Findings()
    trusted = load_trust(trust, seen, findings)
    # 2. Each copy of the ledger, in full.
    copies = [_checked_copy(store, trusted, findings) for store in stores]
    # 3. The copies against each other; the longest sound one speaks for the station from here on.
    reference = choose_reference(copies)
    compare_copies(copies, reference, findings)
    _compare_age(reference, max_age_days, now, findings)
    # 4. The stores and their bags against that copy.
    folders = [_checked_folder(store, trusted, findings) for store in stores]
    plan = plan_bags(folders, reference.expectations)
    findings.extend(plan.findings)
    findings.extend(check_bags(plan, trusted, on_progress))
    # 5. Broken wins over cannot tell, and that over verified.
    return AuditReport(
        answer=answer_of(findings),
        findings=in_order(findings),
        ranges=Ranges.of(
            witnessed=_witnessed_size(reference, trusted), signed=reference.signed_size, present=reference.followed.size
        ),
        counts={
            "stores": len(stores),
            "entries": reference.followed.size,
            "signed_entries": reference.signed_size,
            "heads": sum(len(copy.heads) for copy in copies),
            "bags_expected": len(reference.expectations.bags),
            "bags": len(plan.checks),
            **_by_severity(findings),
        },
    )


def _checked_copy(store: Path, trust: Trust, findings: Findings) -> CheckedLedger:
    found = Findings(store)
    copy = check_ledger(store, trust, found)
    findings.extend(found)
    return copy


def _checked_folder(store: Path, trust: Trust, findings: Findings) -> StoreFolder:
    found = Findings(store)
    folder = check_store(store, trust, found)
    findings.extend(found)
    return folder


def _compare_age(copy: CheckedLedger, max_age_days: int | None, now: datetime, findings: Findings) -> None:
    if max_age_days is None or copy.newest_at is None:
        return
    try:
        is_stale = now - parse_rfc3339(copy.newest_at) > timedelta(days=max_age_days)
    except ValueError:
        is_stale = True
    if is_stale:
        findings.add(STALE, "ledger", seq=copy.signed_size - 1, at=copy.newest_at, max_age_days=max_age_days)


def _witnessed_size(copy: CheckedLedger, trust: Trust) -> int:
    """Return how many entries the largest outside head covers that the ledger really extends."""
    heads = (head.checkpoint for head in trust.outside_heads)
    return max((head.size for head in heads if copy.followed.roots.get(head.size) == head.root), default=0)


def _by_severity(findings: Findings) -> dict[str, int]:
    counts = Counter(finding.severity for finding in findings)
    return {severity.value.replace("-", "_"): counts[severity] for severity in Severity}
