-- What the files connector keeps beside its raw tables.
create table if not exists raw_files._quarantine (
    table_name varchar,
    file varchar,
    line bigint,
    column_name varchar,
    value varchar,
    reason varchar,
    quarantined_at timestamp
);

create table if not exists raw_files._loads (
    table_name varchar,
    loaded_at timestamp,
    file_fingerprint varchar,
    rows_in_file bigint,
    rows_changed bigint,
    rows_quarantined bigint
);

create table if not exists raw_files._changed_months (
    table_name varchar,
    month_start date
);
