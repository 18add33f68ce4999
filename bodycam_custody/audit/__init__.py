"""What an outsider verifies with nothing of ours but the evidence and the trust folder."""

from bodycam_custody.audit.evidence import AuditFinding, AuditReport, Severity, verify_evidence

__all__ = ["AuditFinding", "AuditReport", "Severity", "verify_evidence"]
