"""What people are appointed as."""

from enum import StrEnum


class Role(StrEnum):
    """What a person is appointed as; the administrator holds no evidence rights."""

    OFFICER = "officer"
    OPERATOR = "operator"
    CUSTODIAN = "custodian"
    SUPERVISOR = "supervisor"
    AUDITOR = "auditor"
    ARCHIVE_OFFICER = "archive-officer"
    LEGAL_REVIEWER = "legal-reviewer"
    ADMINISTRATOR = "administrator"
