"""Keys of fixed seeds, and the real ssh-keygen."""

import subprocess
from dataclasses import dataclass
from pathlib import Path

from hashing.allowed_signers import AllowedSigner, AllowedSigners
from hashing.namespaces import Namespace
from hashing.ssh_keys import SigningKey, SshPublicKey

STATION_KEY = SigningKey.from_seed(bytes(range(32)))


def signers_of(key: SshPublicKey, *namespaces: str) -> AllowedSigners:
    """Return a file that lets `station` sign with `key`, for bags unless told otherwise."""
    names = namespaces or (Namespace.BAG,)
    return AllowedSigners(signers=(AllowedSigner(principals=("station",), namespaces=names, key=key),))


@dataclass(frozen=True, slots=True, kw_only=True)
class SshKeygen:
    """The program of the host, in a folder of its own."""

    program: str
    folder: Path

    def accepts(self, message: bytes, signature: bytes, signers: AllowedSigners, namespace: str) -> bool:
        """Return whether `ssh-keygen -Y verify` accepts the signature as the station's."""
        (self.folder / "allowed_signers").write_bytes(signers.format())
        (self.folder / "signature").write_bytes(signature)
        arguments = ["verify", "-f", "allowed_signers", "-I", "station", "-n", namespace, "-s", "signature"]
        done = subprocess.run(
            [self.program, "-Y", *arguments], cwd=self.folder, input=message, capture_output=True, timeout=20
        )
        return done.returncode == 0 and done.stdout.startswith(b"Good ")

    def sign(self, message: bytes, private_key: bytes, namespace: str, *options: str) -> bytes:
        """Return what `ssh-keygen -Y sign` writes."""
        key_file = self.folder / "key"
        key_file.touch(mode=0o600)
        key_file.write_bytes(private_key)
        return self.run("-q", "-Y", "sign", *options, "-f", "key", "-n", namespace, message=message)

    def run(self, *arguments: str, message: bytes = b"") -> bytes:
        """Run the program, which must succeed, and return its output."""
        done = subprocess.run(
            [self.program, *arguments], cwd=self.folder, input=message, capture_output=True, timeout=20
        )
        assert done.returncode == 0, done.stderr
        return done.stdout
