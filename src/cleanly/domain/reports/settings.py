"""The knobs of reports."""

from pydantic import field_validator

from cleanly.kernel.settings import Group, Words


class ReportSettings(Group):
    """`report_recipients`: who gets each day's report by mail; nobody: it is kept all the same."""

    report_recipients: Words = ()

    @field_validator("report_recipients")
    @classmethod
    def _recipients_are_addresses(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for address in value:
            name, at, domain = address.partition("@")
            if not (name and at and domain) or "@" in domain:
                raise ValueError("REPORT_RECIPIENTS must be a list of e-mail addresses")
        return value
