"""Which family a USB device belongs to: the ids known here, and those in the unit's own list.

The list is a TOML file, one line for each USB id, read alike by the daemon and the root helpers:

    "1234:5678" = "bc-plus"
"""

import re
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from docking.drivers.verbs import DriverName
from docking.errors import FamiliesInvalidError
from docking.usb_devices import UsbId
from hashing.errors import shown

# The BC+ family is known under no USB id of its own: a unit names the ids of its recorders.
KNOWN_FAMILIES: Final[Mapping[UsbId, DriverName]] = {UsbId("4255:0001"): DriverName.AMBARELLA}

_USB_ID: Final = re.compile(r"[0-9a-f]{4}:[0-9a-f]{4}")


def load_families(path: Path) -> Mapping[UsbId, DriverName]:
    """Return which USB id belongs to which family: those known here, and before them those in the file at `path`.

    No file is an empty one. Not checked: who can write it, which the rights of its folder decide.

    Raises:
        FamiliesInvalidError: the file cannot be read, is not TOML, or a line of it is no id with a family.
    """
    try:
        table = tomllib.loads(path.read_bytes().decode("utf-8"))
    except FileNotFoundError:
        return KNOWN_FAMILIES
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as err:
        raise FamiliesInvalidError(path=shown(path), field="(file)", expected="TOML in UTF-8", found=str(err)) from err
    named: dict[UsbId, DriverName] = {}
    for usb_id, family in table.items():
        if not _USB_ID.fullmatch(usb_id):
            expected = "vendor and product, as in 1234:abcd"
            raise FamiliesInvalidError(path=shown(path), field="(key)", expected=expected, found=ascii(usb_id))
        if family not in list(DriverName):
            expected = f"one of {', '.join(DriverName)}"
            raise FamiliesInvalidError(path=shown(path), field=usb_id, expected=expected, found=ascii(family))
        named[UsbId(usb_id)] = DriverName(family)
    return {**KNOWN_FAMILIES, **named}
