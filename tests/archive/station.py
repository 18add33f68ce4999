"""A station's key for archive tests: signs markers, and verifies them as the program does."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime

from hashing.allowed_signers import AllowedSigner, AllowedSigners
from hashing.namespaces import Namespace
from hashing.ssh_keys import SigningKey
from hashing.sshsig import sign, verify

ORIGIN = "cg.example.gov.cn/station-1/1"
CREATED_AT = datetime(2026, 11, 21, 12, 34, 56, 123456, tzinfo=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Station:
    """Real keys, made from a fixed seed."""

    key: SigningKey = field(default_factory=lambda: SigningKey.from_seed(bytes(range(32))))

    def sign(self, marker: bytes) -> bytes:
        return sign(marker, self.key, Namespace.STORE)

    @property
    def verify(self) -> Callable[[bytes, bytes], None]:
        signer = AllowedSigner(principals=("station",), namespaces=(Namespace.STORE,), key=self.key.public)
        signers = AllowedSigners(signers=(signer,))

        def verify_marker(marker: bytes, signature: bytes) -> None:
            verify(marker, signature, signers=signers, principal="station", namespace=Namespace.STORE)

        return verify_marker
