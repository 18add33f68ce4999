"""What the station answers, as its interface has it; one class per JSON object.

These are descriptions for the type checker: nothing is checked at run time, since both ends are one release. Times are
RFC 3339 UTC text. Keys are a format: additive only.
"""

from cli.wire.clips import Clip, ClipCheck, ClipDetail, Copy, CopyCheck, Gap, HistoryEntry, Proof, Session, Sighting
from cli.wire.dockings import (
    Accepted,
    Alarm,
    CardDifference,
    DockedFile,
    Docking,
    DockingDetail,
    Learnt,
    LetGo,
    Slot,
    SpecialFile,
)
from cli.wire.problems import Answer, Facts, Problem
from cli.wire.receipts import Receipt, ReceiptDocument, ReceiptFile, ReceiptHandover
from cli.wire.recorders import (
    Assignment,
    OfficerCount,
    Recorder,
    RecorderAct,
    RecorderCheck,
    RecorderCount,
    RecorderDetail,
    RecordersPerOfficer,
)
from cli.wire.station import (
    Backlog,
    ClipCounts,
    DaemonFacts,
    Keys,
    LedgerFacts,
    Rebuilt,
    SignedHead,
    StationFacts,
    Status,
    Store,
    Stores,
)

__all__ = [
    "Accepted",
    "Alarm",
    "Answer",
    "Assignment",
    "Backlog",
    "CardDifference",
    "Clip",
    "ClipCheck",
    "ClipCounts",
    "ClipDetail",
    "Copy",
    "CopyCheck",
    "DaemonFacts",
    "DockedFile",
    "Docking",
    "DockingDetail",
    "Facts",
    "Gap",
    "HistoryEntry",
    "Keys",
    "Learnt",
    "LedgerFacts",
    "LetGo",
    "OfficerCount",
    "Problem",
    "Proof",
    "Rebuilt",
    "Receipt",
    "ReceiptDocument",
    "ReceiptFile",
    "ReceiptHandover",
    "Recorder",
    "RecorderAct",
    "RecorderCheck",
    "RecorderCount",
    "RecorderDetail",
    "RecordersPerOfficer",
    "Session",
    "Sighting",
    "SignedHead",
    "Slot",
    "SpecialFile",
    "StationFacts",
    "Status",
    "Store",
    "Stores",
]
