"""Stores as a table, what a sweep found, and what a rebuild read."""

from collections.abc import Sequence
from datetime import tzinfo

from cli.labels import ANSWER, STORE_ROLE, STORE_STATE, label
from cli.language import _
from cli.messages import told
from cli.quantities import moment, size
from cli.tables import table
from cli.wire import Rebuilt, Store, Stores, Swept

_NUMBERS = frozenset({3, 4})


def stores_text(stores: Stores) -> str:
    """Return the stores, what is wrong with each, and whether they are on different disks."""
    apart = _("On different physical disks: {answer}.").format(answer=label(ANSWER, stores["disks_apart"]))
    return "\n".join([stores_table(stores["items"]), "", apart, *store_problems(stores["items"])])


def stores_table(stores: Sequence[Store]) -> str:
    """Return one line per store."""
    headers = (_("Store"), _("Role"), _("State"), _("Copies"), _("Free"), _("Disks"), _("Folder"))
    return table(headers, [_row(store) for store in stores], right=_NUMBERS)


def store_problems(stores: Sequence[Store]) -> list[str]:
    """Return what is wrong with each store that is not well."""
    return [f"{store['store_id']}: {told(store['problem'])}" for store in stores if store["problem"] is not None]


def _row(store: Store) -> tuple[str, ...]:
    free, total = store["free_bytes"], store["total_bytes"]
    space = "–" if free is None or total is None else _("{free} of {total}").format(free=size(free), total=size(total))
    disks = _("not known") if store["disks"] is None else " ".join(store["disks"])
    return (
        store["store_id"],
        label(STORE_ROLE, store["role"]),
        _("OUT OF ORDER") if store["state"] != "ok" else label(STORE_STATE, store["state"]),
        str(store["copies"]),
        space,
        disks,
        store["path"],
    )


def swept_text(swept: Swept, zone: tzinfo) -> str:
    """Return what a sweep found and did; every zero is said too."""
    lines = [
        _("Stores swept {at} ({zone}).").format(at=moment(swept["at"], zone), zone=zone),
        _("Copies written again: {count}").format(count=swept["copies_made"]),
        _("Copies missing or damaged: {count}").format(count=swept["copies_missing"]),
        _("Clips that are not safe: {count}").format(count=swept["not_safe"]),
    ]
    return "\n".join([*lines, *(told(problem) for problem in swept["problems"])])


def rebuilt_text(rebuilt: Rebuilt) -> str:
    """Return what a rebuild of the catalog read, and what was wrong."""
    done = _("Catalog rebuilt in {seconds} s from {entries} ledger entries and {bags} bags: {clips} clips.").format(
        seconds=f"{rebuilt['seconds']:.1f}",
        entries=rebuilt["entries"],
        bags=rebuilt["bags_read"],
        clips=rebuilt["clips"],
    )
    return "\n".join([done, *(told(problem) for problem in rebuilt["problems"])])
