"""The clearing of one card, from the first look to the residue; trusts nothing that it can look up itself (R40).

 1. the rule set in force at this station chose clearing
 2. the slip counts, and what is mounted is the card that was docked: device, disk sequence, port, volume
 3. nobody can write to it, through whatever mount
 4. receipt and acceptance stand in every present ledger copy, under heads the station signed, and one such head is held
    on another disk than the ledger
 5. each file's bytes lie in a sealed bag that two stores on different disks give back whole from their media
 6. each file on the card is read again past the cache and is what was sealed; until here nothing was made writable
 7. the daemon enters what is going to be removed; that entry, too, must stand in the ledger copies
 8. the card is made writable for this process only; after a last look every file is removed, then all is flushed
 9. the card is read-only again; its folders are read afresh: nothing removed may be left

Deliberately absent: overwriting. Flash memory keeps old blocks whatever is written, and a slow erasure invites a pull.
"""

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from archive.clearance import Witness, require_digest, require_entry, require_head_apart, sealed_digests
from archive.durable import flush_filesystem
from archive.physical import physical_device_of
from bodycam_custody.clearing.anchors import Anchors
from bodycam_custody.clearing.errors import ClearingNotChosenError, ResidueError
from bodycam_custody.clearing.request import ClearRequest, ranges_of
from bodycam_custody.entries import EntryKind
from bodycam_custody.errors import StatedError
from config.settings import Clearing
from docking.block_device import find_usb_block_device
from docking.card_access import (
    close_for_writing,
    empty_folder,
    held,
    hide_mounts,
    mounted_apart,
    open_for_writing,
    require_nobody_writes,
)
from docking.card_mount import check_card_mount
from docking.clearing import ReceiptedFile, remove, require_looks_unchanged, require_unchanged
from docking.clearing_errors import CardChangedError, CardNotOpenedError
from docking.inventory import Inventory, take_inventory
from docking.mounting import is_service, read_volume_id
from docking.mounts import mount_at, read_mounts
from docking.presence import confirm_card_present, open_card
from docking.slip_format import FOLDER_FILESYSTEM, DockSlip
from docking.slips import read_slip
from hashing.canonical import Json
from hashing.errors import N_, Statement, shown

_SEALING = (EntryKind.CLIP_SEALED.value, EntryKind.SUPPLEMENT_SEALED.value, EntryKind.BAG_ADOPTED.value)
_NAMED = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Cleared:
    """How it ended: `removed` are inventory numbers, `residue` what is on the card now; None: nobody could look."""

    removed: tuple[int, ...]
    perhaps_removed: tuple[int, ...]
    """The file at which removing failed, where it was not seen afterwards."""
    is_flushed: bool
    """Whether the removal lasts; otherwise a power cut may bring files back."""
    residue: Inventory | None
    problem: StatedError | None


class Procedure:
    """One clearing. `tell` hears of each step; what it raises ends the clearing at that place."""

    def __init__(self, anchors: Anchors, request: ClearRequest, tell: Callable[[dict[str, Any]], None]) -> None:
        self._anchors = anchors
        self._request = request
        self._tell = tell
        self._files = tuple(one.file for one in request.files)
        self._removed: dict[int, None] = {}

    def run(self, wait_for_entry: Callable[[], int]) -> Cleared:
        """Clear the card; `wait_for_entry` is called when all is shown and returns the number of the entry about it.

        Raises:
            StatedError: refused, and nothing was removed.
        """
        slip = self._require_card()  # 1, 2, 3
        self._require_kept()  # 4, 5
        with self._card(slip) as (root, node):
            root_fd = open_card(root)
            try:
                require_unchanged(root_fd, self._files, on_file=self._on_file)  # 6
                confirm_card_present(root, root_fd, self._anchors.sysfs)
                self._tell({"step": "ready"})
                self._require_entered(wait_for_entry())  # 7
                return self._remove(root, root_fd, node)  # 8, 9
            finally:
                os.close(root_fd)

    def _require_card(self) -> DockSlip:
        settings = self._anchors.settings
        rules = settings.rule_set
        if rules.clearing is not Clearing.CLEAR_AFTER_RECEIPT:
            raise ClearingNotChosenError(
                unit=rules.unit,
                document_number=rules.document_number,
                version=rules.version,
                clearing=rules.clearing.value,
            )
        place = settings.paths.slips / Path(self._request.slip).name
        slip = read_slip(place, trusted_uids=frozenset(settings.docking.slip_owner_uids))
        allowed = settings.docking.folder_cards
        check_card_mount(slip, folder_cards_allowed=allowed, sysfs=self._anchors.sysfs)
        if slip.filesystem != FOLDER_FILESYSTEM:
            node = self._require_same_device(slip, place.stem)
            require_nobody_writes(slip.mount_point, node)
        return slip

    def _require_same_device(self, slip: DockSlip, name: str) -> Path:
        device = find_usb_block_device(name, sysfs=self._anchors.sysfs, dev=self._anchors.dev)
        mount = mount_at(read_mounts(), slip.mount_point)
        for what, expected, found in (
            (N_("device"), slip.device, str(device.node)),
            (N_("disk sequence"), slip.diskseq, device.diskseq),
            (N_("port"), slip.port_path, str(device.usb.port)),
            (N_("volume"), slip.volume_id, read_volume_id(device.node)),
            (N_("device number"), device.number, mount.device if mount else None),
        ):
            if expected is None or expected != found:
                raise CardChangedError(
                    mount_point=shown(slip.mount_point),
                    what=Statement(what),
                    expected="—" if expected is None else str(expected),
                    found="—" if found is None else shown(str(found)),
                )
        return device.node

    def _require_kept(self) -> None:
        request, witnesses = self._request, self._anchors.witnesses()
        about: dict[str, Json] = {"docking_id": request.docking_id}
        newest = max([request.receipt_seq, request.accepted_seq, *(bag.seq for bag in request.bags)])
        self._require_head_apart(witnesses, newest)
        require_entry(witnesses, request.receipt_seq, kinds=[EntryKind.RECEIPT_ISSUED.value], facts=about)
        require_entry(witnesses, request.accepted_seq, kinds=[EntryKind.DOCK_ACCEPTED.value], facts=about)
        digests = []
        for number, bag in enumerate(request.bags, start=1):
            digests.append(sealed_digests(witnesses, bag, kinds=_SEALING, verify_signature=self._anchors.verify_bag))
            self._tell({"step": "copies", "done": number, "total": len(request.bags)})
        for one in request.files:
            held = [digest for number in one.bags for digest in digests[number]]
            named = request.bags[one.bags[0]].bag_path if one.bags else "—"
            require_digest(named, held, one.file.sha256)

    def _require_head_apart(self, witnesses: Sequence[Witness], seq: int) -> None:
        own = physical_device_of(self._anchors.settings.paths.state, self._anchors.host)
        require_head_apart(witnesses, own, size=seq + 1)

    def _require_entered(self, seq: int) -> None:
        """Return if entry `seq` names exactly the files that are going to be removed."""
        witnesses = self._anchors.witnesses()
        self._require_head_apart(witnesses, seq)
        ranges: list[Json] = [[*pair] for pair in ranges_of(file.number for file in self._files)]
        facts: dict[str, Json] = {"docking_id": self._request.docking_id, "files": ranges}
        require_entry(witnesses, seq, kinds=[EntryKind.CARD_CLEARING.value], facts=facts)

    def _on_file(self, file: ReceiptedFile) -> None:
        self._tell({"step": "card", "number": file.number})

    @contextmanager
    def _card(self, slip: DockSlip) -> Iterator[tuple[Path, Path | None]]:
        """Give the root of the card, and its device where it is one: then at a mount that nobody else sees."""
        if slip.filesystem == FOLDER_FILESYSTEM:
            yield slip.mount_point, None
            return
        node = self._anchors.dev / Path(self._request.slip).stem
        with ExitStack() as stack:
            own = stack.enter_context(empty_folder())
            if not is_service():
                try:
                    hide_mounts()
                except OSError as err:
                    reason = os.strerror(err.errno or 0)
                    raise CardNotOpenedError(mount_point=shown(slip.mount_point), reason=reason) from err
            stack.enter_context(mounted_apart(slip.mount_point, own))
            yield own, node

    def _remove(self, root: Path, root_fd: int, node: Path | None) -> Cleared:
        with held(node) if node is not None else nullcontext():
            return self._remove_held(root, root_fd, node)

    def _remove_held(self, root: Path, root_fd: int, node: Path | None) -> Cleared:
        if node is not None:
            open_for_writing(root, node)
        problems: list[StatedError] = []
        unflushed: list[StatedError] = []
        failed_at: ReceiptedFile | None = None
        try:
            with _stated(problems):
                require_looks_unchanged(root_fd, self._files)
            if not problems:
                with _stated(problems):
                    remove(root_fd, self._files, on_removed=self._on_removed)
                failed_at = next((file for file in self._files if file.number not in self._removed), None)
            # What was removed before something went wrong must last as well.
            with _stated(unflushed):
                flush_filesystem(root_fd)
            problems += unflushed
        finally:
            if node is not None:
                with _stated(problems):
                    close_for_writing(root, node)
        if problems and not self._removed and failed_at is None:
            raise problems[0]
        residue: Inventory | None = None
        with _stated(problems):
            residue = take_inventory(root, sysfs=self._anchors.sysfs)
            self._require_gone(residue)
        seen = set() if residue is None else {file.path for file in residue.files}
        perhaps = () if failed_at is None or failed_at.path in seen else (failed_at.number,)
        return Cleared(
            removed=tuple(self._removed),
            perhaps_removed=perhaps,
            is_flushed=not unflushed,
            residue=residue,
            problem=problems[0] if problems else None,
        )

    def _on_removed(self, file: ReceiptedFile) -> None:
        self._removed[file.number] = None
        self._tell({"step": "removed", "number": file.number})

    def _require_gone(self, found: Inventory) -> None:
        gone = {file.path for file in self._files if file.number in self._removed}
        back = [file.path for file in found.files if file.path in gone]
        if back:
            raise ResidueError(count=len(back), paths=", ".join(shown(path) for path in back[:_NAMED]))


@contextmanager
def _stated(problems: list[StatedError]) -> Iterator[None]:
    """Keep what goes wrong in the block, so that what must follow is done all the same."""
    try:
        yield
    except StatedError as err:
        problems.append(err)
