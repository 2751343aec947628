"""HubSpot's objects and reference tables: what is read, and what dates and places records."""

from __future__ import annotations

from dataclasses import dataclass

SCHEMA = "raw_hubspot"

VARIABLES = "SCORECARD_HUBSPOT_"

Record = dict[str, str | None]


@dataclass(frozen=True)
class HubSpotObject:
    """What is read of an object: properties without which nothing works, and others.

    `associations`: objects whose ids are kept beside the record. `history`: a property whose
    former values are kept in a table of their own. `labels`: properties whose values are codes.
    `dated_by`: columns that place an activity in months.
    """

    name: str
    table: str
    required: tuple[str, ...]
    optional: tuple[str, ...] = ()
    custom: tuple[str, ...] = ()
    associations: tuple[str, ...] = ()
    history: str = ""
    labels: tuple[str, ...] = ()
    dated_by: tuple[str, ...] = ()
    stamp: str = "hs_lastmodifieddate"
    is_required: bool = False
    is_watched: bool = True

    @property
    def columns(self) -> tuple[str, ...]:
        """Columns of the raw table besides those of ingestion."""
        return (
            "id",
            *self.required,
            *self.optional,
            self.stamp,
            *(f"{SINGULAR[name]}_ids" for name in self.associations),
            *(f"custom_{name}" for name in self.custom),
            "is_archived",
        )


SINGULAR = {"deals": "deal", "contacts": "contact", "companies": "company"}

_ACTIVITY = ("activity_type", "direction", "outcome")

_ANY = ("deals", "contacts", "companies")

OBJECTS: tuple[HubSpotObject, ...] = (
    HubSpotObject(
        "users",
        "user",
        ("hs_internal_user_id",),
        ("hs_job_title", "hs_standard_time_zone"),
        custom=("role", "team", "region", "tier", "calendar", "hire_date", "end_date"),
        is_watched=False,
    ),
    HubSpotObject(
        "companies",
        "company",
        ("name",),
        ("industry", "numberofemployees", "annualrevenue", "country", "hs_merged_object_ids"),
    ),
    HubSpotObject(
        "contacts",
        "contact",
        ("hubspot_owner_id", "createdate", "lifecyclestage"),
        ("associatedcompanyid", "hs_analytics_source", "industry", "country", "jobtitle",
         "hs_lead_status", "hs_lifecyclestage_opportunity_date",
         "hs_lifecyclestage_customer_date", "hs_merged_object_ids"),
        custom=("source",),
        stamp="lastmodifieddate",
    ),
    HubSpotObject(
        "deals",
        "deal",
        ("hubspot_owner_id", "dealstage", "pipeline", "amount", "closedate", "createdate"),
        ("dealtype", "deal_currency_code", "hs_is_closed", "hs_is_closed_won",
         "hs_primary_associated_company", "hs_merged_object_ids"),
        custom=("opportunity_type",),
        associations=("contacts", "companies"),
        history="dealstage",
        is_required=True,
    ),
    HubSpotObject(
        "deal_split",
        "deal_split",
        ("hs_deal_id", "hubspot_owner_id", "hs_deal_split_percentage"),
    ),
    HubSpotObject(
        "goal_targets",
        "goal_target",
        ("hs_goal_type", "hs_target_amount", "hs_start_datetime", "hs_end_datetime"),
        ("hubspot_owner_id", "hs_assignee_user_id", "hs_pipeline_ids",
         "hs_goal_target_currency_code", "hs_createdate"),
    ),
    HubSpotObject(
        "calls",
        "call",
        ("hubspot_owner_id", "hs_timestamp"),
        ("hs_call_direction", "hs_call_disposition", "hs_call_duration", "hs_call_status",
         "hs_activity_type", "hs_createdate"),
        custom=_ACTIVITY,
        associations=_ANY,
        labels=("hs_call_disposition",),
        dated_by=("hs_timestamp", "hs_createdate"),
    ),
    HubSpotObject(
        "emails",
        "email",
        ("hubspot_owner_id", "hs_timestamp"),
        ("hs_email_direction", "hs_email_status", "hs_createdate"),
        custom=_ACTIVITY,
        associations=_ANY,
        dated_by=("hs_timestamp", "hs_createdate"),
    ),
    HubSpotObject(
        "meetings",
        "meeting",
        ("hubspot_owner_id", "hs_timestamp"),
        ("hs_meeting_outcome", "hs_meeting_start_time", "hs_meeting_end_time", "hs_activity_type",
         "hs_createdate"),
        custom=_ACTIVITY,
        associations=_ANY,
        dated_by=("hs_meeting_start_time", "hs_timestamp", "hs_createdate"),
    ),
    HubSpotObject(
        "tasks",
        "task",
        ("hubspot_owner_id", "hs_timestamp", "hs_task_status"),
        ("hs_task_type", "hs_task_completion_date", "hs_createdate"),
        custom=_ACTIVITY,
        associations=_ANY,
        dated_by=("hs_task_completion_date", "hs_timestamp", "hs_createdate"),
    ),
)  # fmt: skip

OBJECT_BY_NAME = {one.name: one for one in OBJECTS}

# not every account has splits, and goals come from the policy where HubSpot's are not wanted
NOT_UNLESS_NAMED = ("deal_split", "goal_targets")

# HubSpot has them only in accounts with several currencies
NOT_EVERYWHERE = ("deal_currency_code", "hs_goal_target_currency_code")


@dataclass(frozen=True)
class Reference:
    """A small raw table that is no object: it is read whole, or comes with one."""

    table: str
    columns: tuple[str, ...]


REFERENCES: tuple[Reference, ...] = (
    Reference(
        "owner",
        ("id", "user_id", "email", "first_name", "last_name", "team", "is_archived",
         "created_at", "updated_at"),
    ),
    Reference(
        "pipeline_stage",
        ("id", "pipeline_id", "pipeline_label", "label", "is_closed", "probability", "updated_at"),
    ),
    Reference("deal_stage_history", ("id", "deal_id", "stage_id", "changed_at")),
    Reference("property_option", ("id", "object", "property", "value", "label")),
)  # fmt: skip

REFERENCE_BY_TABLE = {one.table: one for one in REFERENCES}

TABLES: tuple[tuple[str, tuple[str, ...]], ...] = (
    *((one.table, one.columns) for one in REFERENCES),
    *((one.table, one.columns) for one in OBJECTS),
)

# what the reference tables depend on: the first day of any record, and the zones of users
OLDEST_DAY = (
    "select min(day) from ("
    + " union all ".join(
        f"select min(left({column}, 10)) as day from {SCHEMA}.{one.table}"
        for one in OBJECTS
        for column in one.dated_by or (("createdate",) if "createdate" in one.required else ())
    )
    + ")"
)

TIME_ZONES = f"select hs_standard_time_zone, id from {SCHEMA}.user"

# what decides to which rep and day activities of old months belong
REP_IDENTITY = (
    "select owner.id, coalesce(lower(owner.email), ''), coalesce(users.hs_standard_time_zone, '')"
    f" from {SCHEMA}.owner as owner"
    f" left join {SCHEMA}.user as users on owner.user_id = users.hs_internal_user_id"
)
