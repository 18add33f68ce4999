"""A small station over a real Unix socket: clips, stores and dockings in memory, answers made from them."""

import json
import socketserver
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any, Self
from urllib.parse import parse_qsl, urlsplit

from cli import wire
from tests.bodycam_custody.handover.test_receipt import RECEIPT

CANONICAL = RECEIPT.to_bytes().decode()
PREFIX = "kz3f7q2m"
ROUTES = {
    "status.show": ("GET", "/v1/status"),
    "dockings.list": ("GET", "/v1/dockings"),
    "dockings.show": ("GET", "/v1/dockings/{docking_id}"),
    "dockings.receipt": ("POST", "/v1/dockings/{docking_id}/receipt"),
    "dockings.accept": ("POST", "/v1/dockings/{docking_id}/accept"),
    "dockings.clear": ("POST", "/v1/clearings"),
    "dockings.withdraw": ("POST", "/v1/withdrawals"),
    "dockings.release": ("POST", "/v1/releases"),
    "slots.list": ("GET", "/v1/slots"),
    "slots.learn": ("POST", "/v1/slots"),
    "alarms.list": ("GET", "/v1/alarms"),
    "alarms.acknowledge": ("POST", "/v1/alarms"),
    "imports.start": ("POST", "/v1/imports"),
    "clips.list": ("GET", "/v1/clips"),
    "clips.show": ("GET", "/v1/clips/{clip_id}"),
    "clips.history": ("GET", "/v1/clips/{clip_id}/history"),
    "clips.verify": ("POST", "/v1/clips/{clip_id}/verify"),
    "stores.list": ("GET", "/v1/stores"),
    "stores.sweep": ("POST", "/v1/stores/sweep"),
    "stores.rebuild": ("POST", "/v1/stores/rebuild"),
    "audit.checkpoint": ("POST", "/v1/audit/checkpoint"),
    "keys.show": ("GET", "/v1/keys"),
}


def make_clip(number: int, **differing: Any) -> wire.Clip:
    """Return a clip that is safe and on time, but for what differs."""
    clip: dict[str, Any] = {
        "clip_id": f"{number:04d}".translate(str.maketrans("0189", "opqr")) + PREFIX * 3 + "abcd",
        "recorder_id": "usb:4255:0001:ZX12",
        "officer_id": "officer-1",
        "operator_id": "officer-1",
        "source_path": f"DCIM/500123_DSJ0017_2026112110150{number}_{number:04d}.mp4",
        "size_bytes": 931_528,
        "sha256": f"{number:064x}",
        "file_type": "video",
        "recorded_from": f"2026-11-21T02:15:0{number}.000000Z",
        "recorded_to": f"2026-11-21T02:16:0{number}.000000Z",
        "handover_due": "2026-11-22T02:16:00.000000Z",
        "handover": "on-time",
        "handover_reason": "docked-within-hours",
        "state": "safe",
        "copies": [
            {
                "store_id": "primary",
                "role": "primary",
                "reread": "medium",
                "verified_at": "2026-11-21T09:00:01.000000Z",
            },
            {"store_id": "backup", "role": "replica", "reread": "medium", "verified_at": "2026-11-21T09:00:02.000000Z"},
        ],
        "sightings": 1,
        "sealed_at": "2026-11-21T09:00:00.000000Z",
        "docked_at": "2026-11-21T08:59:00.000000Z",
        "handed_over_at": "2026-11-21T08:59:00.000000Z",
        "docking_id": "20261121T085900Z-k3f9",
        "session_id": "s-1",
        "device_id": "DSJ0017",
        "remarks": [],
    }
    return clip | differing  # type: ignore[return-value]  # built field by field from the interface


def make_clearing(**differing: Any) -> wire.Clearing:
    """Return the clearing of a unit that keeps its recorders at the desk, but for what differs."""
    clearing: dict[str, Any] = {
        "state": None,
        "at": None,
        "by": None,
        "is_chosen": False,
        "is_in_slot": False,
        "files_removed": 0,
        "files_perhaps_removed": 0,
        "files_left": None,
        "left": [],
        "problem": None,
    }
    return clearing | differing  # type: ignore[return-value]  # built field by field from the interface


def make_docking(**differing: Any) -> wire.Docking:
    """Return a docking that went well, but for what differs."""
    docking: dict[str, Any] = {
        "docking_id": "20261121T085900Z-k3f9",
        "kind": "dock",
        "slot": "slot-1",
        "recorder_id": "usb:4255:0001:ZX12",
        "officer_id": "officer-1",
        "operator_id": "officer-1",
        "phase": "closed",
        "seen_at": "2026-11-21T08:59:00.000000Z",
        "docked_at": "2026-11-21T08:59:00.000000Z",
        "closed_at": "2026-11-21T09:01:00.000000Z",
        "files_found": 3,
        "files_sealed": 3,
        "files_known": 0,
        "files_listed": 0,
        "files_failed": 0,
        "files_unexplained": 0,
        "bytes_found": 2_794_584,
        "bytes_done": 2_794_584,
        "foreign_files": 0,
        "special_files": 0,
        "interpretation_waiting": 0,
        "safe_to_take_away": "yes",
        "previous_docking_id": None,
        "files_missing": 0,
        "files_missing_unkept": 0,
        "files_reappeared": 0,
        "sequence_gaps": 0,
        "clock_offset_ms": None,
        "clock_offset_uncertainty_ms": None,
        "clock_verdict": None,
        "clock_drift_ms_per_day": None,
        "accepted_at": None,
        "accepted_by": None,
        "withdrawn_at": None,
        "withdrawn_by": None,
        "withdrawn_reason": None,
        "withdrawn_until": None,
        "released_at": None,
        "released_by": None,
        "released_reason": None,
        "remarks": [],
        "problems": [],
        "handover": {"on-time": 3, "late": 0, "undeterminable": 0},
        "clearing": make_clearing(),
    }
    return docking | differing  # type: ignore[return-value]  # built field by field from the interface


def make_slot(name: str | None, port: int, **differing: Any) -> wire.Slot:
    """Return a slot with nothing in it, but for what differs."""
    slot: dict[str, Any] = {
        "slot": name,
        "port": f"pci-0000:00:14.0-usb-0:{port}",
        "phase": "empty",
        "is_dock": name is not None,
        "arrivals": 0,
        "recorder_id": None,
        "device": None,
        "product": None,
        "docking_id": None,
        "remarks": [],
        "problem": None,
        "unlock": None,
        "officer_id": None,
        "operator_id": None,
        "files_found": 0,
        "files_kept": 0,
        "bytes_found": 0,
        "bytes_done": 0,
        "handover": {"on-time": 0, "late": 0, "undeterminable": 0},
        "safe_to_take_away": None,
        "why_not": None,
    }
    return slot | differing  # type: ignore[return-value]  # built field by field from the interface


def make_store(store_id: str, role: str, **differing: Any) -> wire.Store:
    """Return a store that is well, but for what differs."""
    store: dict[str, Any] = {
        "store_id": store_id,
        "role": role,
        "path": f"/srv/custody/{store_id}",
        "state": "ok",
        "problem": None,
        "free_bytes": 400 * 2**30,
        "total_bytes": 1000 * 2**30,
        "disks": ["sda"] if role == "primary" else ["sdb"],
        "copies": 3,
    }
    return store | differing  # type: ignore[return-value]  # built field by field from the interface


class StatedProblemError(Exception):
    """The station answers with this problem."""

    def __init__(self, status: int, code: str, template: str, **facts: object) -> None:
        super().__init__(template.format(**facts))
        self.status = status
        self.problem = {
            "type": f"urn:bodycam-custody:problem:{code}",
            "title": code,
            "status": status,
            "detail": template.format(**facts),
            "code": code,
            "template": template,
            "facts": facts,
        }


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
        self._server = _Server(str(path), self)
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
            "clips.show": lambda given: self._detail(self._clip(given)),
            "clips.history": lambda given: {"items": self._history(self._clip(given))},
            "clips.verify": lambda given: self._check(self._clip(given)),
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

    def _detail(self, clip: wire.Clip) -> object:
        return clip | {
            "bag_path": f"clips/2026/11/21/{clip['clip_id']}",
            "sightings_detail": [
                {
                    "docking_id": clip["docking_id"],
                    "path": clip["source_path"],
                    "mtime": clip["recorded_to"],
                    "seen_at": clip["sealed_at"],
                    "basis": "read",
                }
            ],
            "copies_detail": [],
            "media": {"outcome": "parsed", "container": "mov,mp4", "duration_ms": 60_000},
            "times": {"source": "name", "offset_s": None},
            "session": {"session_id": clip["session_id"], "gaps": self.gaps} if clip["session_id"] else None,
        }

    def _history(self, clip: wire.Clip) -> object:
        kinds = ("clip.sealed", "clip.probed", "clip.judged")
        return [
            {
                "seq": 4 + index,
                "at": clip["sealed_at"],
                "kind": kind,
                "actor": {"uid": 0} if kind == "clip.judged" else {"system": "daemon"},
                "facts": {},
                "leaf": f"{4 + index:064x}",
                "proof": {"tree_size": self.ledger_size, "inclusion": []},
            }
            for index, kind in enumerate(kinds)
        ]

    def _check(self, clip: wire.Clip) -> object:
        broken = {
            "code": "B005",
            "template": "{path}: expected SHA-256 {expected}, found {found}",
            "facts": {"path": "data/main.mp4", "expected": "aa", "found": "bb"},
        }
        copies = [
            {
                "store_id": copy["store_id"],
                "answer": "no" if copy["store_id"] in self.damaged else "yes",
                "findings": [broken] if copy["store_id"] in self.damaged else [],
            }
            for copy in clip["copies"]
        ]
        return {"clip_id": clip["clip_id"], "copies": copies, "answer": "no" if self.damaged else "yes"}

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


class _Server(socketserver.ThreadingUnixStreamServer):
    daemon_threads = True

    def __init__(self, path: str, station: FakeStation) -> None:
        self.station = station
        super().__init__(path, _Handler)


class _Handler(BaseHTTPRequestHandler):
    server: _Server

    def do_GET(self) -> None:
        self._serve("GET", dict(parse_qsl(urlsplit(self.path).query)))

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", "0")))
        self._serve("POST", json.loads(body or b"{}"))

    def _serve(self, method: str, params: dict[str, Any]) -> None:
        name, found = _route(method, urlsplit(self.path).path)
        try:
            self._send(200, "application/json", self.server.station.answer(name, params | found))
        except StatedProblemError as error:
            self._send(error.status, "application/problem+json", error.problem)

    def _send(self, status: int, content_type: str, value: object) -> None:
        data = json.dumps(value).encode()
        self.send_response(status)
        self.send_header("Content-Type", content_type)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, format: str, *args: object) -> None:  # the name is http.server's
        """Say nothing."""


def _route(method: str, path: str) -> tuple[str, dict[str, str]]:
    for name, (verb, template) in ROUTES.items():
        pieces, wanted = path.split("/"), template.split("/")
        if verb == method and len(pieces) == len(wanted):
            named = {want[1:-1]: piece for piece, want in zip(pieces, wanted, strict=True) if want.startswith("{")}
            if all(want.startswith("{") or want == piece for piece, want in zip(pieces, wanted, strict=True)):
                return name, named
    raise StatedProblemError(404, "operation-unknown", "no operation {operation}", operation=path)
