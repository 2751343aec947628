"""The demo company as an org of Salesforce: what a CRM holds there, the rest as files."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping
from pathlib import Path

from tests.sources.fake_salesforce import Org

Row = Mapping[str, str]
IN_THE_CRM = (
    "accounts",
    "activities",
    "leads",
    "opportunities",
    "opportunity_splits",
    "opportunity_stage_changes",
)
OLD = "2020-01-01T00:00:00.000Z"


def move_into(org: Org, files: Path) -> None:
    """Fill the org from the files of the demo generator, and remove those that it replaces.

    Reps, leave and agreements stay files; a user has the id of the rep.
    """
    for row in _rows(files, "reps"):
        org.records["User"].setdefault(
            row["rep_id"],
            {"Id": row["rep_id"], "Name": row["rep_name"], "Email": row["email"],
             "IsActive": "true", "UserType": "Standard", "SystemModstamp": OLD},
        )  # fmt: skip
    for name in IN_THE_CRM:
        for row in _rows(files, name):
            _add(org, name, row)
        (files / f"{name}.csv").unlink()


def _rows(files: Path, name: str) -> Iterator[Row]:
    with (files / f"{name}.csv").open(newline="", encoding="utf-8") as file:
        yield from csv.DictReader(file)


def _add(org: Org, name: str, row: Row) -> None:
    if name == "accounts":
        cells = {
            "Name": row["account_name"], "Industry": row["industry"],
            "NumberOfEmployees": row["employee_count"], "AnnualRevenue": row["annual_revenue"],
            "BillingCountry": row["country"],
        }  # fmt: skip
        _put(org, "Account", row["account_id"], OLD, cells)
    elif name == "activities":
        _put(org, "Task", row["activity_id"], row["updated_at"], task(row))
    elif name == "leads":
        cells = {
            "OwnerId": row["rep_id"], "CreatedDate": row["created_at"],
            "LeadSource": row["source"], "Industry": row["industry"],
            "NumberOfEmployees": row["employee_count"], "Country": row["country"],
            "Title": row["job_title"], "Status": row["status"],
            "ConvertedDate": row["converted_at"][:10], "ConvertedAccountId": row["account_id"],
            "ConvertedOpportunityId": _prefixed("006", row["opportunity_id"]),
        }  # fmt: skip
        _put(org, "Lead", _prefixed("00Q", row["lead_id"]), row["created_at"], cells)
    elif name == "opportunities":
        cells = {
            "OwnerId": row["rep_id"], "StageName": row["stage"], "CloseDate": row["close_date"],
            "CreatedDate": row["created_at"], "IsClosed": row["is_closed"], "IsWon": row["is_won"],
            "Amount": row["amount"], "AccountId": row["account_id"],
            "Type": row["opportunity_type"],
        }  # fmt: skip
        record_id = _prefixed("006", row["opportunity_id"])
        _put(org, "Opportunity", record_id, row["updated_at"], cells)
    elif name == "opportunity_splits":
        cells = {
            "OpportunityId": _prefixed("006", row["opportunity_id"]), "SplitOwnerId": row["rep_id"],
            "SplitPercentage": str(100 * float(row["split_ratio"])),
            "SplitType.IsTotalValidated": "true",
        }  # fmt: skip
        number = len(org.records["OpportunitySplit"])
        _put(org, "OpportunitySplit", f"1AB{number}", OLD, cells)
    elif name == "opportunity_stage_changes":
        cells = {
            "OpportunityId": _prefixed("006", row["opportunity_id"]), "StageName": row["to_stage"],
            "CreatedDate": row["changed_at"],
        }  # fmt: skip
        number = len(org.records["OpportunityHistory"])
        _put(org, "OpportunityHistory", f"008{number}", row["changed_at"], cells)


def task(row: Row) -> dict[str, str]:
    """An activity of any kind as a closed task."""
    return {
        "OwnerId": row["rep_id"], "Type": row["activity_type"], "CallType": row["direction"],
        "CallDisposition": row["outcome"], "CallDurationInSeconds": row["duration_seconds"],
        "CompletedDateTime": row["occurred_at"], "CreatedDate": row["created_at"],
        "WhatId": _prefixed("006", row["opportunity_id"]), "AccountId": row["account_id"],
        "WhoId": _prefixed("00Q", row["lead_id"]) or _prefixed("003", row["contact_id"]),
        "IsClosed": "true", "Status": "Completed",
    }  # fmt: skip


def _prefixed(prefix: str, record_id: str) -> str:
    return f"{prefix}{record_id}" if record_id else ""


def _put(org: Org, name: str, record_id: str, stamp: str, cells: Mapping[str, str]) -> None:
    record = {"Id": record_id, "SystemModstamp": f"{stamp[:19]}.000Z", **cells}
    if "IsDeleted" in org.fields[name]:
        record["IsDeleted"] = "false"
    org.records[name][record_id] = record
