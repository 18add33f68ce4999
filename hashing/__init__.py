"""Digests, canonical bytes, signatures, the hash chain, the Merkle tree and checkpoints."""
