-- Level of each region, for peers and parents.
create table region_level as
select
    region_code,
    min(level) as level,
    min(parent_region_code) as parent_region_code,
from registry_regions
group by region_code
;
