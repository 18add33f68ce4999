"""A machine whose disks are what a test says: a sysfs tree and a mountinfo text in a folder."""

from pathlib import Path

from archive.mounts import Host, mount_of


class FakeHost:
    """Lays out block devices as the kernel shows them; the mount of `mounted` is what the test says it is."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._lines: dict[int, str] = {}
        self.sysfs = root / "sys"
        for folder in ("dev/block", "class/block", "fs/btrfs"):
            (self.sysfs / folder).mkdir(parents=True)
        (root / "by-uuid").mkdir()
        (root / "udev").mkdir()
        (root / "mountinfo").write_text("")

    @property
    def host(self) -> Host:
        return Host(
            mountinfo=self._root / "mountinfo",
            sysfs=self.sysfs,
            by_uuid=self._root / "by-uuid",
            udev_data=self._root / "udev",
        )

    def disk(self, name: str, number: str, *, below: str = "pci0000:00", **identity: str) -> Path:
        """Add a device; keywords are files with their text, `__` for a slash."""
        folder = self.sysfs / "devices" / below / "block" / name
        folder.mkdir(parents=True)
        (folder / "dev").write_text(f"{number}\n")
        for key, text in identity.items():
            file = folder / key.replace("__", "/")
            file.parent.mkdir(exist_ok=True)
            file.write_text(f"{text}\n")
        return self._known(folder, number)

    def partition(self, disk: Path, name: str, number: str) -> Path:
        folder = disk / name
        folder.mkdir()
        (folder / "dev").write_text(f"{number}\n")
        (folder / "partition").write_text("1\n")
        return self._known(folder, number)

    def composed(self, name: str, number: str, members: list[Path], **files: str) -> Path:
        """Add a dm or md device over `members`."""
        folder = self.disk(name, number, below="virtual", **files)
        (folder / "slaves").mkdir()
        for member in members:
            (folder / "slaves" / member.name).symlink_to(member)
        return folder

    def _known(self, folder: Path, number: str) -> Path:
        (self.sysfs / "dev/block" / number).symlink_to(folder)
        (self.sysfs / "class/block" / folder.name).symlink_to(folder)
        return folder

    def btrfs(self, uuid: str, members: list[Path]) -> None:
        devices = self.sysfs / "fs/btrfs" / uuid / "devices"
        devices.mkdir(parents=True)
        for member in members:
            (devices / member.name).symlink_to(member)

    def udev_uuid(self, number: str, uuid: str) -> None:
        (self._root / "udev" / f"b{number}").write_text(f"S:disk/by-id/x\nE:ID_FS_TYPE=ext4\nE:ID_FS_UUID={uuid}\n")

    def uuid_link(self, uuid: str, device: Path) -> None:
        (self._root / "by-uuid" / uuid).symlink_to(device)

    def mounted(self, path: Path, number: str, filesystem: str, source: str = "/dev/any") -> None:
        """Let the mount that `path` really lies on be another one."""
        mount_id = mount_of(path).mount_id
        self._lines[mount_id] = f"{mount_id} 1 {number} / {path} rw,relatime shared:1 - {filesystem} {source} rw\n"
        (self._root / "mountinfo").write_text("".join(self._lines.values()))
