-- What the queries of several checks say in the same way.

-- Equal but for the order of a floating-point sum.
create or replace temp macro agrees(figure, wanted) as
abs(figure - wanted) <= 1e-6 * greatest(abs(wanted), 1);

create or replace temp macro share_text(bad_count, row_count) as
bad_count || ' of ' || row_count || ' ('
|| round(100 * coalesce(bad_count / nullif(row_count, 0), 0), 1) || ' %)';

create or replace temp macro at_most_share(most) as
'at most ' || round(100 * most, 1) || ' %';

-- A share of too few rows says nothing.
create or replace temp macro share_failures(bad_count, row_count, most, enough_rows) as
case
    when row_count >= enough_rows and coalesce(bad_count / nullif(row_count, 0), 0) > most
        then bad_count
    else 0
end;

-- The day of a moment where the company is; a day without a time is that day.
create or replace temp macro local_day(moment, zone) as
case
    when length(moment) = 10 then try_cast(moment as date)
    else cast(timezone(zone, try_cast(moment as timestamptz)) as date)
end;

-- Days on which most reps work, after a day up to and with the last day.
create or replace temp macro working_days_since(newest_day, last_day) as
case
    when newest_day is not null
        then (
            select count(*) from company_days
            where is_working and date_day > newest_day and date_day <= last_day
        )
end;
