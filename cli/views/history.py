"""The whole life of one clip (R4)."""

from collections.abc import Mapping, Sequence
from datetime import tzinfo

from cli.labels import ENTRY_KIND, label
from cli.language import _
from cli.quantities import moment
from cli.tables import table
from cli.wire import Facts, HistoryEntry


def history_text(entries: Sequence[HistoryEntry], zone: tzinfo) -> str:
    """Return every entry with time, actor and proof position."""
    if not entries:
        return _("No entries.")
    headers = (_("Entry"), _("Time"), _("What happened"), _("By"), _("Leaf"))
    rows = [
        (
            str(entry["seq"]),
            moment(entry["at"], zone),
            label(ENTRY_KIND, entry["kind"]),
            _actor(entry["actor"]),
            entry["leaf"],
        )
        for entry in entries
    ]
    proven = _("Each entry is proven to lie in the ledger of {size} entries; --json gives the proofs. Times in {zone}.")
    tree_size = max(entry["proof"]["tree_size"] for entry in entries)
    return "\n".join([table(headers, rows, right=frozenset({0})), "", proven.format(size=tree_size, zone=zone)])


def _actor(actor: Mapping[str, object] | Facts) -> str:
    if "person" in actor:
        return str(actor["person"])
    if "uid" in actor:
        return _("uid {uid}").format(uid=actor["uid"])
    return _("the station")
