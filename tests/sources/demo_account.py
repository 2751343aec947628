"""The demo company as an account of HubSpot: what a CRM holds there, the rest as files."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping
from pathlib import Path

from tests.sources.demo_org import IN_THE_CRM
from tests.sources.fake_hubspot import Account

Row = Mapping[str, str]


def move_into(account: Account, files: Path) -> None:
    """Fill the account from the files of the demo generator, and remove those that it replaces.

    Reps, leave and agreements stay files; an owner has the e-mail address of the rep.
    """
    owners: dict[str, str] = {}
    for row in _rows(files, "reps"):
        if row["rep_id"] not in owners:
            owners[row["rep_id"]] = owner_id = str(101 + len(owners))
            account.owners.append(
                {"id": owner_id, "userId": 5000 + int(owner_id), "archived": False,
                 "email": row["email"], "firstName": row["rep_name"], "lastName": "",
                 "updatedAt": "2020-01-01T00:00:00Z", "teams": []}
            )  # fmt: skip
    stages = {row["stage"] for row in _rows(files, "opportunities")}
    stages |= {row["to_stage"] for row in _rows(files, "opportunity_stage_changes")}
    account.pipelines = [
        {"id": "default", "label": "Sales", "stages": [
            {"id": stage, "label": stage,
             "metadata": {"isClosed": str(stage.startswith("closed")).lower(),
                          "probability": "1.0" if stage == "closed won" else "0.1"}}
            for stage in sorted(stages)
        ]},
    ]  # fmt: skip
    account.properties["deals"]["deal_currency_code"] = "string"
    account.properties["tasks"]["kind"] = "string"  # tasks.activity_type
    for name in IN_THE_CRM:  # deals come before their splits and changes of stage
        for row in _rows(files, name):
            _add(account, name, row, owners)
        (files / f"{name}.csv").unlink()


def _rows(files: Path, name: str) -> Iterator[Row]:
    with (files / f"{name}.csv").open(newline="", encoding="utf-8") as file:
        yield from csv.DictReader(file)


def _add(account: Account, name: str, row: Row, owners: Mapping[str, str]) -> None:
    owner = owners.get(row.get("rep_id", ""), "")
    if name == "accounts":
        account.put(
            "companies", _number(row["account_id"]), name=row["account_name"],
            industry=row["industry"], numberofemployees=row["employee_count"],
            annualrevenue=row["annual_revenue"], country=row["country"],
        )  # fmt: skip
    elif name == "activities":
        _add_activity(account, row, owner)
    elif name == "leads":
        account.put(
            "contacts", _number(row["lead_id"]), hubspot_owner_id=owner,
            createdate=row["created_at"], industry=row["industry"], country=row["country"],
            lifecyclestage="opportunity" if row["converted_at"] else "lead",
            associatedcompanyid=_number(row["account_id"]), jobtitle=row["job_title"],
            hs_analytics_source=row["source"], hs_lead_status=row["status"],
            hs_lifecyclestage_opportunity_date=row["converted_at"],
        )  # fmt: skip
    elif name == "opportunities":
        deal = _number(row["opportunity_id"])
        account.put(
            "deals", deal, hubspot_owner_id=owner, pipeline="default", dealstage=row["stage"],
            amount=row["amount"], createdate=row["created_at"], dealtype=row["opportunity_type"],
            closedate=f"{row['close_date']}T20:00:00Z" if row["close_date"] else "",
            deal_currency_code=row["currency"],
            hs_primary_associated_company=_number(row["account_id"]),
        )  # fmt: skip
        account.records["deals"][deal].history.clear()
        if row["lead_id"]:
            account.associate("deals", deal, "contacts", _number(row["lead_id"]))
    elif name == "opportunity_splits":
        account.put(
            "deal_split", str(len(account.records["deal_split"]) + 1), hubspot_owner_id=owner,
            hs_deal_id=_number(row["opportunity_id"]), hs_deal_split_percentage=row["split_ratio"],
        )  # fmt: skip
    elif name == "opportunity_stage_changes":
        past = {"value": row["to_stage"], "timestamp": row["changed_at"]}
        account.records["deals"][_number(row["opportunity_id"])].history.insert(0, past)


def _add_activity(account: Account, row: Row, owner: str) -> None:
    number = _number(row["activity_id"])
    cells = {
        "hubspot_owner_id": owner, "hs_timestamp": row["occurred_at"],
        "hs_createdate": row["created_at"],
    }  # fmt: skip
    kind = {"call": "calls", "email": "emails", "meeting": "meetings", "demo": "meetings"}.get(
        row["activity_type"], "tasks"
    )
    if kind == "calls":
        code = f"code of {row['outcome']}"  # what it stands for is an option of the property
        account.options.setdefault(("calls", "hs_call_disposition"), {})[code] = row["outcome"]
        cells |= {
            "hs_call_direction": row["direction"].upper(), "hs_call_disposition": code,
            "hs_call_duration": f"{row['duration_seconds']}000", "hs_call_status": "COMPLETED",
        }  # fmt: skip
    elif kind == "emails":
        cells |= {"hs_email_direction": "EMAIL", "hs_email_status": row["outcome"].upper()}
    elif kind == "meetings":
        cells |= {
            "hs_activity_type": row["activity_type"].title(),
            "hs_meeting_outcome": row["outcome"].upper(),
            "hs_meeting_start_time": row["occurred_at"],
        }  # fmt: skip
    else:
        cells |= {
            "hs_task_status": "COMPLETED", "hs_task_completion_date": row["occurred_at"],
            "hs_task_type": row["outcome"].upper(), "kind": row["activity_type"],
        }  # fmt: skip
    account.put(kind, number, **cells)
    for to, column in (
        ("contacts", "lead_id"), ("companies", "account_id"), ("deals", "opportunity_id")
    ):  # fmt: skip
        if row[column]:
            account.associate(kind, number, to, _number(row[column]))


def _number(record_id: str) -> str:
    """`opp_17` as HubSpot would number it."""
    return record_id.rpartition("_")[2]
