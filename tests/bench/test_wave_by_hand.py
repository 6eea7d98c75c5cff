"""The instruments of the wave's benchmark: its world, its comparison, its figures."""

from __future__ import annotations

from pathlib import Path

import bench_wave
import duckdb
import pytest
import scipy
import wave_compare
import wave_history as history
from wave_history import Wave

from warehouse.schema import apply_schema


@pytest.fixture(scope="module")
def country():
    """Raw of 400 units over eight months."""
    with duckdb.connect() as connection:
        apply_schema(connection)
        history.set_up(connection, 400, 8)
        history.insert_registries(connection, 8)
        for month in range(8):
            history.insert_month(connection, Wave(month))
        yield connection


def test_the_world_is_as_its_description_says(country):
    """Shares named in wave_world.py, of the month before the last."""
    (off_track, silent, late) = country.execute(
        """
        with months as (
            select
                unit_code, indicator_code, period,
                1000 + 600 * substr(period, 6)::integer / 32 as path,
                max_by(value, known_from) as value,
                min(known_from) as known_from,
            from raw.observation
            where unit_code is not null and period < '2020-08'
            group by all
        )

        select
            100 * avg((value < path)::integer),
            100 - 100 * count(distinct (unit_code, period)) / (400 * 7),
            100 * avg((known_from > last_day((period || '-01')::date) + 11)::integer),
        from months
        """
    ).fetchone()
    assert 15 <= off_track <= 20
    assert 1 <= silent <= 3
    assert 2 <= late <= 4
    (restated, oldest) = country.execute(
        """
        select
            count(*) filter (turn > 1) / count(*) filter (turn = 1) * 100,
            max(
                datediff('month', (period || '-01')::date, known_from)
            ) filter (turn > 1) - 1,
        from (
            select *, row_number() over (
                partition by unit_code, indicator_code, period order by known_from
            ) as turn,
            from raw.observation where unit_code is not null
        )
        """
    ).fetchone()
    assert 3 <= restated <= 5
    assert oldest == 3


def test_no_figure_is_sent_twice_at_one_moment(country):
    assert not country.execute(
        """
        select unit_code, region_code, indicator_code, period, known_from
        from raw.observation group by all having count(*) > 1
        """
    ).fetchall()


def test_students_t_of_the_script_is_that_of_scipy():
    script = (bench_wave.SCRIPT_FOLDER / "03_forecast.sql").read_text("utf-8")
    with duckdb.connect() as connection:
        connection.execute(script[: script.index("create temp table point")])
        rows = connection.execute(
            """
            select df, q90, t, student_cdf(t, df, coefficients)
            from student, (values (-2.5e0), (3e-1), (4e0)) as places (t)
            """
        ).fetchall()
    assert len(rows) == 3 * 63
    for df, q90, t, probability in rows:
        assert float(q90) == pytest.approx(scipy.stats.t.ppf(0.9, df), abs=1e-11)
        assert probability == pytest.approx(scipy.stats.t.cdf(t, df), abs=1e-12)


def _side(file: Path, changes: str = "") -> Path:
    """Every compared table with two rows of one number, one text, one JSON."""
    with duckdb.connect(str(file)) as connection:
        connection.execute("create schema raw; create schema core; create schema marts")
        for table, (key, part) in wave_compare.TABLES.items():
            names = dict.fromkeys([*filter(None, key.split(", ")), part])
            columns = ", ".join(f"'k' || i as {name}" for name in names)
            connection.execute(
                f"""
                create table {table} as
                select
                    {columns}, i + 0.1::double as share, 'green' as status,
                    '{{"share":' || (i + 0.1) || '}}' as evidence,
                from range(2) as r (i)
                """
            )
        connection.execute(changes)
    return file


def test_a_figure_in_its_last_digit_is_no_difference(tmp_path):
    ours = _side(tmp_path / "ours.duckdb")
    hand = _side(
        tmp_path / "hand.duckdb",
        """
        update marts.indicator_progress set share = share + 1e-10;
        update marts.early_warning set evidence = '{"share":0.1000000001}'
        where share < 1;
        """,
    )
    assert wave_compare.compare(ours, hand, "500MB") == 0


@pytest.mark.parametrize(
    "change",
    [
        "update marts.indicator_progress set share = share + 1e-8 where share < 1",
        "update marts.indicator_progress set status = 'red' where share < 1",
        "update marts.indicator_progress set share = null where share < 1",
        "update marts.early_warning set evidence = '{\"share\":0.2}' where share < 1",
        "update marts.early_warning set evidence = '{\"p\":0.1}' where share < 1",
        "delete from core.fct_submission where share < 1",
        """
        insert into core.fct_submission by name
        select 'new' as submission_id, 'new' as batch_id, 'k0' as period
        """,
        "update raw.observation set status = 'red' where share < 1",
    ],
)
def test_one_cell_is_one_difference(tmp_path, capsys, change):
    ours = _side(tmp_path / "ours.duckdb")
    hand = _side(tmp_path / "hand.duckdb", change)
    assert wave_compare.compare(ours, hand, "500MB") == 1
    assert wave_compare.compare(hand, ours, "500MB") == 1


@pytest.mark.bench
def test_the_wave_against_the_script_by_hand(tmp_path):
    told = bench_wave.run(tmp_path, 100, 15, None)
    assert told["differ"] == 0
    print(f"\nratio {told['seconds'] / told['hand']:.1f}")
