"""Names of slots, learnt by plugging: a port gets the name that is painted beside it.

The newest entry `slot.learnt` about a port counts. A name stands for one port at a time.
"""

from bodycam_custody.catalog import Catalog
from bodycam_custody.entries import Actor, Draft, EntryKind
from bodycam_custody.slots.errors import SlotNameInvalidError, SlotNameTakenError
from docking.usb_ports import PortId, port_of

# Long enough for "rack 2, hub B, slot 14", short enough for a column.
NAME_MAX_CHARACTERS = 40


def check_slot_name(name: str) -> None:
    """Return if `name` can stand beside a slot.

    Raises:
        SlotNameInvalidError: it is empty, too long, or would not read as it is written.
    """
    if not 1 <= len(name) <= NAME_MAX_CHARACTERS or not name.isprintable() or name != name.strip():
        raise SlotNameInvalidError(found=ascii(name), longest=NAME_MAX_CHARACTERS)


def learnt_draft(catalog: Catalog, *, name: str, port: PortId, actor: Actor) -> Draft | None:
    """Return the entry that `port` is called `name` from now on; None where it is called so already.

    Raises:
        SlotNameInvalidError: not a name.
        SlotNameTakenError: another port has this name.
    """
    check_slot_name(name)
    names = slot_names(catalog)
    for taken_by in (other for other, taken in names.items() if taken == name):
        if taken_by == port:
            return None
        raise SlotNameTakenError(name=name, port=taken_by)
    facts = {"port": port, "name": name, "before": names.get(port)}
    return Draft(kind=EntryKind.SLOT_LEARNT, subject=f"slot:{port}", facts=facts, actor=actor)


def slot_names(catalog: Catalog) -> dict[PortId, str]:
    """Return the learnt name of every port that has one."""
    return {PortId(row["port"]): row["name"] for row in catalog.rows("SELECT port, name FROM slots ORDER BY name")}


def slot_shown(catalog: Catalog, port_path: str | None, slot: str | None) -> str | None:
    """Return what a slot is called: its learnt name, else what the slip says."""
    if port_path is None:
        return slot
    rows = catalog.rows("SELECT name FROM slots WHERE port = ?", (port_of(port_path),))
    return str(rows[0]["name"]) if rows else slot
