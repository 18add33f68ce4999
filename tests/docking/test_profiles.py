from datetime import UTC, datetime
from pathlib import Path

import pytest

from docking.errors import ProfileInvalidError
from docking.inventory import FileType, Inventory, SourceFile
from docking.profiles import NameFacts, RecorderProfile, TimeSource, choose_profile, load_profiles

MINIMAL = 'name = "mine"\ntitle = "Mine"\n[extensions]\n'


def _named(
    *,
    police: str | None = None,
    device: str | None = None,
    started: datetime | None = None,
    sequence: int | None = None,
    important: bool = False,
) -> NameFacts:
    return NameFacts(
        police_id=police, device_id=device, started_at=started, sequence=sequence, is_marked_important=important
    )


# 10:15:00 in Asia/Shanghai
MORNING = datetime(2026, 11, 21, 2, 15, tzinfo=UTC)


def _inventory(*paths: bytes) -> Inventory:
    files = tuple(
        SourceFile(path=path, size_bytes=1, mtime_ns=0, changed_ns=0, file_type=FileType.UNKNOWN) for path in paths
    )
    return Inventory(files=files, specials=())


def test_the_shipped_profiles_load_from_the_package() -> None:
    assert [profile.name for profile in load_profiles()] == [
        "dcim-movie",
        "gat-underscore",
        "generic",
        "police-folders",
    ]


@pytest.mark.parametrize(
    ("profile", "path", "facts"),
    [
        (
            "gat-underscore",
            b"007123_DEV0042_20261121101500_0016.mp4",
            _named(police="007123", device="DEV0042", started=MORNING, sequence=16),
        ),
        (
            "gat-underscore",
            b"x/007123_DEV0042_20261121101500_0016IMP.MP4",
            _named(police="007123", device="DEV0042", started=MORNING, sequence=16, important=True),
        ),
        (
            "gat-underscore",
            b"007123_DEV0042_20261121101500_0016.xml",
            _named(police="007123", device="DEV0042", started=MORNING, sequence=16),
        ),
        ("gat-underscore", b"000000_0000000_20261121101500_0001.mp4", _named(started=MORNING, sequence=1)),
        ("gat-underscore", b"007123_D1_20261399101500_0001.mp4", _named(police="007123", device="D1", sequence=1)),
        (
            "gat-underscore",
            b"007123_D1_19700101080000_0001.mp4",
            _named(police="007123", device="D1", started=datetime(1970, 1, 1, tzinfo=UTC), sequence=1),
        ),
        (
            "gat-underscore",
            b"007123_D1_20990101000000_0001.mp4",
            _named(police="007123", device="D1", started=datetime(2098, 12, 31, 16, tzinfo=UTC), sequence=1),
        ),
        (
            "police-folders",
            b"police/video/DSJ_0012345_007123_20261121_101500_0003_IMP.MP4",
            _named(police="007123", device="0012345", started=MORNING, sequence=3, important=True),
        ),
        ("police-folders", b"police/video/20261121_101500.MP4", _named(started=MORNING)),
        ("police-folders", b"police/video/20261121101500_0003.GPS", _named(started=MORNING, sequence=3)),
        ("police-folders", b"police/sound/00000123_IMP.WAV", _named(sequence=123, important=True)),
        ("dcim-movie", b"DCIM/Movie/2026_1121_101500_003.MP4", _named(started=MORNING, sequence=3)),
        ("dcim-movie", b"RO/2026_1121_101500_0001F.MP4", _named(started=MORNING, sequence=1)),
        ("dcim-movie", b"DCIM/100MEDIA/20261121101500_000003.MP4", _named(started=MORNING, sequence=3)),
        ("dcim-movie", b"DCIM/100MEDIA/20261121_101500.MP4", _named(started=MORNING)),
        ("generic", b"DCIM/100GOPRO/GOPR0123.MP4", _named(sequence=123)),
        ("generic", b"DCIM/100GOPRO/GX020123.MP4", _named(sequence=123)),
        ("generic", b"IMG_20261121_101500.jpg", _named()),
        ("generic", b"VID_20261121_101500_003.mp4", _named(sequence=3)),
        ("generic", b"PXL_20261121_101500123.TS.mp4", _named()),
        ("generic", b"100_0306.AVI", _named(sequence=306)),
    ],
    ids=lambda value: value.decode() if isinstance(value, bytes) else None,
)
def test_a_name_is_read_as_its_family_writes_it(
    profiles: dict[str, RecorderProfile], profile: str, path: bytes, facts: NameFacts
) -> None:
    assert profiles[profile].parse_name(path) == facts


@pytest.mark.parametrize(
    "path",
    [
        b"holiday.mp4",
        b"007123_DEV_20261121101500_0016.mp4\n",
        b"007123_DEV_20261121101500_0016",
        "007123_DEV_２０２６1121101500_0016.mp4".encode(),
        b"007123_DEV_\xff0261121101500_0016.mp4",
        b"",
    ],
    ids=ascii,
)
def test_a_name_no_grammar_fits_says_nothing(profiles: dict[str, RecorderProfile], path: bytes) -> None:
    assert {profile.parse_name(path) for profile in profiles.values()} == {None}


def test_the_generic_profile_claims_no_time(profiles: dict[str, RecorderProfile]) -> None:
    # R32: a time without a known zone is no time.
    assert profiles["generic"].zone is None
    assert TimeSource.NAME not in profiles["generic"].time_sources


@pytest.mark.parametrize("filling", [b"_a", b"-1", b"~_", b"0", b"_", b".", b"_0"])
def test_no_grammar_can_be_made_to_hang_by_a_hostile_name(profiles: dict[str, RecorderProfile], filling: bytes) -> None:
    """A pattern that backtracks without end would hang here on names of 255 bytes."""
    for start in (
        b"",
        b"IMG_20261121_101500",
        b"1_1_20261121101500_1",
        b"DSJ_1_1_20261121_101500",
        b"2026_1121_101500",
    ):
        name = (start + filling * 255)[:254] + b"!"
        assert {profile.parse_name(name) for profile in profiles.values()} == {None}


@pytest.mark.parametrize(
    ("paths", "chosen"),
    [
        ([b"a/007123_D1_20261121101500_0001.mp4", b"a/007123_D1_20261121101500_0001.xml"], "gat-underscore"),
        ([b"police/video/20261121_101500_IMP.MP4", b"autorun.inf"], "police-folders"),
        ([b"POLICE/VIDEO/anything.MP4"], "police-folders"),
        ([b"police/video/007123_D1_20261121101500_0001.mp4"], "gat-underscore"),
        ([b"DCIM/Movie/2026_1121_101500_003.MP4"], "dcim-movie"),
        ([b"DCIM/Movie/RO/2026_1121_101500_003.MP4"], "dcim-movie"),
        ([b"RO/x.mp4"], "dcim-movie"),
        ([b"DCIM/100MEDIA/x.mp4"], "dcim-movie"),
        ([b"DCIM/100GOPRO/GOPR0123.MP4"], "generic"),
        ([b"2026_1121_101500_003.MP4"], "generic"),
        ([b"policeman/video.mp4", b"police/video"], "generic"),
        ([], "generic"),
    ],
    ids=repr,
)
def test_the_profile_that_explains_most_of_the_card_is_chosen(paths: list[bytes], chosen: str) -> None:
    for profiles in (load_profiles(), tuple(reversed(load_profiles()))):
        assert choose_profile(_inventory(*paths), profiles).name == chosen


def test_choosing_needs_a_generic_profile(profiles: dict[str, RecorderProfile]) -> None:
    with pytest.raises(ValueError, match="no generic profile"):
        choose_profile(_inventory(), [profiles["dcim-movie"]])


def test_types_go_by_extension_whatever_its_case(profiles: dict[str, RecorderProfile]) -> None:
    for profile in profiles.values():
        types = [profile.file_type(name) for name in (b"a.Mp4", b"b.JPG", b"c.wav", b"d.GPS", b"e.EXE", b"f.docx")]
        assert types == ["video", "photo", "audio", "sidecar", "foreign", "foreign"]
        assert profile.file_type(b"a.mp4/b") is FileType.UNKNOWN
        assert profile.file_type(b"a.\xff") is FileType.UNKNOWN


def test_a_local_profile_adds_a_family_and_inherits_generic_types(tmp_path: Path) -> None:
    (tmp_path / "mine.toml").write_text(MINIMAL + 'video = ["VOB"]\nphoto = ["mp4"]\n')
    (tmp_path / "notes.txt").write_text("not a profile")
    mine = next(profile for profile in load_profiles(tmp_path) if profile.name == "mine")
    assert mine.file_type(b"a.vob") is FileType.VIDEO
    assert mine.file_type(b"a.mp4") is FileType.PHOTO
    assert mine.file_type(b"a.exe") is FileType.FOREIGN


def test_a_local_profile_replaces_the_shipped_one_of_its_name(tmp_path: Path) -> None:
    (tmp_path / "x.toml").write_text(MINIMAL.replace("mine", "dcim-movie"))
    profiles = load_profiles(tmp_path)
    assert len(profiles) == len(load_profiles())
    assert [profile.title for profile in profiles if profile.name == "dcim-movie"] == ["Mine"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("name =", r"\(file\): expected TOML in UTF-8, found "),
        (MINIMAL.replace("name", "nmae"), r"\(top level\): expected one of clip_folders, .*, found 'nmae'\."),
        (MINIMAL.replace('"mine"', "5"), r"name: expected a text, found 5\."),
        ('name = "mine"\ntitle = "Mine"\n', r"extensions: expected a table, found None\."),
        (MINIMAL + "video = 5", r"video: expected a list, found 5\."),
        (MINIMAL + "video = [5]", r"video: expected a list of texts, found 5\."),
        (MINIMAL + "unknown = []", r"extensions: expected one of audio, .*, found 'unknown'\."),
        (
            MINIMAL + 'video = ["a"]\nphoto = ["A"]',
            r"extensions\.photo: expected an extension in one list only, found 'A'",
        ),
        ('time_zone = "Asia/Atlantis"\n' + MINIMAL, r"time_zone: expected an IANA zone .*, found 'Asia/Atlantis'\."),
        ('time_zone = "../../etc/passwd"\n' + MINIMAL, r"time_zone: expected an IANA zone"),
        ('time_sources = ["sundial"]\n' + MINIMAL, r"time_sources: expected one of container, name, .*'sundial'\."),
        ("names = [5]\n" + MINIMAL, r"names: expected a table with pattern, found 5\."),
        (MINIMAL + '[[names]]\npattern = "("', r"names\.pattern: expected a regular expression, found '\('\."),
        (MINIMAL + '[[names]]\npattern = "(?P<colour>a)"', r"names\.pattern: expected one of device, .*'colour'\."),
        (
            MINIMAL + '[[names]]\npattern = "(?P<started>a)"',
            r"names\.time_format: expected a time_format exactly where",
        ),
        (
            MINIMAL + '[[names]]\npattern = "a"\ntime_format = "%Y"',
            r"names\.time_format: expected a time_format exactly",
        ),
    ],
)
def test_a_wrong_profile_names_file_field_and_reason(tmp_path: Path, text: str, message: str) -> None:
    (tmp_path / "mine.toml").write_text(text)
    with pytest.raises(ProfileInvalidError, match=rf"mine\.toml: recorder profile, {message}"):
        load_profiles(tmp_path)


def test_a_missing_profile_folder_is_an_error_not_an_empty_list(tmp_path: Path) -> None:
    with pytest.raises(ProfileInvalidError, match=r"expected a folder of \*\.toml, found No such file or directory"):
        load_profiles(tmp_path / "none")


def test_name_facts_with_a_naive_time_cannot_exist() -> None:
    with pytest.raises(ValueError, match="naive"):
        _named(started=datetime(2026, 1, 1))  # noqa: DTZ001  # the point of the test
