"""What the helper knows by itself, whoever asks it: the station's configuration, its public keys, its stores."""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from archive.clearance import Witness, witness_of
from archive.errors import ArchiveError
from archive.mounts import HOST, Host
from archive.store import open_store
from bodycam_custody.clearing.errors import ConfigNotRootsError
from bodycam_custody.station_keys import PRINCIPAL
from bodycam_custody.stores import locations_of
from config.load import load_settings
from config.ownership import places_open_to_others
from config.settings import Settings
from docking.block_device import DEV
from docking.presence import SYSFS
from hashing.allowed_signers import AllowedSigners
from hashing.checkpoint import NoteVerifier
from hashing.errors import HashingError, shown
from hashing.namespaces import Namespace
from hashing.sshsig import verify

VKEY = "station.vkey"
ALLOWED_SIGNERS = "allowed_signers"


@dataclass(frozen=True, slots=True, kw_only=True)
class Anchors:
    """Configuration and public keys; `host`, `sysfs` and `dev` are other places only in tests."""

    settings: Settings
    verifier: NoteVerifier
    signers: AllowedSigners
    host: Host = field(default=HOST)
    sysfs: Path = field(default=SYSFS)
    dev: Path = field(default=DEV)

    def verify_bag(self, tagmanifest: bytes, signature: bytes) -> None:
        """Return if the station signed `tagmanifest` as a bag; raises SignatureError where it did not."""
        verify(tagmanifest, signature, signers=self.signers, principal=PRINCIPAL, namespace=Namespace.BAG)

    def witnesses(self) -> tuple[Witness, ...]:
        """Return every configured store that is there, is ours and shows a head it signed; others do not count."""
        found = []
        for location in locations_of(self.settings.stores):
            try:
                store = open_store(
                    location, origin=self.settings.station.origin, verify=self._verify_store, host=self.host
                )
                found.append(witness_of(store, self.verifier, host=self.host))
            except (ArchiveError, HashingError):
                continue
        return tuple(found)

    def _verify_store(self, marker: bytes, signature: bytes) -> None:
        verify(marker, signature, signers=self.signers, principal=PRINCIPAL, namespace=Namespace.STORE)


def load_anchors(config_file: Path | None, environ: Mapping[str, str]) -> Anchors:
    """Return what configuration and trust folder say; as a service, the keys come as credentials (systemd.exec(5)).

    As root, a configuration that somebody else could change is none: it names the rule set, the stores and the slips.

    Raises:
        ConfigError: the configuration cannot be used.
        ConfigNotRootsError: somebody else than root could change it.
        HashingError, OSError: the public keys cannot be read.
    """
    settings = load_settings(config_file, environ)
    if os.geteuid() == 0:
        for place, found in places_open_to_others(settings.file, {0}):
            raise ConfigNotRootsError(path=shown(place), uid=found.st_uid, mode=f"{found.st_mode & 0o7777:04o}")
    folder = Path(environ.get("CREDENTIALS_DIRECTORY") or settings.paths.trust)
    if not (folder / VKEY).exists():
        # A daemon that starts the helper itself has credentials of its own.
        folder = settings.paths.trust
    return Anchors(
        settings=settings,
        verifier=NoteVerifier((folder / VKEY).read_text(encoding="utf-8").strip()),
        signers=AllowedSigners.parse((folder / ALLOWED_SIGNERS).read_bytes()),
    )
