-- what: the ids under which a record has a rep; a CRM may have reps that the files do not name

select trim(rep_id) as rep_id
from raw_files.reps
where rep_id is not null
{% if crms %}
union
select trim(rep_id) from raw_files.activities
where nullif(trim(rep_id), '') is not null
union
select trim(rep_id) from raw_files.opportunities
where nullif(trim(rep_id), '') is not null
{% endif %}
