"""The daily facts and the actuals of each period, as an analyst without a warehouse makes them.

Once with pandas and once with polars: from the raw tables of the demo company straight to numbers,
with the event rules written into the code. They make no goals, seasons, capacities, evidence,
levels or scores, keep nothing between two runs and check nothing.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import duckdb

COMPANY_TIME_ZONE = "America/Los_Angeles"
# activity type, direction, outcome, seconds at least
ACTIVITY_METRICS: dict[str, tuple[str, str | None, str | None, int]] = {
    "dials": ("call", "outbound", None, 0),
    "connects": ("call", "outbound", "connected", 0),
    "conversations": ("call", None, "connected", 120),
    "emails_sent": ("email", "outbound", None, 0),
    "meetings_booked": ("meeting", None, "booked", 0),
    "meetings_held": ("meeting", None, "held", 0),
    "demos_held": ("demo", None, "held", 0),
    "proposals_sent": ("proposal", None, None, 0),
}
RATIOS = ("connect_rate", "win_rate", "deal_size", "sales_cycle_days")
ROLLING = {"last_4_weeks": 28, "last_13_weeks": 91}
ACTIVITIES = """
    select rep_id, occurred_at::timestamp as moment, activity_type, direction, outcome,
        duration_seconds::double as seconds
    from warehouse.raw_files.activities where _is_deleted = 'false'
"""
ZONES = f"""
    select rep_id, coalesce(time_zone, '{COMPANY_TIME_ZONE}') as time_zone,
        if(
            row_number() over (partition by rep_id order by valid_from nulls first) = 1,
            timestamp '1900-01-01', valid_from::timestamp
        ) as valid_from
    from warehouse.raw_files.reps where _is_deleted = 'false'
    union all
    select 'unassigned', '{COMPANY_TIME_ZONE}', timestamp '1900-01-01'
"""
# the euro changed its rate once, so a deal is converted by the day on which it closes
DEALS = """
    with rates as (
        select *, lead(valid_from, 1, date '9999-12-31') over (
            partition by currency order by valid_from
        ) as valid_to
        from read_csv(getvariable('seeds') || '/exchange_rates.csv')
    ),
    splits as (select * from warehouse.raw_files.opportunity_splits where _is_deleted = 'false')
    select coalesce(splits.rep_id, deals.rep_id) as rep_id,
        coalesce(split_ratio::double, 1) as credit, amount::double * rate as amount,
        is_closed = 'true' as is_closed, is_won = 'true' as is_won,
        created_at::timestamp as moment, close_date::date::timestamp as closed
    from warehouse.raw_files.opportunities as deals
    left join splits using (opportunity_id)
    left join rates
        on coalesce(deals.currency, 'USD') = rates.currency
        and coalesce(close_date::date, getvariable('as_of')) >= valid_from
        and coalesce(close_date::date, getvariable('as_of')) < valid_to
    where deals._is_deleted = 'false'
"""


def with_pandas(warehouse: duckdb.DuckDBPyConnection, as_of: dt.date) -> tuple[Any, Any]:
    """Daily facts and actuals of periods."""
    import pandas as pd

    zones = warehouse.sql(ZONES).df().sort_values("valid_from")
    last = pd.Timestamp(as_of)

    def local_day(frame: pd.DataFrame) -> pd.Series:
        placed = pd.merge_asof(
            frame[["rep_id", "moment"]].reset_index().sort_values("moment"), zones,
            left_on="moment", right_on="valid_from", by="rep_id",
        )  # fmt: skip
        days = [
            rows.set_index("index")["moment"]
            .dt.tz_localize("UTC").dt.tz_convert(zone).dt.tz_localize(None).dt.normalize()
            for zone, rows in placed.groupby("time_zone")
        ]  # fmt: skip
        return pd.concat(days)

    def of_known_reps(frame: pd.DataFrame) -> pd.DataFrame:
        known = frame["rep_id"].isin(zones["rep_id"])
        return frame.assign(rep_id=frame["rep_id"].where(known, "unassigned"))

    activities = of_known_reps(warehouse.sql(ACTIVITIES).df())
    activities["date_day"] = local_day(activities)
    for metric, (kind, direction, outcome, seconds) in ACTIVITY_METRICS.items():
        counts = activities["activity_type"] == kind
        if direction:
            counts &= activities["direction"] == direction
        if outcome:
            counts &= activities["outcome"] == outcome
        if seconds:
            counts &= activities["seconds"] >= seconds
        activities[metric] = counts
    key = ["rep_id", "date_day"]
    counted = activities.groupby(key)[list(ACTIVITY_METRICS)].sum().reset_index()
    parts = [counted.melt(key, var_name="metric_id", value_name="numerator").query("numerator > 0")]
    dialled = counted[counted["dials"] > 0]
    parts.append(
        dialled[key].assign(
            metric_id="connect_rate", numerator=dialled["connects"], denominator=dialled["dials"]
        )
    )

    deals = of_known_reps(warehouse.sql(DEALS).df())
    deals["opened"] = local_day(deals)

    def add_up(of: pd.DataFrame, day: str, metric: str, value: pd.Series, ratio: bool) -> None:
        frame = of[["rep_id"]].assign(date_day=of[day], numerator=value)
        if ratio:
            frame["denominator"] = of["credit"]
        parts.append(frame.groupby(key).sum().reset_index().assign(metric_id=metric))

    closed = deals[deals["is_closed"]]
    won, lost = closed[closed["is_won"]], closed[~closed["is_won"]]
    days_open = (won["closed"] - won["opened"]).dt.days
    add_up(deals, "opened", "opportunities_created", deals["credit"], False)
    add_up(won, "closed", "deals_won", won["credit"], False)
    add_up(lost, "closed", "deals_lost", lost["credit"], False)
    add_up(closed, "closed", "deals_closed", closed["credit"], False)
    add_up(closed, "closed", "win_rate", closed["credit"] * closed["is_won"], True)
    add_up(won, "closed", "revenue_won", won["credit"] * won["amount"], False)
    add_up(won, "closed", "deal_size", won["credit"] * won["amount"], True)
    add_up(won, "closed", "sales_cycle_days", won["credit"] * days_open, True)

    daily = pd.concat(parts)
    daily = daily[daily["date_day"] <= last]

    def actuals(of: pd.DataFrame, period: str, start: Any) -> pd.DataFrame:
        of = of.assign(period_type=period, period_start=start)
        by = ["rep_id", "metric_id", "period_type", "period_start"]
        return of.groupby(by)[["numerator", "denominator"]].sum().reset_index()

    day = daily["date_day"].dt
    # weeks begin on Monday, the fiscal year in February
    frequencies = {"week": "W-SUN", "month": "M", "quarter": "Q-JAN", "year": "Y-JAN"}
    periods = [
        actuals(daily, period, day.to_period(frequency).dt.start_time)
        for period, frequency in frequencies.items()
    ]
    for period, length in ROLLING.items():
        first = last - pd.Timedelta(days=length - 1)
        periods.append(actuals(daily[daily["date_day"] >= first], period, first))

    def with_value(frame: pd.DataFrame, name: str) -> pd.DataFrame:
        ratio = frame["numerator"] / frame["denominator"]
        frame[name] = frame["numerator"].where(~frame["metric_id"].isin(RATIOS), ratio)
        return frame

    return with_value(daily, "value"), with_value(pd.concat(periods), "actual")


def with_polars(warehouse: duckdb.DuckDBPyConnection, as_of: dt.date) -> tuple[Any, Any]:
    """Daily facts and actuals of periods."""
    import polars as pl

    col = pl.col
    zones = warehouse.sql(ZONES).pl().sort("valid_from")
    names = zones["time_zone"].unique().to_list()

    def with_local_day(frame: pl.DataFrame) -> pl.DataFrame:
        known = col("rep_id").is_in(zones["rep_id"].unique().to_list())
        frame = frame.with_columns(
            rep_id=pl.when(known).then("rep_id").otherwise(pl.lit("unassigned"))
        )
        placed = frame.sort("moment").join_asof(
            zones, left_on="moment", right_on="valid_from", by="rep_id",
            check_sortedness=False,  # of the whole it is checked, not within each rep
        )  # fmt: skip
        local = [
            pl.when(col("time_zone") == zone).then(
                col("moment").dt.replace_time_zone("UTC").dt.convert_time_zone(zone).dt.date()
            )
            for zone in names
        ]
        return placed.with_columns(date_day=pl.coalesce(local))

    def counts(kind: str, direction: str | None, outcome: str | None, seconds: int) -> pl.Expr:
        test = col("activity_type") == kind
        if direction:
            test &= col("direction") == direction
        if outcome:
            test &= col("outcome") == outcome
        if seconds:
            test &= col("seconds") >= seconds
        return test.sum().cast(pl.Float64)

    key = ["rep_id", "date_day"]
    counted = (
        with_local_day(warehouse.sql(ACTIVITIES).pl())
        .group_by(key)
        .agg(**{metric: counts(*rule) for metric, rule in ACTIVITY_METRICS.items()})
    )
    parts = [
        counted.unpivot(index=key, variable_name="metric_id", value_name="numerator").filter(
            col("numerator") > 0
        ),
        counted.filter(col("dials") > 0).select(
            *key,
            metric_id=pl.lit("connect_rate"),
            numerator=col("connects"),
            denominator=col("dials"),
        ),
    ]

    deals = with_local_day(warehouse.sql(DEALS).pl()).rename({"date_day": "opened"})
    deals = deals.with_columns(closed=col("closed").dt.date())

    def add_up(of: pl.DataFrame, day: str, metric: str, value: pl.Expr, ratio: bool) -> None:
        sums = {"numerator": value.sum()} | ({"denominator": col("credit").sum()} if ratio else {})
        summed = of.group_by("rep_id", pl.col(day).alias("date_day")).agg(**sums)
        parts.append(summed.with_columns(metric_id=pl.lit(metric)))

    closed = deals.filter("is_closed")
    won, lost = closed.filter("is_won"), closed.filter(~col("is_won"))
    credit, days_open = col("credit"), (col("closed") - col("opened")).dt.total_days()
    add_up(deals, "opened", "opportunities_created", credit, False)
    add_up(won, "closed", "deals_won", credit, False)
    add_up(lost, "closed", "deals_lost", credit, False)
    add_up(closed, "closed", "deals_closed", credit, False)
    add_up(closed, "closed", "win_rate", credit * col("is_won"), True)
    add_up(won, "closed", "revenue_won", credit * col("amount"), False)
    add_up(won, "closed", "deal_size", credit * col("amount"), True)
    add_up(won, "closed", "sales_cycle_days", credit * days_open, True)

    daily = pl.concat(parts, how="diagonal").filter(col("date_day") <= as_of)

    def actuals(of: pl.DataFrame, period: str, start: pl.Expr) -> pl.DataFrame:
        by = ("rep_id", "metric_id", pl.lit(period).alias("period_type"))
        return of.group_by(*by, start.alias("period_start")).agg(
            col("numerator", "denominator").sum()
        )

    day = col("date_day")
    # weeks begin on Monday, the fiscal year in February
    fiscal = day.dt.offset_by("-1mo").dt
    periods = [
        actuals(daily, "week", day.dt.truncate("1w")),
        actuals(daily, "month", day.dt.truncate("1mo")),
        actuals(daily, "quarter", fiscal.truncate("1q").dt.offset_by("1mo")),
        actuals(daily, "year", fiscal.truncate("1y").dt.offset_by("1mo")),
    ]
    for period, length in ROLLING.items():
        first = as_of - dt.timedelta(days=length - 1)
        periods.append(actuals(daily.filter(day >= first), period, pl.lit(first)))

    value = (
        pl.when(col("metric_id").is_in(RATIOS))
        .then(col("numerator") / col("denominator"))
        .otherwise("numerator")
    )
    return daily.with_columns(value=value), pl.concat(periods).with_columns(actual=value)


LIBRARIES: dict[str, Callable[[duckdb.DuckDBPyConnection, dt.date], tuple[Any, Any]]] = {
    "pandas": with_pandas,
    "polars": with_polars,
}


def write(library: str, warehouse: Path, seeds: Path, as_of: dt.date, folder: Path) -> None:
    """Make both tables with a library and write them as Parquet."""
    with duckdb.connect() as connection:
        connection.execute("set TimeZone = 'UTC'")
        connection.execute(f"attach '{warehouse}' as warehouse (read_only)")
        connection.execute(f"set variable seeds = '{seeds}'")
        connection.execute(f"set variable as_of = date '{as_of}'")
        tables = LIBRARIES[library](connection, as_of)
    for path, table in zip(paths(library, folder), tables, strict=True):
        if library == "pandas":
            table.to_parquet(path, index=False)
        else:
            table.write_parquet(path)


def paths(library: str, folder: Path) -> Iterator[Path]:
    """Where the daily facts and the actuals of a library lie."""
    return (folder / f"{library}_{table}.parquet" for table in ("daily", "actuals"))
