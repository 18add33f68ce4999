"""The README.txt of every store: how anybody checks a recording with stock tools."""

README_NAME = "README.txt"

README_TEXT = """\
This disk is a store of sealed recordings (bodycam-custody).
Do not move, rename, edit or delete anything here. Every recording is one folder:

    clips/YEAR/MONTH/DAY/CLIP-ID/          (the UTC date on which it was sealed)

HOW TO CHECK A RECORDING
You need ssh-keygen, sha256sum and the file allowed_signers that the station gave you
(never one that lies on this disk). Go into the folder of the recording, then:

    1.  ssh-keygen -Y verify -f ALLOWED_SIGNERS -I station -n custody-bag \\
            -s tagmanifest-sha256.txt.sig < tagmanifest-sha256.txt
    2.  sha256sum --check --strict tagmanifest-sha256.txt
    3.  sha256sum --check --strict manifest-sha256.txt

None of the three may be left out: 1 shows who sealed it, 2 that the lists are the sealed
ones, 3 that the recording is the listed one. Whether anything is missing from the whole
store, only the ledger shows:

    custody audit verify THIS-FOLDER --trust YOUR-TRUST-FOLDER


本磁盘保存已固定(签名封存)的执法音像记录(bodycam-custody)。
请勿移动、重命名、修改或删除任何内容。每个片段是一个文件夹:

    clips/年/月/日/片段编号/                (按固定时的 UTC 日期)

如何核验一个片段
需要 ssh-keygen、sha256sum 和采集站提供的 allowed_signers 文件(不得使用本磁盘上的)。
进入该片段的文件夹,依次执行:

    1.  ssh-keygen -Y verify -f ALLOWED_SIGNERS -I station -n custody-bag \\
            -s tagmanifest-sha256.txt.sig < tagmanifest-sha256.txt
    2.  sha256sum --check --strict tagmanifest-sha256.txt
    3.  sha256sum --check --strict manifest-sha256.txt

三步缺一不可:第 1 步证明由谁固定,第 2 步证明清单是当时签名的清单,
第 3 步证明音像记录与清单一致。整个存储中是否有缺失,只有存证日志能够证明:

    custody audit verify 本文件夹 --trust 你的信任文件夹
"""
