from hypothesis import given
from hypothesis import strategies as st

from docking.inventory import FileType, Inventory, SourceFile
from docking.profiles import RecorderProfile, load_profiles
from docking.units import CaptureUnit, group_units

PROFILES = {profile.name: profile for profile in load_profiles()}


def _inventory(profile: RecorderProfile, *paths: bytes) -> Inventory:
    files = tuple(
        SourceFile(path=path, size_bytes=1, mtime_ns=0, changed_ns=0, file_type=profile.file_type(path))
        for path in sorted(paths)
    )
    return Inventory(files=files, specials=())


def _grouped(profile_name: str, *paths: bytes) -> dict[bytes, list[bytes]]:
    profile = PROFILES[profile_name]
    units = group_units(_inventory(profile, *paths), profile)
    return {unit.main.path: [sidecar.path for sidecar in unit.sidecars] for unit in units}


def test_sidecars_of_the_same_stem_stay_with_their_clip() -> None:
    assert _grouped("generic", b"a/X.mp4", b"a/X.xml", b"a/X.GPS", b"a/Y.mp4") == {
        b"a/X.mp4": [b"a/X.GPS", b"a/X.xml"],
        b"a/Y.mp4": [],
    }


def test_letter_case_does_not_part_a_sidecar_from_its_clip() -> None:
    assert _grouped("generic", b"Clip.MP4", b"CLIP.xml") == {b"Clip.MP4": [b"CLIP.xml"]}


def test_of_two_clips_that_differ_in_case_the_exact_one_is_taken() -> None:
    assert _grouped("generic", b"X.mp4", b"x.mp4", b"x.xml", b"X.gps") == {b"X.mp4": [b"X.gps"], b"x.mp4": [b"x.xml"]}


def test_marking_a_clip_as_important_does_not_part_it_from_its_sidecar() -> None:
    assert _grouped("police-folders", b"police/video/0003_IMP.MP4", b"police/video/0003.GPS") == {
        b"police/video/0003_IMP.MP4": [b"police/video/0003.GPS"]
    }
    clip = b"007123_DEV1_20261121101500_0016"
    assert _grouped("gat-underscore", clip + b"IMP.mp4", clip + b".xml") == {clip + b"IMP.mp4": [clip + b".xml"]}
    assert _grouped("gat-underscore", clip + b".mp4", clip + b"IMP.xml") == {clip + b".mp4": [clip + b"IMP.xml"]}


def test_a_marked_and_an_unmarked_clip_keep_their_own_sidecars() -> None:
    assert _grouped("generic", b"1.mp4", b"1_IMP.mp4", b"1.xml", b"1_IMP.xml") == {
        b"1.mp4": [b"1.xml"],
        b"1_IMP.mp4": [b"1_IMP.xml"],
    }


def test_a_word_that_ends_in_imp_is_no_mark() -> None:
    assert _grouped("generic", b"shrimp.mp4", b"shr.xml") == {b"shr.xml": [], b"shrimp.mp4": []}


def test_a_sidecar_may_repeat_the_whole_name_of_its_clip() -> None:
    assert _grouped("generic", b"a.mp4", b"a.mov", b"a.mp4.xml", b"a.mov.xml") == {
        b"a.mov": [b"a.mov.xml"],
        b"a.mp4": [b"a.mp4.xml"],
    }


def test_a_sidecar_belongs_to_the_clip_rather_than_to_a_still_of_the_same_stem() -> None:
    assert _grouped("generic", b"a.jpg", b"a.wav", b"a.mp4", b"a.xml") == {
        b"a.jpg": [],
        b"a.mp4": [b"a.xml"],
        b"a.wav": [],
    }
    assert _grouped("generic", b"b.jpg", b"b.xml") == {b"b.jpg": [b"b.xml"]}


def test_an_orphan_sidecar_is_a_unit_of_its_own() -> None:
    assert _grouped("generic", b"a.mp4", b"b.xml") == {b"a.mp4": [], b"b.xml": []}


def test_a_sidecar_finds_a_clip_that_locking_moved() -> None:
    assert _grouped("dcim-movie", b"RO/2026_1121_101500_003.MP4", b"DCIM/Movie/2026_1121_101500_003.GPS") == {
        b"RO/2026_1121_101500_003.MP4": [b"DCIM/Movie/2026_1121_101500_003.GPS"]
    }
    assert _grouped("police-folders", b"police/video/7.MP4", b"police/log/7.LOG") == {
        b"police/video/7.MP4": [b"police/log/7.LOG"]
    }


def test_between_two_moved_clips_of_one_stem_nothing_is_guessed() -> None:
    paths = (b"RO/1.MP4", b"DCIM/100MEDIA/1.MP4", b"DCIM/Movie/1.GPS")
    assert _grouped("dcim-movie", *paths) == {path: [] for path in paths}


def test_a_moved_clip_is_sought_only_among_the_clip_folders() -> None:
    for paths in ((b"RO/1.MP4", b"elsewhere/1.GPS"), (b"elsewhere/1.MP4", b"RO/1.GPS")):
        assert _grouped("dcim-movie", *paths) == {path: [] for path in paths}


def test_an_unknown_camera_may_reuse_a_stem_in_another_folder() -> None:
    assert _grouped("generic", b"100/IMG_0001.MP4", b"101/IMG_0001.XML") == {
        b"100/IMG_0001.MP4": [],
        b"101/IMG_0001.XML": [],
    }


def test_foreign_and_unknown_files_are_units_of_their_own() -> None:
    # R10, R27
    assert _grouped("generic", b"a.mp4", b"a.exe", b"a.xyz", b"a") == {
        b"a": [],
        b"a.exe": [],
        b"a.mp4": [],
        b"a.xyz": [],
    }


_STEMS = st.sampled_from([b"1", b"1_IMP", b"1IMP", b"a", b"A", b"\xff", b""])
_EXTENSIONS = st.sampled_from([b"", b".mp4", b".MP4", b".xml", b".gps", b".jpg", b".exe", b".mp4.xml"])
_FOLDERS = st.sampled_from([b"", b"RO/", b"DCIM/Movie/", b"police/video/", b"police/log/", b"other/"])


@given(
    paths=st.sets(st.builds(lambda *parts: b"".join(parts), _FOLDERS, _STEMS, _EXTENSIONS).filter(len), max_size=30),
    name=st.sampled_from(sorted(PROFILES)),
)
def test_every_file_is_in_exactly_one_unit(paths: set[bytes], name: str) -> None:
    # R11
    inventory = _inventory(PROFILES[name], *paths)
    units = group_units(inventory, PROFILES[name])
    placed = [file for unit in units for file in (unit.main, *unit.sidecars)]
    assert sorted(placed, key=lambda file: file.path) == list(inventory.files)
    assert [unit.main.path for unit in units] == sorted(unit.main.path for unit in units)
    assert all(sidecar.file_type is FileType.SIDECAR for unit in units for sidecar in unit.sidecars)


def test_a_unit_without_sidecars_is_a_value() -> None:
    file = SourceFile(path=b"a", size_bytes=0, mtime_ns=0, changed_ns=0, file_type=FileType.UNKNOWN)
    assert group_units(Inventory(files=(file,), specials=()), PROFILES["generic"]) == (
        CaptureUnit(main=file, sidecars=()),
    )
