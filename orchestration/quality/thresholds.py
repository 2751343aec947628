"""The edges of the checks that a company may move. Imports nothing of the project."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Threshold:
    """An edge that a company may move: a row `setting,value` of `company_settings.csv`."""

    default: float
    description: str


THRESHOLDS: Mapping[str, Threshold] = {
    "freshness_days": Threshold(
        4, "days that the newest activity may be older than the as-of date"
    ),
    "opportunity_freshness_days": Threshold(
        30, "days that the newest opening or closing of a deal may be older than the as-of date"
    ),
    "volume_min_ratio": Threshold(
        0.3, "least share of the usual activities of that weekday that the last day must have"
    ),
    "volume_min_median": Threshold(
        20, "usual activities of a weekday below which its volume is not judged"
    ),
    "volume_weeks": Threshold(8, "how many earlier same weekdays say what is usual"),
    "recent_days": Threshold(28, "days before the as-of date over which recent shares are taken"),
    "max_unassigned_ratio": Threshold(0.5, "largest share of records without a rep"),
    "max_future_ratio": Threshold(0.02, "largest share of records dated after they were read"),
    "max_duration_seconds": Threshold(86400, "longest plausible activity, in seconds"),
    "max_implausible_duration_ratio": Threshold(
        0.01, "largest share of activities shorter than 0 or longer than plausible"
    ),
    "max_negative_amount_ratio": Threshold(0, "largest share of deals with a negative amount"),
    "max_amount_to_median_ratio": Threshold(
        1000, "largest amount of a deal as a multiple of the median of its currency"
    ),
    "max_deleted_ratio": Threshold(0.25, "largest share of deleted records of a table"),
    "min_rows_for_ratios": Threshold(20, "rows below which a share says nothing"),
    "min_median_attainment": Threshold(
        0.05, "smallest plausible median attainment of the last four weeks"
    ),
    "max_median_attainment": Threshold(
        20, "largest plausible median attainment of the last four weeks"
    ),
    "min_projection_coverage": Threshold(
        0.75, "smallest share of closed periods that the 80 % interval should have held"
    ),
    "max_projection_coverage": Threshold(
        0.85, "largest share of closed periods that the 80 % interval should have held"
    ),
    "min_seasonal_index": Threshold(0.05, "smallest plausible seasonal index"),
    "max_seasonal_index": Threshold(5, "largest plausible seasonal index"),
}
