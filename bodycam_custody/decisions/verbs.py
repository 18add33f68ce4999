"""What can be decided by signature: one verb, one signature namespace, so that no signature serves twice."""

from enum import StrEnum

from hashing.namespaces import Namespace


class Verb(StrEnum):
    """The text stands in signed decisions: a member is never renamed."""

    APPOINT = "people.appoint"
    END_APPOINTMENT = "people.end"
    CHANGE_KEY = "people.change-key"

    @property
    def namespace(self) -> Namespace:
        """The SSHSIG namespace that a signature for this verb is made in."""
        return Namespace("custody-" + self.value.replace(".", "-"))
