"""What a verification from outside found, and a checkpoint just made."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from cli.labels import SEVERITY, label
from cli.language import N_, _
from cli.messages import filled
from cli.tables import pairs
from cli.wire import SignedHead

_ANSWER = {
    "yes": N_("VERIFIED: everything covered below is whole."),
    "no": N_("BROKEN: what is stored is not what was recorded."),
    "cannot-tell": N_("CANNOT TELL: nothing was found broken, but not everything is covered."),
}
_RANGE = {
    "witnessed": N_("Witnessed by a head held outside"),
    "station_signed_only": N_("Signed by the station only"),
    "unsigned_tail": N_("Unsigned tail"),
}
_COUNT = {
    "stores": N_("Stores"),
    "entries": N_("Ledger entries"),
    "signed_entries": N_("Signed entries"),
    "heads": N_("Signed heads"),
    "bags_expected": N_("Bags the ledger names"),
    "bags": N_("Copies of bags"),
}
_INDENT = "  "


# The report is JSON as `custody audit verify --json` prints it; its keys differ by finding.
def audit_text(report: dict[str, Any]) -> str:
    """Return the report: the answer first, then every finding, then how far whose word reaches."""
    ranges = [(_(_RANGE[name]), _range(report["ranges"].get(name))) for name in _RANGE]
    counts = [(_(words), str(report["counts"][name])) for name, words in _COUNT.items() if name in report["counts"]]
    parts = [label(_ANSWER, report["answer"])]
    if report["findings"]:
        parts.append("\n".join(_finding(finding) for finding in report["findings"]))
    parts.append("\n".join([_("Ledger entries, and on whose word they stand"), pairs(ranges, indent=_INDENT)]))
    parts.append("\n".join([_("Checked"), pairs(counts, indent=_INDENT)]))
    return "\n\n".join(parts)


def _finding(finding: dict[str, Any]) -> str:
    sentence = filled(finding["template"], finding["facts"])
    where = ": ".join(part for part in (finding["store"], finding["place"]) if part and part not in sentence)
    heading = f"{label(SEVERITY, finding['severity'])} {finding['code']}  {where}".rstrip()
    return f"{heading}\n{_INDENT}{sentence}"


def _range(found: Sequence[int] | None) -> str:
    return _("none") if found is None else _("{first} to {last}").format(first=found[0], last=found[1])


def checkpoint_text(head: SignedHead, out: Path | None) -> str:
    """Return the checkpoint and where it lies."""
    places = [head["path"], *([str(out)] if out is not None else [])]
    written = _("Checkpoint over {size} entries of {origin}, written to {places}.").format(
        size=head["size"], origin=head["origin"], places=", ".join(places)
    )
    advice = _(
        "Give it to someone outside the station: only what a head held outside covers cannot be cut off unnoticed."
    )
    return f"{head['note'].rstrip()}\n\n{written}\n{advice}"
