"""The cell that an IPython kernel runs in place of one that was stopped.

It shows the box and raises, so order and abort of a Run All stay the kernel's own. It is
self-contained, because the kernel's environment may not have this package, and it holds no secret.

It stands in the person's own namespace, so it must cope with what it finds there and leave nothing
behind. Statements (``import``, ``class``) and names local to a function do not look at the
namespace, therefore shadowed builtins (``Exception = 1``) do no harm. The one name it binds is
deleted on the way out; it is another one each time, because a subshell or the control channel may
run a second stub in the same namespace at the same time.
"""

from __future__ import annotations

import secrets
from typing import Final

from jupyter_agent.screen.box import ENAME, Stop, bundle, sentence

_TEMPLATE: Final = """\
# jupyter_agent stopped this cell before it reached the kernel; this stands in its place.
def {name}():
    import builtins
    try:
        from IPython.core.interactiveshell import InteractiveShell
        InteractiveShell.instance().display_pub.publish(data={data!r})
    except builtins.Exception:
        pass
    class {ename}(builtins.Exception):
        def _render_traceback_(self):
            return [{line!r}]
    {ename}.__module__ = "jupyter_agent.errors"
    return {ename}({message!r})
try:
    raise {name}()
finally:
    del {name}
"""


def code(stop: Stop) -> str:
    """The stub's program text."""
    message = sentence(stop)
    return _TEMPLATE.format(
        name=f"__jupyter_agent_stop_{secrets.token_hex(4)}__",
        data=bundle(stop, magics=True),
        ename=ENAME,
        message=message,
        line=f"{ENAME}: {message}",
    )
