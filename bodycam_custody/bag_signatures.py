"""The one question asked of every bag's signature: did this station sign it as a bag?"""

from collections.abc import Callable

from bodycam_custody.station import Station
from bodycam_custody.station_keys import PRINCIPAL
from hashing.namespaces import Namespace
from hashing.sshsig import verify


def bag_verifier(station: Station) -> Callable[[bytes, bytes], None]:
    """Return a function that raises SignatureError unless the station signed the tagmanifest as a bag."""

    def verify_bag(tagmanifest: bytes, signature: bytes) -> None:
        verify(
            tagmanifest,
            signature,
            signers=station.keys.allowed_signers,
            principal=PRINCIPAL,
            namespace=Namespace.BAG,
        )

    return verify_bag
