"""A card against its recorder's previous docking, and the recorder's clock: the lines of a docking about them."""

from datetime import tzinfo

from cli.labels import CLOCK_VERDICT, label
from cli.language import _
from cli.quantities import moment
from cli.wire import CardDifference, Docking, DockingDetail

_INDENT = "  "


def judged_rows(docking: Docking) -> list[tuple[str, str]]:
    """Return the counts of the comparison and the clock's verdict, each only where it was judged."""
    rows: list[tuple[str, str]] = []
    if docking["files_missing"] is not None:
        missing = _("{count} ({unkept} never kept)").format(
            count=docking["files_missing"], unkept=docking["files_missing_unkept"]
        )
        rows = [
            (_("Compared with"), docking["previous_docking_id"] or _("nothing: first docking")),
            (_("Missing since then"), missing),
            (_("Reappeared"), str(docking["files_reappeared"])),
            (_("Gaps in the numbering"), str(docking["sequence_gaps"])),
        ]
    return [*rows, (_("Recorder's clock"), _clock(docking))]


def acceptance_row(docking: Docking, zone: tzinfo) -> tuple[str, str]:
    """Return who took the docking over and when."""
    accepted = _("{when} by {person}").format(when=moment(docking["accepted_at"], zone), person=docking["accepted_by"])
    return _("Accepted"), accepted if docking["accepted_at"] else _("not yet")


def _clock(docking: Docking) -> str:
    if docking["clock_verdict"] is None:
        return _("not measured")
    said = label(CLOCK_VERDICT, docking["clock_verdict"])
    if docking["clock_drift_ms_per_day"] is not None:
        drift = f"{docking['clock_drift_ms_per_day'] / 1000:+.3f}"
        said = _("{verdict} ({drift} s a day)").format(verdict=said, drift=drift)
    return said


def difference_lines(docking: DockingDetail) -> list[str]:
    """Return every difference on a line of its own, with a heading; nothing where there is none."""
    lines = [f"{_INDENT}{_difference(difference)}" for difference in docking["differences"]]
    return ["", _("Since the previous docking"), *lines] if lines else []


def _difference(difference: CardDifference) -> str:
    name = difference["path"] or "–"
    if difference["what"] == "sequence-gap":
        facts = {name: difference[name] for name in ("device_id", "first", "last")}
        return _("{device_id}: no file bears the numbers {first} to {last}").format(**facts)
    if difference["what"] == "reappeared":
        return _("{name}: was gone at the previous docking and is back").format(name=name)
    if difference["kept"]:
        return _("{name}: no longer on the card; the station keeps it").format(name=name)
    return _("{name}: GONE from the card and never kept").format(name=name)
