"""The bags of the given stores against the ledger: which are missing, which are extra, which are not as sealed."""

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

from archive.bag_check import check_bag
from archive.bag_findings import BagDamage
from bodycam_custody.audit.codes import (
    BAG_MISSING,
    NO_COPY_LEFT,
    NOT_EVIDENCE,
    STORE_NOT_GIVEN,
    STORE_NOT_IN_LEDGER,
    STORE_TWICE,
)
from bodycam_custody.audit.expect import Expectations, ExpectedBag
from bodycam_custody.audit.findings import AuditFinding, Findings, Severity
from bodycam_custody.audit.store import StoreFolder
from bodycam_custody.audit.trust import Trust
from hashing.errors import shown

# SHA-256 releases the interpreter lock; more threads than this only make a disk seek.
_THREADS = 2

Progress = Callable[[int, int], None]


@dataclass(slots=True)
class BagPlan:
    """Which bags to check where, and what could be told without opening one."""

    checks: list[tuple[StoreFolder, ExpectedBag]] = field(default_factory=list)
    findings: list[AuditFinding] = field(default_factory=list)


def plan_bags(stores: Sequence[StoreFolder], expectations: Expectations) -> BagPlan:
    """Return which bags to check: all that the ledger promises in these stores and that are there."""
    plan = BagPlan()
    for store in stores:
        findings = Findings(store.path)
        _report_identity(store, stores, expectations, findings)
        for bag in expectations.bags.values():
            if bag.path in store.bag_paths and _is_expected(bag, store):
                plan.checks.append((store, bag))
            elif store.has_bags and store.store_id is not None and _is_expected(bag, store):
                findings.add(BAG_MISSING, bag.path, seq=bag.seq)
        _report_extra(store, expectations, findings)
        plan.findings += findings
    plan.findings += _report_elsewhere(stores, expectations)
    return plan


def check_bags(plan: BagPlan, trust: Trust, on_progress: Progress | None) -> Iterator[AuditFinding]:
    """Yield what is wrong with the planned bags, in the order of the plan; two are read at a time."""
    total = len(plan.checks)
    with ThreadPoolExecutor(max_workers=_THREADS, thread_name_prefix="bag-check") as threads:
        checked = threads.map(lambda check: list(_check_bag(check[0], check[1], trust)), plan.checks)
        for done, findings in enumerate(checked, 1):
            yield from findings
            if on_progress is not None:
                on_progress(done, total)


def _is_expected(bag: ExpectedBag, store: StoreFolder) -> bool:
    # Where nobody signs which store this is, every bag that is there and in the ledger is checked all the same.
    return store.store_id is None or store.store_id in bag.store_ids


def _check_bag(store: StoreFolder, bag: ExpectedBag, trust: Trust) -> Iterator[AuditFinding]:
    found = check_bag(store.path / bag.path, verify_signature=trust.verify_bag, expected_tagmanifest=bag.tagmanifest)
    for finding in found:
        place = bag.path if finding.place == "." else f"{bag.path}/{finding.place}"
        yield AuditFinding(
            code=finding.code.value,
            severity=Severity.CANNOT_TELL if finding.code is BagDamage.UNREADABLE else Severity.BROKEN,
            store=shown(store.path),
            place=place,
            template=finding.template,
            facts={"place": place, **finding.facts},
        )


def _report_identity(
    store: StoreFolder, stores: Sequence[StoreFolder], expectations: Expectations, findings: Findings
) -> None:
    if store.store_id is None:
        return
    if store.store_id not in expectations.store_ids:
        findings.add(STORE_NOT_IN_LEDGER, str(store.path), store_id=store.store_id)
    for other in stores:
        if other is store:
            break
        if other.store_id == store.store_id:
            findings.add(STORE_TWICE, str(store.path), other=shown(other.path), store_id=store.store_id)


def _report_extra(store: StoreFolder, expectations: Expectations, findings: Findings) -> None:
    for path in sorted(store.bag_paths):
        bag = expectations.bags.get(path)
        if bag is None or not _is_expected(bag, store):
            findings.add(NOT_EVIDENCE, path)


def _holds_all_of(other: ExpectedBag, bag: ExpectedBag) -> bool:
    """Return whether a store holds another bag of the same clip with the same files: then `bag` was a second one."""
    return bool(other.store_ids and bag.files) and other.clip_id == bag.clip_id and bag.files <= other.files


def _report_elsewhere(stores: Sequence[StoreFolder], expectations: Expectations) -> Iterator[AuditFinding]:
    """Yield what concerns bags in no given store."""
    findings, given = Findings(), {store.store_id for store in stores}
    elsewhere: dict[str, int] = {}
    for bag in expectations.bags.values():
        if not bag.store_ids and not any(_holds_all_of(other, bag) for other in expectations.bags.values()):
            findings.add(NO_COPY_LEFT, bag.path, seq=bag.seq)
        for store_id in bag.store_ids - given:
            elsewhere[store_id] = elsewhere.get(store_id, 0) + 1
    if any(store.has_bags and store.store_id is None for store in stores):
        elsewhere.clear()  # one of them may be that store: its marker is a finding already
    for store_id, count in sorted(elsewhere.items()):
        findings.add(STORE_NOT_GIVEN, store_id, store_id=store_id, count=count)
    return iter(findings)
