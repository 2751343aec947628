"""Under which names tables and properties of HubSpot may have been landed, and their types."""

from __future__ import annotations

from collections.abc import Mapping

from orchestration.sources.canonical import ColumnType

ACTIVITIES = ("calls", "emails", "meetings", "tasks")

# the names a landed table may have, by raw table, the usual one first
NAMES: Mapping[str, tuple[str, ...]] = {
    "user": ("users", "user"),
    "company": ("company", "companies"),
    "contact": ("contact", "contacts"),
    "deal": ("deal", "deals"),
    "deal_split": ("deal_splits", "deal_split"),
    "goal_target": ("goals", "goal_targets", "goal_target"),
    **{
        one[:-1]: (f"engagement_{one[:-1]}", f"engagements_{one}", one, one[:-1])
        for one in ACTIVITIES
    },
    "owner": ("owner", "owners"),
    "pipeline_stage": ("deal_pipeline_stage", "deal_pipeline_stages", "deal_pipelines",
                       "pipelines_deals"),
    "deal_stage_history": ("deal_stage", "deal_property_history", "deals_property_history"),
    "property_option": ("property_option", "property_options"),
}  # fmt: skip
# tables that scorecards can do without, and what is then left empty
LEFT_EMPTY = {
    "user": "job titles and time zones of reps stay empty",
    "deal_stage_history": "no change of a deal's stage is counted",
    "property_option": "HubSpot's own names for the outcomes of calls are used",
}
# other names of properties, last choice
OTHERWISE: Mapping[tuple[str, str], tuple[str, ...]] = {
    ("deal", "hubspot_owner_id"): ("owner_id",),
    ("deal", "dealstage"): ("deal_pipeline_stage_id",),
    ("deal", "pipeline"): ("deal_pipeline_id",),
    ("user", "hs_internal_user_id"): ("id", "user_id"),
}
OF_ANY: Mapping[str, tuple[str, ...]] = {
    "createdate": ("created_at",),
    "hs_createdate": ("created_at",),
    "hs_lastmodifieddate": ("updated_at",),
    "lastmodifieddate": ("updated_at",),
    "hs_merged_object_ids": (
        "properties_hs_calculated_merged_vids", "property_hs_calculated_merged_vids",
    ),
}  # fmt: skip
_MOMENTS = {
    "createdate", "closedate", "lastmodifieddate", "hs_lastmodifieddate", "hs_timestamp",
    "hs_createdate", "hs_meeting_start_time", "hs_meeting_end_time", "hs_task_completion_date",
    "hs_lifecyclestage_opportunity_date", "hs_lifecyclestage_customer_date", "hs_start_datetime",
    "hs_end_datetime", "changed_at", "created_at", "updated_at",
}  # fmt: skip
TYPES: Mapping[str, ColumnType] = {
    **dict.fromkeys(_MOMENTS, "timestamp"),
    **dict.fromkeys(("amount", "numberofemployees", "annualrevenue", "hs_call_duration",
                     "hs_deal_split_percentage", "hs_target_amount", "probability"), "number"),
    **dict.fromkeys(("custom_hire_date", "custom_end_date"), "date"),
    **dict.fromkeys(("hs_is_closed", "hs_is_closed_won", "is_closed", "is_archived"), "boolean"),
}  # fmt: skip


def prefixed(name: str) -> tuple[str, ...]:
    """A property as Airbyte, Fivetran, and dlt name its column."""
    return (f"properties_{name}", f"property_{name}", name)
