"""Every refusal of a clearing reads whole in both languages."""

import pytest

from archive.clearance_errors import (
    ClearanceError,
    CopiesTooFewError,
    CopyNotWholeError,
    DigestNotSealedError,
    EntryNotShownError,
    HeadNotApartError,
)
from bodycam_custody.clearing import decision, errors
from bodycam_custody.clearing.errors import (
    ClearHelperMissingError,
    ClearingBrokenOffError,
    ClearingNotChosenError,
    ClearingRefusedError,
    ConfigNotRootsError,
    ResidueError,
)
from bodycam_custody.errors import CustodyError, StatedError
from cli.messages import explained
from docking.clearing_errors import (
    CardChangedError,
    CardInUseError,
    CardNotOpenedError,
    CardNotRestoredError,
    ClearingError,
    FileNotReceiptedError,
)
from hashing.errors import Statement

BAG = "clips/2026/11/21/abc"
CARD = "/run/bodycam-custody/cards/sdb1"

REFUSALS: list[tuple[StatedError, str]] = [
    (
        ClearingNotChosenError(unit="某局", document_number="〔2022〕1号", version="1", clearing="keep-at-desk"),
        "某局的规则集（〔2022〕1号，版本 1）规定执法记录仪留存于柜台（rule_set.clearing = keep-at-desk；"
        "A3 art. 7）；此处不予清卡",
    ),
    (
        ClearingBrokenOffError(removed=2, files=5, unknown=1),
        "清卡中断：5 个文件中已清除 2 个，另有 1 个可能已清除。"
        "所有文件均保存在存储中。请重新接入执法记录仪以查明卡上剩余内容。",
    ),
    (
        ClearHelperMissingError(reason="Connection refused"),
        "清卡程序没有应答（Connection refused）；未清除任何内容。请运行：systemctl enable --now custody-clear.socket",
    ),
    (
        ResidueError(count=1, paths="a.mp4"),
        "已清除的 1 个文件又出现在存储卡上（a.mp4）：其介质可能已老化或锁定了文件。请勿发放该执法记录仪，应送检。",
    ),
    (
        CopiesTooFewError(bag=BAG, found=1, stores="primary"),
        f"{BAG}：应有位于不同磁盘上的两个已固定副本，实际为 1 个（primary）；未从存储卡上清除任何内容。"
        "请先恢复缺失的存储，再次清卡。",
    ),
    (
        CopyNotWholeError(store="backup", bag=BAG, findings="B031 data/main.mp4"),
        f"存储 backup：已固定的副本 {BAG} 校验不通过（B031 data/main.mp4）；未从存储卡上清除任何内容。"
        "请保留存储卡：卡上可能是唯一完整的一份。",
    ),
    (
        EntryNotShownError(store="backup", seq=7, expected="receipt.issued"),
        "存储 backup：其存证日志副本的第 7 号条目未显示 receipt.issued；未从存储卡上清除任何内容。"
        "请检查存证日志：custody audit verify",
    ),
    (
        HeadNotApartError(size=9, found="primary: 9, no"),
        "没有任何与存证日志不在同一磁盘上的存储持有覆盖 9 条条目的已签名校验点（primary: 9, no）；"
        "未从存储卡上清除任何内容。"
        "否则一块磁盘损坏会同时失去存储卡内容、存证日志和证明：请接入位于独立磁盘上的存储。",
    ),
    (
        DigestNotSealedError(bag=BAG, expected="0" * 64),
        f"{BAG}：其中没有任何已固定文件的 sha256 为 {'0' * 64}；未从存储卡上清除任何内容。请重新接入存储卡。",
    ),
    (
        CardChangedError(mount_point=CARD, what=Statement("volume"), expected="6A1F-20D4", found="0000-0000"),
        f"{CARD}：应为卷 6A1F-20D4，实际为 0000-0000：这不是当时接入的存储卡，未从卡上清除任何内容。请重新接入。",
    ),
    (
        FileNotReceiptedError(path="a.mp4", what=Statement("size"), expected="5", found="6"),
        "a.mp4：移交清单上的大小为 5，存储卡上为 6。内容有变化的存储卡不予清卡；请重新接入，以便新内容也得到固定。",
    ),
    (
        CardInUseError(mount_point=CARD, found="rw"),
        f"{CARD}：应为任何人都不能写入的存储卡，实际可写（rw）；"
        "未从卡上清除任何内容。请查明是什么挂载了它，然后重新接入存储卡。",
    ),
    (
        CardNotOpenedError(mount_point=CARD, reason="Permission denied"),
        f"{CARD}：无法打开存储卡进行清卡（Permission denied）；"
        "未从卡上清除任何内容。如卡上有写保护开关，请拨开后重新接入。",
    ),
    (
        ConfigNotRootsError(path="/etc/bodycam-custody/config.toml", uid=998, mode="0644"),
        "/etc/bodycam-custody/config.toml：应归 root 所有且他人不可写，实际所有者 uid 为 998、权限为 0644："
        "它决定哪些存储卡可以清卡（A3 art. 7），因此未删除任何内容。请运行："
        "chown root:root /etc/bodycam-custody/config.toml && chmod go-w /etc/bodycam-custody/config.toml",
    ),
    (
        CardNotRestoredError(mount_point=CARD, reason="rw"),
        f"{CARD}：存储卡未能恢复为只读（rw）。请取出后重新接入。",
    ),
]

STATEMENTS = [*decision._FORBIDDING.values(), *decision._BARS.values(), *decision._STATES.values()]


@pytest.mark.usefixtures("in_chinese")
@pytest.mark.parametrize(("error", "chinese"), REFUSALS, ids=lambda one: getattr(one, "code", None))
def test_a_refusal_says_in_chinese_what_is_wrong_and_what_to_do(error: StatedError, chinese: str) -> None:
    assert explained(error) == chinese


@pytest.mark.parametrize("error", [error for error, _ in REFUSALS], ids=lambda error: error.code)
def test_a_refusal_says_in_english_what_is_wrong_and_that_nothing_is_lost(error: StatedError) -> None:
    assert explained(error) == str(error)
    assert "{" not in str(error)


@pytest.mark.usefixtures("in_chinese")
@pytest.mark.parametrize("template", STATEMENTS)
def test_every_reason_the_station_gives_is_said_in_chinese(template: str) -> None:
    said = explained(ClearingRefusedError(docking_id="d-1", reason=Statement(template)))
    assert said.startswith("接入 d-1 的存储卡不予清卡（A3 art. 7），保持原样。")
    assert template not in said


def test_no_refusal_is_left_out() -> None:
    ours = {one for one in CustodyError.__subclasses__() if one.__module__ == errors.__name__}
    expected = {*ClearanceError.__subclasses__(), *ClearingError.__subclasses__(), *ours} - {ClearingRefusedError}
    assert {type(error) for error, _ in REFUSALS} == expected
