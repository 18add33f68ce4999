"""Evidence for every test that asks for some."""

from pathlib import Path

import pytest

from tests.bodycam_custody.audit.evidence_builder import Evidence, build, small_station


@pytest.fixture
def evidence(tmp_path: Path) -> Evidence:
    """Two clips in two stores, published twice, with an anchor over all of it."""
    return small_station(tmp_path)


@pytest.fixture
def long_evidence(tmp_path: Path) -> Evidence:
    """Two bundles, a level-1 tile, four heads."""
    evidence = build(tmp_path)
    evidence.publish()
    evidence.marks(250)
    evidence.publish()
    evidence.marks(100)
    evidence.publish()
    evidence.marks(200)
    evidence.publish()
    evidence.keep_anchor()
    return evidence
