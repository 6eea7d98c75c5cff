"""The shape of each registry: what a site may declare about itself.

Names and columns are those of the site contract; order is dependency order,
so that a registry can be judged against those before it.
"""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Reference:
    """Cells of `columns` must occur in `registry` under `target` columns."""

    columns: tuple[str, ...]
    registry: str
    target: tuple[str, ...]


@dataclass(frozen=True)
class RegistryShape:
    """Columns of one registry file, and the rules that its cells obey."""

    name: str
    columns: tuple[str, ...]
    required: tuple[str, ...]
    key: tuple[str, ...]
    numbers: tuple[str, ...] = ()
    dates: tuple[str, ...] = ()
    choices: dict[str, tuple[str, ...]] = field(default_factory=dict)
    # Of these columns a row fills one at most.
    exclusive: tuple[str, ...] = ()
    references: tuple[Reference, ...] = ()

    @property
    def allowed(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys((*self.columns, *OPTIONAL_EVERYWHERE)))


# `known_from` lets a site type in history that was known before it was typed;
# `source` names where a fact was read.
OPTIONAL_EVERYWHERE = ("source", "known_from")

FREQUENCIES = ("A", "S", "Q", "M")
SOURCE_STATUSES = ("verified", "secondary", "unverified", "computed", "own")
BOOLEANS = ("true", "false")
PLAN_EVENTS = (
    "drafted", "submitted", "approved", "in_force", "midterm_evaluated",
    "adjusted", "expired", "final_evaluated", "extended", "abolished", "archived",
)  # fmt: skip
TARGET_TYPES = (
    "level_floor", "level_cap", "maintain", "avg_growth_floor", "cum_reduction",
    "cum_total", "relative", "qualitative",
)  # fmt: skip


def _columns(text: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in text.split(","))


def _ref(columns: str, registry: str, target: str | None = None) -> Reference:
    return Reference(_columns(columns), registry, _columns(target or columns))


_SHAPES = (
    RegistryShape(
        "regions",
        _columns(
            "region_code,name_en,name_zh,level,parent_region_code,area_km2,"
            "valid_from,valid_to"
        ),
        _columns("region_code,name_en,level"),
        _columns("region_code,valid_from"),
        numbers=_columns("level,area_km2"),
        dates=_columns("valid_from,valid_to"),
        references=(_ref("parent_region_code", "regions", "region_code"),),
    ),
    RegistryShape(
        "region_groups",
        _columns(
            "group_kind,group_code,name_en,name_zh,region_code,valid_from,valid_to"
        ),
        _columns("group_kind,group_code,name_en,region_code"),
        _columns("group_kind,group_code,region_code,valid_from"),
        dates=_columns("valid_from,valid_to"),
        choices={
            "group_kind": _columns(
                "bloc,strategy,basin,city_cluster,border_zone,custom"
            )
        },
        references=(_ref("region_code", "regions"),),
    ),
    RegistryShape(
        "region_successions",
        _columns("old_region_code,new_region_code,effective_on,kind,weight"),
        _columns("old_region_code,new_region_code,effective_on,kind"),
        _columns("old_region_code,new_region_code,effective_on"),
        numbers=("weight",),
        dates=("effective_on",),
        choices={"kind": _columns("rename,split,merge,transfer")},
        references=(
            _ref("old_region_code", "regions", "region_code"),
            _ref("new_region_code", "regions", "region_code"),
        ),
    ),
    RegistryShape(
        "indicators",
        _columns(
            "indicator_code,definition_version,name_en,name_zh,domain,"
            "unit_measure,direction,frequency,aggregation,"
            "weight_indicator_code,min_value,max_value,decimals,is_key,"
            "conf_status,definition,source_status"
        ),
        _columns(
            "indicator_code,definition_version,name_en,domain,unit_measure,"
            "direction,frequency,aggregation"
        ),
        _columns("indicator_code,definition_version"),
        numbers=_columns("min_value,max_value,decimals"),
        choices={
            "direction": _columns("higher,lower,neutral"),
            "frequency": FREQUENCIES,
            "aggregation": _columns("sum,mean,weighted_mean,last,none"),
            "is_key": BOOLEANS,
            "source_status": SOURCE_STATUSES,
        },
        references=(_ref("weight_indicator_code", "indicators", "indicator_code"),),
    ),
    RegistryShape(
        "units",
        _columns(
            "unit_code,name_en,name_zh,unit_kind,level,parent_unit_code,"
            "region_code,valid_from,valid_to,contact"
        ),
        _columns("unit_code,name_en,unit_kind,level"),
        _columns("unit_code,valid_from"),
        numbers=("level",),
        dates=_columns("valid_from,valid_to"),
        references=(
            _ref("parent_unit_code", "units", "unit_code"),
            _ref("region_code", "regions"),
        ),
    ),
    RegistryShape(
        "plans",
        _columns(
            "plan_code,plan_version,name_en,name_zh,parent_plan_code,"
            "predecessor_plan_code,region_code,period_start,period_end"
        ),
        _columns("plan_code,plan_version,name_en,region_code,period_start,period_end"),
        _columns("plan_code,plan_version"),
        dates=_columns("period_start,period_end"),
        references=(
            _ref("region_code", "regions"),
            _ref("parent_plan_code", "plans", "plan_code"),
            _ref("predecessor_plan_code", "plans", "plan_code"),
        ),
    ),
    RegistryShape(
        "forms",
        _columns(
            "form_code,name_en,name_zh,frequency,due_days,unit_kind,unit_level,"
            "valid_from,valid_to,legal_basis"
        ),
        _columns("form_code,name_en,frequency,due_days"),
        _columns("form_code,valid_from"),
        numbers=_columns("due_days,unit_level"),
        dates=_columns("valid_from,valid_to"),
        choices={"frequency": FREQUENCIES},
    ),
    RegistryShape(
        "form_items",
        _columns("form_code,indicator_code,breakdown,compulsory"),
        _columns("form_code,indicator_code"),
        _columns("form_code,indicator_code,breakdown"),
        choices={"compulsory": BOOLEANS},
        references=(_ref("form_code", "forms"), _ref("indicator_code", "indicators")),
    ),
    RegistryShape(
        "targets",
        _columns(
            "plan_code,plan_version,indicator_code,definition_version,"
            "region_code,unit_code,target_type,binding,strictness,breakdown,"
            "baseline_value,baseline_period,target_value,target_period,"
            "reference_indicator_code,responsible_unit_code,official_label,"
            "official_label_on,document_no,reason,source_status"
        ),
        _columns(
            "plan_code,plan_version,indicator_code,definition_version,"
            "region_code,target_type,binding"
        ),
        _columns(
            "plan_code,plan_version,indicator_code,definition_version,"
            "region_code,unit_code,breakdown"
        ),
        numbers=_columns("baseline_value,target_value"),
        dates=("official_label_on",),
        choices={
            "target_type": TARGET_TYPES,
            "binding": BOOLEANS,
            "strictness": _columns("ge,gt,le,lt"),
            "source_status": SOURCE_STATUSES,
        },
        references=(
            _ref("plan_code,plan_version", "plans"),
            _ref("indicator_code,definition_version", "indicators"),
            _ref("region_code", "regions"),
            _ref("unit_code", "units"),
            _ref("responsible_unit_code", "units", "unit_code"),
            _ref("reference_indicator_code", "indicators", "indicator_code"),
        ),
    ),
    # Why a plan, region or unit below carries no target of its own; with none
    # of the three named, all below are let off.
    RegistryShape(
        "target_waivers",
        _columns(
            "plan_code,plan_version,indicator_code,child_plan_code,"
            "child_region_code,child_unit_code,who,why,until,document_no"
        ),
        _columns("plan_code,plan_version,indicator_code,who,why,until"),
        _columns(
            "plan_code,plan_version,indicator_code,child_plan_code,"
            "child_region_code,child_unit_code"
        ),
        dates=("until",),
        exclusive=_columns("child_plan_code,child_region_code,child_unit_code"),
        references=(
            _ref("plan_code,plan_version", "plans"),
            _ref("indicator_code", "indicators"),
            _ref("child_plan_code", "plans", "plan_code"),
            _ref("child_region_code", "regions", "region_code"),
            _ref("child_unit_code", "units", "unit_code"),
        ),
    ),
    RegistryShape(
        "target_paths",
        _columns(
            "plan_code,plan_version,indicator_code,region_code,unit_code,"
            "period,path_value"
        ),
        _columns("plan_code,plan_version,indicator_code,region_code,period,path_value"),
        _columns("plan_code,plan_version,indicator_code,region_code,unit_code,period"),
        numbers=("path_value",),
        references=(
            _ref("plan_code,plan_version", "plans"),
            _ref("indicator_code", "indicators"),
            _ref("region_code", "regions"),
            _ref("unit_code", "units"),
        ),
    ),
    RegistryShape(
        "milestones",
        _columns(
            "milestone_code,plan_code,plan_version,name_en,name_zh,region_code,"
            "responsible_unit_code,planned_start_on,due_on,started_on,done_on,"
            "share_done,"
            "project_code,verification"
        ),
        _columns("milestone_code,plan_code,plan_version,name_en,due_on"),
        ("milestone_code",),
        numbers=("share_done",),
        dates=_columns("planned_start_on,due_on,started_on,done_on"),
        references=(
            _ref("plan_code,plan_version", "plans"),
            _ref("region_code", "regions"),
            _ref("responsible_unit_code", "units", "unit_code"),
        ),
    ),
    RegistryShape(
        "rules",
        _columns(
            "rule_id,rule_version,parameter,value,source,source_status,"
            "valid_from,valid_to"
        ),
        _columns("rule_id,rule_version,parameter,value"),
        _columns("rule_id,rule_version,parameter"),
        dates=_columns("valid_from,valid_to"),
        choices={"source_status": SOURCE_STATUSES},
    ),
    # Judged against the transitions that registry rules lists.
    RegistryShape(
        "plan_events",
        _columns("plan_code,plan_version,event,event_on,document_no,reason"),
        _columns("plan_code,plan_version,event,event_on"),
        _columns("plan_code,plan_version,event,event_on"),
        dates=("event_on",),
        choices={"event": PLAN_EVENTS},
        references=(_ref("plan_code,plan_version", "plans"),),
    ),
    RegistryShape(
        "agreements",
        _columns(
            "agreement_code,kind,payer_region_code,payee_region_code,parameter,"
            "value,valid_from,valid_to,source_status"
        ),
        _columns(
            "agreement_code,kind,payer_region_code,payee_region_code,parameter,"
            "value,valid_from"
        ),
        _columns("agreement_code,parameter,valid_from"),
        dates=_columns("valid_from,valid_to"),
        choices={"source_status": SOURCE_STATUSES},
        references=(
            _ref("payer_region_code", "regions", "region_code"),
            _ref("payee_region_code", "regions", "region_code"),
        ),
    ),
    # Answers to warnings; written by `planwatch acknowledge`.
    RegistryShape(
        "acknowledgements",
        _columns("warning_id,acknowledged_at,acknowledged_by,why,until,severity"),
        _columns("warning_id,acknowledged_at,acknowledged_by,why,severity"),
        _columns("warning_id,acknowledged_at"),
        dates=("until",),
        choices={"severity": _columns("yellow,orange,red")},
    ),
)

REGISTRIES: dict[str, RegistryShape] = {shape.name: shape for shape in _SHAPES}
