"""The receipt as bytes: the golden vector of docs/receipt-format.md, checked with the real ssh-keygen (R39)."""

import re
import shutil
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from bodycam_custody.handover.receipt import FileHandover, FileLeft, Left, Receipt, ReceiptFile, receipt_digest
from bodycam_custody.model import Basis, ClipId, DockingId, FileOutcome, Handover, HandoverReason
from hashing.namespaces import Namespace
from hashing.ssh_keys import SigningKey
from hashing.sshsig import sign
from tests.hashing.ssh import SshKeygen, signers_of

DOCUMENT = Path(__file__).parents[3] / "docs" / "receipt-format.md"
KEY = SigningKey.from_seed(bytes(range(0x20, 0x40)))

CLIP = ClipId("6py6imm2abcdefgh6py6imm2abcdefgh")

RECEIPT = Receipt(
    issued_at=datetime(2026, 11, 21, 12, 30, tzinfo=UTC),
    station={
        "origin": "cg.example.gov.cn/station-1/1",
        "name": "station-1",
        "unit": "綦江区城市管理局",
        "time_zone": "Asia/Shanghai",
    },
    rules={"document_number": "2022-1", "version": "1", "handover_hours": 24, "handover_point": "dock"},
    docking_id=DockingId("20261121T120000Z-k3f9"),
    docking={
        "kind": "dock",
        "slot": "slot 1",
        "recorder_id": "usb:4255:0001:0000017",
        "officer_id": "officer-1",
        "operator_id": None,
        "docked_at": "2026-11-21T12:00:00.000000Z",
        "closed_at": "2026-11-21T12:01:00.000000Z",
        "accepted_at": None,
        "accepted_by": None,
    },
    files=[
        ReceiptFile(
            clip_id=CLIP,
            name="DCIM/现场.mp4",
            size_bytes=931_528,
            sha256="ab" * 32,
            file_type="video",
            outcome=FileOutcome.SEALED,
            basis=Basis.READ,
            sightings=1,
            handover=FileHandover(
                recorded_from="2026-11-20T10:59:00.000000Z",
                recorded_to="2026-11-20T11:00:00.000000Z",
                due="2026-11-21T11:00:00.000000Z",
                verdict=Handover.LATE,
                reason=HandoverReason.DOCKED_AFTER_HOURS,
                late_ms=3_600_000,
            ),
        ),
        ReceiptFile(
            clip_id=CLIP,
            name=None,
            size_bytes=7,
            sha256="cd" * 32,
            file_type="sidecar",
            outcome=FileOutcome.KNOWN,
            basis=Basis.LISTED,
            sightings=1,
            handover=None,
        ),
    ],
    checkpoint={
        "origin": "cg.example.gov.cn/station-1/1",
        "size": 27,
        "root": "00" * 32,
        "note": "cg.example.gov.cn/station-1/1\n27\n…\n",
    },
)

CANONICAL = (
    '{"checkpoint":{'  # the newest signed head when the receipt was made
    '"note":"cg.example.gov.cn/station-1/1\\n27\\n…\\n",'  # the whole note, as in ledger/checkpoint of a store
    '"origin":"cg.example.gov.cn/station-1/1",'
    f'"root":"{"00" * 32}",'  # hex, while the note has base64
    '"size":27},'
    '"counts":{"bytes":931535,"failed":0,"foreign":0,"found":2,"known":1,"late":1,"listed":1,"on_time":0,"sealed":1,'
    '"undeterminable":0},'  # of files on the card; verdicts of main files only
    '"docking":{"accepted_at":null,"accepted_by":null,'  # null: not accepted yet
    '"closed_at":"2026-11-21T12:01:00.000000Z","docked_at":"2026-11-21T12:00:00.000000Z",'
    '"docking_id":"20261121T120000Z-k3f9","kind":"dock","officer_id":"officer-1","operator_id":null,'
    '"recorder_id":"usb:4255:0001:0000017","slot":"slot 1"},'
    '"files":[{'  # in the order of the inventory
    '"basis":"read",'  # the digest is of what was read at this docking
    '"clip_id":"6py6imm2abcdefgh6py6imm2abcdefgh","file_type":"video",'
    '"handover":{"due":"2026-11-21T11:00:00.000000Z","late_ms":3600000,"reason":"docked-after-hours",'
    '"recorded_from":"2026-11-20T10:59:00.000000Z","recorded_to":"2026-11-20T11:00:00.000000Z","verdict":"late"},'
    '"name":"DCIM/现场.mp4",'  # made printable; UTF-8, not \\u escapes
    f'"outcome":"sealed","sha256":"{"ab" * 32}","sightings":1,"size_bytes":931528}},'
    '{"basis":"listed",'  # the digest is of what was read before; the card was not compared with it
    '"clip_id":"6py6imm2abcdefgh6py6imm2abcdefgh","file_type":"sidecar",'  # of the clip it accompanies
    '"handover":null,'  # a sidecar is handed over with its clip
    '"name":null,'  # null: the name was erased
    f'"outcome":"known","sha256":"{"cd" * 32}","sightings":1,"size_bytes":7}}],'
    '"issued_at":"2026-11-21T12:30:00.000000Z",'
    '"kind":"custody-receipt",'
    '"left":null,'  # everything on the card is taken over
    '"longest_late_ms":3600000,'  # null: nothing is late
    '"rules":{"document_number":"2022-1","handover_hours":24,"handover_point":"dock","version":"1"},'
    '"station":{"name":"station-1","origin":"cg.example.gov.cn/station-1/1","time_zone":"Asia/Shanghai",'
    '"unit":"綦江区城市管理局"},'
    '"v":1}'  # and no line end
)


def vectors() -> dict[str, str]:
    """Return the vectors of the document by name."""
    pattern = r"<!-- vector: ([a-z0-9-]+) -->\n```\n(.*?)```\n"
    return dict(re.findall(pattern, DOCUMENT.read_text(encoding="utf-8"), flags=re.DOTALL))


def test_the_receipt_is_the_golden_vector() -> None:
    assert RECEIPT.to_bytes().decode() == CANONICAL


LEFT = Left(
    act="released-uncleared",
    at="2026-11-21T12:20:00.000000Z",
    by="supervisor-1",
    reason=None,
    card_was_listed_whole=False,
    files=[FileLeft(name="DCIM/坏.mp4", size_bytes=5, file_type="video", outcome=FileOutcome.FAILED)],
    folders=[None],
)


def test_what_is_not_taken_over_stands_apart_from_what_is() -> None:
    # R11, R40
    receipt = replace(RECEIPT, left=LEFT)
    expected = CANONICAL.replace(
        '"left":null,',
        '"left":{"act":"released-uncleared","at":"2026-11-21T12:20:00.000000Z","by":"supervisor-1",'
        '"card_was_listed_whole":false,'
        '"files":[{"file_type":"video","name":"DCIM/坏.mp4","outcome":"failed","size_bytes":5}],'
        '"folders":[null],"reason":null},',
    )
    counts = '"bytes":931540,"failed":1,"foreign":0,"found":3'
    expected = expected.replace('"bytes":931535,"failed":0,"foreign":0,"found":2', counts)
    assert receipt.to_bytes().decode() == expected


def test_the_document_shows_exactly_this_receipt_with_digest_and_signature() -> None:
    data = RECEIPT.to_bytes()
    assert vectors() == {
        "receipt": f"{CANONICAL}\n",
        "receipt-sha256": f"{receipt_digest(data)}\n",
        "receipt-signature": sign(data, KEY, Namespace.RECEIPT).decode(),
    }


def test_every_key_of_a_receipt_is_explained() -> None:
    facts = RECEIPT.to_facts()
    file = RECEIPT.files[0]
    assert file.handover is not None
    keys = {*facts, *RECEIPT.docking, "docking_id", *file.to_facts(), *file.handover.to_facts()}
    keys |= {*LEFT.to_facts(), *LEFT.files[0].to_facts()}
    for part in ("station", "rules", "counts", "checkpoint"):
        keys |= set(facts[part])  # type: ignore[arg-type]  # these are objects
    explained = re.findall(r"`([a-z_0-9]+)`", DOCUMENT.read_text(encoding="utf-8"))
    assert keys - set(explained) == set()


@pytest.fixture
def ssh_keygen(tmp_path: Path) -> SshKeygen:
    program = shutil.which("ssh-keygen")
    assert program is not None, "install openssh-client: receipts are checked with the real ssh-keygen"
    return SshKeygen(program=program, folder=tmp_path)


def test_ssh_keygen_accepts_it_as_a_receipt_and_as_nothing_else(ssh_keygen: SshKeygen) -> None:
    # R39: verifies offline
    data = RECEIPT.to_bytes()
    signature = sign(data, KEY, Namespace.RECEIPT)
    signers = signers_of(KEY.public, *Namespace)
    assert ssh_keygen.accepts(data, signature, signers, "custody-receipt")
    assert not ssh_keygen.accepts(data.replace(b'"late":1', b'"late":0'), signature, signers, "custody-receipt")
    assert not ssh_keygen.accepts(data, signature, signers, "custody-bag")
    assert not ssh_keygen.accepts(data, sign(data, KEY, Namespace.BAG), signers, "custody-receipt")
