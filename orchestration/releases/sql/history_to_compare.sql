-- What earlier days said and may have been restated since: each of the last days, and the last
-- day of each month before.
with month_ends as (
    select max(as_of_date) as as_of_date
    from {{ history }}
    where
        as_of_date < {{ day }}
        and as_of_date >= {{ day }} - interval {{ months }} month
    group by date_trunc('month', as_of_date)
)

select {{ columns }}
from {{ history }}
where
    as_of_date < {{ day }}
    and period_type in ({{ period_types }})
    and (
        as_of_date >= {{ day }} - {{ days }}
        or as_of_date in (select as_of_date from month_ends)
    )
