"""dbt's events: of those that nobody takes in, nothing is worded.

What dbt tells its own makers takes a sixth of the time of a small wave. A level
of its log does not spare it: dbt makes a message of each event first, with its
fields checked and its time told, and asks for the level afterwards.
"""

from __future__ import annotations

from functools import cache
from typing import Any


@cache
def leave_out_debug_events() -> None:
    """Debug events go nowhere, and become messages when somebody reads them.

    Some are fired at a higher level after all: they are told like any other.
    """
    from dbt_common.events.base_types import BaseEvent, DebugLevel, EventLevel
    from dbt_common.events.event_manager import EventManager
    from dbt_common.events.event_manager_client import ctx_set_event_manager

    class WithoutDebug(EventManager):
        def fire_event(
            self,
            e: BaseEvent,
            level: EventLevel | None = None,
            *more: Any,
            **named: Any,
        ) -> None:
            if (level or e.level_tag()) != EventLevel.DEBUG:
                super().fire_event(e, level, *more, **named)

    def keep(self: DebugLevel, *fields: Any, **named: Any) -> None:
        vars(self)["told"] = fields, named

    def word(self: DebugLevel, name: str) -> Any:
        told = vars(self).pop("told", None)
        if told is None:
            return BaseEvent.__getattr__(self, name)
        BaseEvent.__init__(self, *told[0], **told[1])
        return getattr(self, name)

    ctx_set_event_manager(WithoutDebug())
    DebugLevel.__init__, DebugLevel.__getattr__ = keep, word
