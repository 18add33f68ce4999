"""The station's public keys."""

from cli.language import _
from cli.wire import Keys


def keys_text(keys: Keys) -> str:
    """Return the keys, each under what it is for, ready to be copied."""
    sections = (
        (_("Key of the checkpoints (station.vkey)"), keys["checkpoint_vkey"]),
        (_("Key of the bags"), keys["bag_key"]),
        (_("Its fingerprint, to be compared by voice or on paper"), keys["bag_key_fingerprint"]),
        (_("For ssh-keygen -Y verify (allowed_signers)"), keys["allowed_signers"]),
        (_("Leaf of ledger entry 0 (genesis)"), keys["genesis"]),
    )
    return "\n\n".join(f"{title}\n  {value.strip()}" for title, value in sections)
