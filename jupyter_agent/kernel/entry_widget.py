"""The masked form in a notebook: seals in the page, relays ciphertext, keeps nothing.

The page asks for an offer, seals the value to it and sends the result as a custom message, which
unlike a trait is neither kept in the widget's state nor echoed to other clients. In JupyterLab the
page goes to the server instead and only says when it is done.

What it does not stop: anywidget takes its JavaScript and the offer from the kernel, so code in the
kernel can change both. Against that only the Secrets panel helps (docs/threat-model.md).
"""

from __future__ import annotations

from collections.abc import Callable
from importlib import resources
from typing import Any, Final

import anywidget
import traitlets
from IPython.display import DisplayHandle

from jupyter_agent.client import Client
from jupyter_agent.errors import AgentError, EntryInvalid, RequestInvalid

_AGAIN: Final = "Run the cell again for a new form."


class EntryWidget(anywidget.AnyWidget):
    """A form for one value under one label.

    Args:
        label: The label.
        mode: ``set`` or ``replace``.
        open_client: Opens a conversation with the broker.
        esm: The page's part, JavaScript.
    """

    label = traitlets.Unicode().tag(sync=True)
    mode = traitlets.Unicode("set").tag(sync=True)
    status = traitlets.Unicode("ready").tag(sync=True)
    message = traitlets.Unicode().tag(sync=True)

    def __init__(self, label: str, mode: str, open_client: Callable[[], Client], esm: str) -> None:
        # Before super(): anywidget reads it there, once.
        self._esm = esm
        self._open = open_client
        self._only_label = label  # not the trait, which the page may set
        self._replaces = mode == "replace"
        self._is_new = True
        self._handle: Any = None
        super().__init__(label=label, mode=mode)
        self.on_msg(self._received)

    def __repr__(self) -> str:
        command = f"{'replace' if self._replaces else 'set'} {self._only_label}"
        return (
            f"A form for the value of {self._only_label}. It needs a live notebook: run this cell "
            f"in JupyterLab. Or, in a terminal: jupyter agent secret {command}"
        )

    def show(self) -> None:
        """Show the form; once its value is saved, a sentence that stays in the notebook takes over.

        What a widget shows ends with its kernel, and a notebook that is opened again would say only
        that a model was not found.
        """
        self._handle = DisplayHandle()  # type: ignore[no-untyped-call]
        # By this JupyterLab knows it in a notebook that is opened again (labextension/src/forms).
        self._handle.display(self, metadata={"jupyter-agent": {"form": self._only_label}})

    def _received(self, _widget: Any, content: Any, _buffers: Any) -> None:
        """Answer one message of the page. Nothing of it is logged or kept, whatever it is."""
        try:
            answer = self._answer(content if isinstance(content, dict) else {})
        except AgentError as error:
            answer = {"type": "error", "message": error.message, "hint": error.hint}
        if answer:
            self.send(answer)

    def _answer(self, content: dict[str, Any]) -> dict[str, Any] | None:
        kind = content.get("type")
        if kind == "offer":
            return {"type": "offer", "offer": self._offer(content)}
        if kind == "shown":
            # Said once: a page that loads later finds a form that has waited.
            is_new, self._is_new = self._is_new, False
            return {"type": "new"} if is_new else None
        if kind == "sealed":
            self._save(content)
        elif kind != "saved":
            raise RequestInvalid("The form sent something unknown.", _AGAIN)
        self.status = "saved"
        if self._handle:
            self._handle.update(_Saved(self._only_label))
        return {"type": "saved", "label": self._only_label} if kind == "sealed" else None

    def _offer(self, content: dict[str, Any]) -> Any:
        with self._open() as client:
            answer = client.call(
                "secret.offer",
                label=self._only_label,
                origin=_text(content, "origin"),
                replace=self._replaces,
            )
        return answer["offer"]

    def _save(self, content: dict[str, Any]) -> None:
        names = ("kid", "ticket", "label", "origin", "sealed")
        fields = {name: _text(content, name) for name in names}
        if fields["label"] != self._only_label:
            raise EntryInvalid("The form belongs to another label.", _AGAIN)
        with self._open() as client:
            client.call("secret.save", **fields)


class _Saved:
    """What stands in the form's place afterwards."""

    def __init__(self, label: str) -> None:
        self._label = label

    def __repr__(self) -> str:
        return f"Saved {self._label}. Use it with %%agent_run -s {self._label}"


def entry_widget(label: str, mode: str, open_client: Callable[[], Client]) -> EntryWidget:
    """A form for one value.

    Args:
        label: The label.
        mode: ``set`` or ``replace``.
        open_client: Opens a conversation with the broker.

    Raises:
        AgentError: The page's part was never built.
    """
    return EntryWidget(label, mode, open_client, _page_script())


def _page_script() -> str:
    try:
        packaged = resources.files("jupyter_agent.kernel") / "entry.js"
        return packaged.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise AgentError(
            "The form's page part (kernel/entry.js) is missing from this installation.",
            "Install the package with pip, which builds it, or use a terminal: "
            "jupyter agent secret set LABEL",
        ) from None


def _text(content: dict[str, Any], name: str) -> str:
    value = content.get(name)
    if not isinstance(value, str):
        raise EntryInvalid("The form sent something incomplete.", _AGAIN)
    return value
