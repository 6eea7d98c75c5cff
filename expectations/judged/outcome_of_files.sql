-- What goes on and what goes to quarantine of a release.
create table refused_file as
select distinct offending_value as file_sha256
from reason
where scope = 'file' and severity = 'error'
;

create table rejected_row as
select row_id from wrong_row
union
select judged_observation.row_id
from judged_observation
inner join refused_file
    on judged_observation.file_sha256 = refused_file.file_sha256
;
