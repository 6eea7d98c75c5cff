"""A small site of another country works without touching code."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from ingestion.settings import Settings
from ingestion.site import Site
from tests.conftest import SHARED
from warehouse.chain import run
from warehouse.database import reader

ORACLE = SHARED / "oracles" / "mexico.csv"
YEARS = (1940, 1950, 1960, 1970, 1980, 1990, 2000)

REGISTRIES = {
    "indicators": """\
indicator_code,definition_version,name_en,name_zh,domain,unit_measure,direction,frequency,aggregation
PCGDP,1,GDP per capita,人均国内生产总值,economy,MXN1993,higher,A,none
""",
    "plans": """\
plan_code,plan_version,name_en,region_code,period_start,period_end
MX-2000,1,Made-up plan for this test,MX,1991-01-01,2000-12-31
""",
    "targets": """\
plan_code,plan_version,indicator_code,definition_version,region_code,target_type,binding,strictness,baseline_value,baseline_period,target_value,target_period,source_status
MX-2000,1,PCGDP,1,MX-09,level_floor,true,ge,42028,1990,50000,2000,own
MX-2000,1,PCGDP,1,MX-05,level_floor,true,ge,8637,1990,12000,2000,own
""",
    "rules": """\
rule_id,rule_version,parameter,value,source,source_status
PROGRESS_RAG,1,yellow_limit_pct,10,test,own
EW_OFF_TRACK,1,escalate_every,2,test,own
""",
}
SOURCE = """\
code: mx_states
kind: statistical_release
connector: inbox
location: inbox
format: csv
licence: BSD-3-Clause (libpysal)
mapping:
  columns: {region_code: state, period: year, value: pcgdp}
  constants: {indicator_code: PCGDP, unit_measure: MXN1993}
"""


def write_site(folder: Path) -> None:
    """Regions, a yearly series and one plan, from the published table."""
    with ORACLE.open(encoding="utf-8") as handle:
        states = list(csv.DictReader(handle))
    assert len(states) == 32
    for name in ("registry", "sources", "inbox"):
        (folder / name).mkdir(parents=True)
    (folder / "site.yml").write_text("name: mexico\ntime_zone: America/Mexico_City\n")
    (folder / "sources" / "mx_states.yml").write_text(SOURCE)
    for name, text in REGISTRIES.items():
        (folder / "registry" / f"{name}.csv").write_text(text, encoding="utf-8")
    regions = ["region_code,name_en,level,parent_region_code", "MX,Mexico,0,"]
    rows = ["state,year,pcgdp"]
    for number, state in enumerate(states, 1):
        code = f"MX-{number:02}"
        regions.append(f"{code},{state['state']},1,MX")
        rows += [f"{code},{year},{state[f'pcgdp{year}']}" for year in YEARS]
    (folder / "registry" / "regions.csv").write_text("\n".join(regions) + "\n")
    (folder / "inbox" / "states.csv").write_text("\n".join(rows) + "\n")


def test_mexican_states(tmp_path):
    if not ORACLE.exists():
        pytest.skip("the oracle file of Mexican states is not beside this checkout")
    write_site(tmp_path / "site")
    settings = Settings(home=tmp_path / "home", site=tmp_path / "site")
    report = run(settings, Site.load(settings.site))
    assert report.release.site == "mexico"
    with reader(settings) as connection:
        (rows,) = connection.execute(
            "select count(*) from core.fct_observation"
        ).fetchone()
        progress = connection.execute(
            "select region_code, period, value, path_value, status_raw"
            " from published.indicator_progress order by all"
        ).fetchall()
        warned = connection.execute(
            "select region_code, severity from published.early_warning"
        ).fetchall()
    assert rows == 32 * len(YEARS)
    # Distrito Federal 54349 passed 50000; Chiapas 8684 stayed far from 12000.
    assert [(r, p, float(v), float(t), s) for r, p, v, t, s in progress] == [
        ("MX-05", "2000", 8684.0, 12000.0, "red"),
        ("MX-09", "2000", 54349.0, 50000.0, "achieved"),
    ]
    assert warned == [("MX-05", "red")]


@pytest.mark.long
def test_a_cell_that_the_declaration_does_not_cover_is_accounted_for(tmp_path):
    if not ORACLE.exists():
        pytest.skip("the oracle file of Mexican states is not beside this checkout")
    write_site(tmp_path / "site")
    declaration = tmp_path / "site" / "sources" / "mx_states.yml"
    declaration.write_text(SOURCE + 'numbers: {thousands: ","}\n')
    states = tmp_path / "site" / "inbox" / "states.csv"
    states.write_text(states.read_text().replace("8684.0", '"8.684,0"', 1))
    settings = Settings(home=tmp_path / "home", site=tmp_path / "site")
    run(settings, Site.load(settings.site))
    with reader(settings) as connection:
        (rows,) = connection.execute(
            "select count(*) from core.fct_observation"
        ).fetchone()
        refused = connection.execute(
            "select field, rule_id, row_number from core.fct_rejection"
        ).fetchall()
    assert rows == 32 * len(YEARS) - 1
    assert [(field, rule) for field, rule, _ in refused] == [("value", "READ_CELL")]
    assert refused[0][2] > 1
