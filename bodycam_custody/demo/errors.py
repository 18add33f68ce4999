"""Why there is nothing to show.

CustodyError
├── DemoFolderTakenError
├── DemoCardMissingError
├── FfmpegMissingError
└── FfmpegFailedError
"""

from bodycam_custody.errors import CustodyError
from hashing.errors import N_


class DemoFolderTakenError(CustodyError):
    """The demonstration would write into a folder in use."""

    code = "demo-folder-taken"
    template = N_("{path} is not empty; the demonstration needs a new folder, choose another with --dir")


class DemoCardMissingError(CustodyError):
    """There is no card to show."""

    code = "demo-card-missing"
    template = N_("card {path} is not a folder; give a folder with recordings, or leave --card out")


class FfmpegMissingError(CustodyError):
    """The demonstration cannot make its recordings."""

    code = "ffmpeg-missing"
    template = N_(
        "the program {program} is needed to make the sample card and was not found; install it (apt install ffmpeg), "
        "or show your own recordings with: custody demo --card FOLDER"
    )


class FfmpegFailedError(CustodyError):
    """ffmpeg did not make a recording."""

    code = "ffmpeg-failed"
    template = N_(
        "{program} could not make {path}: {reason}; show your own recordings with: custody demo --card FOLDER"
    )
