"""A small station over a real Unix socket: clips, stores and dockings in memory, answers made from them."""

import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any, Self

from cli import wire
from tests.bodycam_custody.handover.test_receipt import RECEIPT
from tests.cli.answering_server import AnsweringServer, StatedProblemError
from tests.cli.clip_answers import check_of, detail_of, history_of
from tests.cli.records import make_clearing, make_clip, make_docking, make_store

CANONICAL = RECEIPT.to_bytes().decode()


class FakeStation:
    """Holds clips, dockings and stores; answers every operation the command line calls."""

    def __init__(self, path: Path) -> None:
        self.clips = [make_clip(1), make_clip(2), make_clip(3)]
        self.dockings = [make_docking()]
        self.stores = [make_store("primary", "primary"), make_store("backup", "replica")]
        self.disks_apart = "yes"
        self.gaps: list[wire.Gap] = []
        self.receipt = CANONICAL
        self.swept: wire.Swept = {
            "at": "2026-11-21T10:00:00.000000Z",
            "copies_made": 0,
            "copies_missing": 0,
            "not_safe": 0,
            "problems": [],
        }
        self.damaged: set[str] = set()
        self.refuses: StatedProblemError | None = None
        self.files: list[wire.DockedFile] = []
        self.differences: list[wire.CardDifference] = []
        self.slots: list[list[wire.Slot]] = [[]]
        self.alarms: list[wire.Alarm] = []
        self.clearing = make_clearing()
        self.phases: list[wire.Docking] = []
        self.ledger_size = 27
        self.seen: list[tuple[str, dict[str, Any]]] = []
        self._server = AnsweringServer(str(path), self.answer)
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02})

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def answer(self, name: str, params: dict[str, Any]) -> object:
        """Return what the operation `name` gives."""
        self.seen.append((name, params))
        if self.refuses is not None:
            raise self.refuses
        answers: dict[str, Callable[[dict[str, Any]], object]] = {
            "status.show": lambda _: self.status(),
            "dockings.list": lambda given: {"items": self.dockings[: int(given["limit"])], "next": None},
            "dockings.show": lambda _: self._docking(),
            "dockings.accept": self._accept,
            "dockings.receipt": self._receipt,
            "dockings.withdraw": self._let_go,
            "dockings.release": self._let_go,
            "dockings.clear": lambda _: {"docking_id": self.dockings[0]["docking_id"], **self.clearing},
            "slots.list": lambda _: {"items": self.next_slots()},
            "slots.learn": self._learn,
            "alarms.list": lambda _: {"items": self.alarms, "next": None},
            "alarms.acknowledge": self._acknowledge,
            "imports.start": lambda _: {"docking_id": self.dockings[0]["docking_id"]},
            "clips.list": self._page,
            "clips.show": lambda given: detail_of(self._clip(given), self.gaps),
            "clips.history": lambda given: {"items": history_of(self._clip(given), self.ledger_size)},
            "clips.verify": lambda given: check_of(self._clip(given), self.damaged),
            "stores.list": lambda _: {"items": self.stores, "disks_apart": self.disks_apart},
            "stores.sweep": lambda _: self.swept,
            "stores.rebuild": lambda _: {"entries": 27, "clips": 3, "bags_read": 6, "seconds": 0.25, "problems": []},
            "audit.checkpoint": lambda _: self._checkpoint(),
            "keys.show": lambda _: self._keys(),
        }
        return answers[name](params)

    def next_slots(self) -> list[wire.Slot]:
        """Return the slots as they are now; a list of lists is how they change from look to look."""
        return self.slots.pop(0) if len(self.slots) > 1 else self.slots[0]

    def _acknowledge(self, given: dict[str, Any]) -> wire.Acknowledged:
        at = "2026-11-21T10:00:00.000000Z"
        return {"alarm": int(given["alarm"]), "at": at, "by": given["by"], "entry": self.ledger_size}

    def _learn(self, given: dict[str, Any]) -> wire.Learnt:
        (before,) = [slot["slot"] for slot in self.slots[-1] if slot["port"] == given["port"]]
        return {"slot": given["name"], "port": given["port"], "before": before}

    def status(self) -> wire.Status:
        """Return the station at a glance, counted from what it holds."""
        return {
            "station": {
                "origin": "cg.example.gov.cn/station-1/1",
                "name": "station-1",
                "unit": "綦江区城市管理局",
                "time_zone": "Asia/Shanghai",
                "rule_set_version": "1",
                "handover_hours": 24,
                "handover_point": "dock",
            },
            "daemon": {"mode": "daemon", "pid": 4711, "since": "2026-11-21T00:00:00.000000Z"},
            "ledger": {
                "size": self.ledger_size,
                "newest_at": "2026-11-21T09:01:00.000000Z",
                "writable": True,
                "problem": None,
            },
            "stores": self.stores,
            "disks_apart": self.disks_apart,  # type: ignore[typeddict-item]  # tests set the interface's words
            "slots": [slot for slot in self.slots[-1] if slot["is_dock"]],
            "alarms": self.alarms,
            "dockings": self.dockings,
            "clips": {
                "total": len(self.clips),
                "by_state": self._counted("state"),
                "by_handover": self._counted("handover"),
            },
            "backlog": {
                "not_safe": self._counted("state").get("sealed", 0),
                "oldest_not_safe_at": "2026-11-21T09:00:00.000000Z",
                "interpretation_waiting": 0,
                "foreign_files": 0,
                "failed_files": 0,
                "unfinished": 0,
                "withdrawn": 0,
            },
            "remarks": [],
        }

    def _counted(self, key: str) -> dict[str, int]:
        counts: dict[str, int] = {}
        for clip in self.clips:
            counts[clip[key]] = counts.get(clip[key], 0) + 1  # type: ignore[literal-required]  # state or handover
        return counts

    def _page(self, given: dict[str, Any]) -> object:
        clips = [clip for clip in self.clips if given.get("state") in (None, clip["state"])]
        start = int(given.get("after", 0))
        stop = start + min(int(given["limit"]), 2)  # short pages, so that paging shows
        return {"items": clips[start:stop], "next": str(stop) if stop < len(clips) else None}

    def _clip(self, given: dict[str, Any]) -> wire.Clip:
        found = [clip for clip in self.clips if clip["clip_id"].startswith(given["clip_id"])]
        if len(found) != 1:
            raise StatedProblemError(404, "clip-unknown", "no clip {clip_id}", clip_id=given["clip_id"])
        return found[0]

    def _docking(self) -> object:
        now = self.phases.pop(0) if self.phases else self.dockings[0]
        return now | {"files": self.files, "differences": self.differences, "specials": []}

    def _accept(self, given: dict[str, Any]) -> object:
        return {
            "docking_id": given["docking_id"],
            "accepted_at": "2026-11-21T10:00:00.000000Z",
            "accepted_by": given["person"],
            "clips": 3,
            "late": 1 if given.get("reason") else 0,
            "waiting": 0,
            "files_left": 0,
            "entry": self.ledger_size,
        }

    def _let_go(self, given: dict[str, Any]) -> object:
        return {
            "docking_id": None if given["target"] == "slot 3" else given["target"],
            "recorder_id": "usb:4255:0001:ZX12",
            "port": "pci-0000:00:14.0-usb-0:2",
            "at": "2026-11-21T10:00:00.000000Z",
            "by": given["person"],
            "files_left": None if given["target"] == "slot 3" else 1,
            "folders_left": None if given["target"] == "slot 3" else 2,
            "entry": 41,
        }

    def _receipt(self, given: dict[str, Any]) -> object:
        return {
            "docking_id": given["docking_id"],
            "canonical": self.receipt,
            "sha256": "5a" * 32,
            "signature": "-----BEGIN SSH SIGNATURE-----\n",
            "entry": self.ledger_size,
        }

    def _checkpoint(self) -> object:
        note = f"cg.example.gov.cn/station-1/1\n{self.ledger_size}\nAAAA\n\n— cg.example.gov.cn/station-1/1 AAAA\n"
        origin = "cg.example.gov.cn/station-1/1"
        return {"note": note, "size": self.ledger_size, "origin": origin, "path": "/srv/trust/checkpoint"}

    def _keys(self) -> object:
        return {
            "checkpoint_vkey": "cg.example.gov.cn/station-1/1+0badcafe+AAAA",
            "bag_key": "ssh-ed25519 AAAA",
            "bag_key_fingerprint": "SHA256:abc",
            "allowed_signers": 'station namespaces="custody-bag" ssh-ed25519 AAAA\n',
            "genesis": "00" * 32,
        }
