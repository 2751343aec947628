"""Salesforce's objects: which fields are read, and what dates and places their records."""

from __future__ import annotations

import re
from dataclasses import dataclass

SCHEMA = "raw_salesforce"

VARIABLES = "SCORECARD_SALESFORCE_"


@dataclass(frozen=True)
class SalesforceObject:
    """What is read of an object: fields without which nothing works, and others where there are.

    `related`: fields of a record that it refers to, the `optional_related` of them not where the
    object was landed. `dated_by`: columns of the raw table that place an activity in months.
    `has_delete_flag` is false for objects without IsDeleted. `is_watched` is false where a change
    alone is no reason for an intraday refresh: each sign-in stamps a user, and a change of stage
    stamps its opportunity.
    """

    name: str
    required: tuple[str, ...]
    optional: tuple[str, ...] = ()
    related: tuple[str, ...] = ()
    optional_related: tuple[str, ...] = ()
    custom: tuple[str, ...] = ()
    dated_by: tuple[str, ...] = ()
    has_delete_flag: bool = True
    is_required: bool = False
    is_watched: bool = True

    @property
    def table(self) -> str:
        """Name of the raw table."""
        return snake(self.name)

    @property
    def fields(self) -> tuple[str, ...]:
        """The fields that every org names alike."""
        stamps = ("SystemModstamp", *(("IsDeleted",) if self.has_delete_flag else ()))
        return ("Id", *self.required, *self.optional, *self.all_related, *stamps)

    @property
    def all_related(self) -> tuple[str, ...]:
        """The fields of records that it refers to."""
        return (*self.related, *self.optional_related)

    @property
    def columns(self) -> tuple[str, ...]:
        """Columns of the raw table besides those of ingestion."""
        custom = tuple(f"custom_{name}" for name in self.custom)
        return (*(snake(name) for name in self.fields), *custom)


def snake(name: str) -> str:
    """The name as a column: `TimeZoneSidKey` is time_zone_sid_key."""
    name = re.sub(r"([a-z0-9])([A-Z])", r"\1_\2", name.replace(".", "_"))
    return re.sub(r"_+", "_", re.sub(r"([A-Z]+)([A-Z][a-z])", r"\1_\2", name)).lower()


_ACTIVITY_OPTIONAL = ("Type", "WhoId", "WhatId", "AccountId", "CreatedDate", "IsRecurrence")

OBJECTS: tuple[SalesforceObject, ...] = (
    SalesforceObject(
        "User",
        ("Name", "IsActive"),
        ("Email", "ManagerId", "UserRoleId", "UserType", "TimeZoneSidKey", "LastLoginDate"),
        custom=("role", "team", "region", "tier", "calendar", "hire_date", "end_date"),
        has_delete_flag=False,
        is_required=True,
        is_watched=False,
    ),
    SalesforceObject("UserRole", ("Name",), has_delete_flag=False, is_watched=False),
    SalesforceObject(
        "Account",
        ("Name",),
        ("Industry", "NumberOfEmployees", "AnnualRevenue", "BillingCountry"),
    ),
    SalesforceObject(
        "Contact", ("AccountId",), ("Title", "Department", "CreatedDate"), is_watched=False
    ),
    SalesforceObject(
        "Lead",
        ("OwnerId", "CreatedDate"),
        ("LeadSource", "Industry", "NumberOfEmployees", "Country", "Title", "Status",
         "ConvertedDate", "ConvertedOpportunityId", "ConvertedAccountId"),
    ),
    SalesforceObject(
        "Opportunity",
        ("OwnerId", "StageName", "CloseDate", "CreatedDate", "IsClosed", "IsWon", "Amount"),
        ("AccountId", "Type", "CurrencyIsoCode"),
        custom=("opportunity_type",),
        is_required=True,
    ),
    SalesforceObject(
        "OpportunityHistory", ("OpportunityId", "StageName", "CreatedDate"), is_watched=False
    ),
    SalesforceObject(
        "OpportunitySplit",
        ("OpportunityId", "SplitOwnerId", "SplitPercentage"),
        related=("SplitType.IsTotalValidated",),
        optional_related=("SplitType.SplitField", "SplitType.MasterLabel"),
    ),
    SalesforceObject(
        "ForecastingQuota",
        ("QuotaOwnerId", "StartDate", "QuotaAmount"),
        ("ForecastingTypeId", "CurrencyIsoCode"),
        related=("Period.Type", "Period.StartDate", "Period.EndDate"),
        has_delete_flag=False,
    ),
    SalesforceObject(
        "Task",
        ("OwnerId", "IsClosed", "Status"),
        (*_ACTIVITY_OPTIONAL, "TaskSubtype", "ActivityDate", "CompletedDateTime", "CallType",
         "CallDisposition", "CallDurationInSeconds"),
        custom=("activity_type", "direction", "outcome"),
        dated_by=("completed_date_time", "activity_date", "created_date"),
    ),
    SalesforceObject(
        "Event",
        ("OwnerId",),
        (*_ACTIVITY_OPTIONAL, "StartDateTime", "ActivityDate", "DurationInMinutes", "IsChild",
         "IsAllDayEvent"),
        custom=("activity_type", "direction", "outcome"),
        dated_by=("start_date_time", "activity_date", "created_date"),
    ),
)  # fmt: skip

OBJECT_BY_NAME = {one.name: one for one in OBJECTS}

# no canonical table has contacts, and not every org has splits or forecasts
NOT_UNLESS_NAMED = ("Contact", "OpportunitySplit", "ForecastingQuota")

# what the reference tables depend on: the first day of any record, and the zones of users
OLDEST_DAY = (
    "select min(day) from ("
    + " union all ".join(
        f"select min(left({column}, 10)) as day from {SCHEMA}.{one.table}"
        for one in OBJECTS
        for column in one.dated_by or (("created_date",) if "CreatedDate" in one.required else ())
    )
    + ")"
)

TIME_ZONES = f"select time_zone_sid_key, id from {SCHEMA}.user"

# what decides to which rep and day activities of old months belong
REP_IDENTITY = f"select id, coalesce(lower(email), ''), time_zone_sid_key from {SCHEMA}.user"
