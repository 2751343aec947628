-- the release that is shown
select
    release_id,
    published_at,
    as_of_date,
    code_version
from releases
where published_at = (select max(releases.published_at) from releases)
