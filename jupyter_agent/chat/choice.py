"""Which model answers: what people write, and where that leads. Pure.

``KIND:NAME`` for what is known, a name and an address for everything else that speaks the API of
OpenAI. A choice holds a label at most, so it may be written down anywhere.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from ipaddress import ip_address
from typing import Any, Final, Literal
from urllib.parse import urlsplit

from jupyter_agent.errors import ModelMissing, RequestInvalid
from jupyter_agent.secret import check_label

Api = Literal["openai", "anthropic", "google", "local"]


@dataclass(frozen=True, slots=True)
class Kind:
    """One maker of models, or one server for them.

    Attributes:
        title: Its own name.
        api: Which API it speaks.
        service: Its name among the services of egress; "" for a server on this machine.
        path: Of the API, behind the service's address.
        label: The usual label of its key.
        url: Of a server on this machine.
    """

    title: str
    api: Api = "openai"
    service: str = ""
    path: str = ""
    label: str = ""
    url: str = ""


KINDS: Final[Mapping[str, Kind]] = {
    "openai": Kind("OpenAI", service="openai", path="/v1", label="OPENAI_API_KEY"),
    "anthropic": Kind("Anthropic", "anthropic", "anthropic", label="ANTHROPIC_API_KEY"),
    "google": Kind("Google Gemini", "google", "gemini", label="GEMINI_API_KEY"),
    "openrouter": Kind(
        "OpenRouter", service="openrouter", path="/api/v1", label="OPENROUTER_API_KEY"
    ),
    "mistral": Kind("Mistral AI", service="mistral", path="/v1", label="MISTRAL_API_KEY"),
    "groq": Kind("Groq", service="groq", path="/openai/v1", label="GROQ_API_KEY"),
    "deepseek": Kind("DeepSeek", service="deepseek", label="DEEPSEEK_API_KEY"),
    "together": Kind("Together AI", service="together", path="/v1", label="TOGETHER_API_KEY"),
    "xai": Kind("xAI", service="xai", path="/v1", label="XAI_API_KEY"),
    "fireworks": Kind(
        "Fireworks AI", service="fireworks", path="/inference/v1", label="FIREWORKS_API_KEY"
    ),
    "ollama": Kind("Ollama on this machine", url="http://127.0.0.1:11434/v1"),
    "lmstudio": Kind("LM Studio on this machine", url="http://127.0.0.1:1234/v1"),
    "vllm": Kind("vLLM on this machine", url="http://127.0.0.1:8000/v1"),
    "local": Kind("a small model in this process", "local"),
}

AGENTS: Final[Mapping[str, tuple[str, ...]]] = {
    "claude-code": ("claude-agent-acp", "claude-code-acp"),
    "codex": ("codex-acp",),
    "gemini": ("gemini --acp",),
    "goose": ("goose acp",),
}
"""Agents that speak ACP, by the names that people use: their commands, the first that is there."""

_BY_NAME: Final = (("gpt-", "openai"), ("claude", "anthropic"), ("gemini", "google"))


@dataclass(frozen=True, slots=True)
class Choice:
    """A model, and how it is reached.

    Attributes:
        name: As its maker calls it.
        kind: A key of ``KINDS``, or "" for any other server.
        api: Which API it speaks.
        url: The API's address where it is not the kind's own; "" else.
        key: The label of the key; "" where none is needed.
    """

    name: str
    kind: str = ""
    api: Api = "openai"
    url: str = ""
    key: str = ""

    def __str__(self) -> str:
        return f"{self.kind}:{self.name}" if self.kind else self.name

    @property
    def where(self) -> str:
        """Where messages go, for people."""
        if self.api == "local":
            return "this process; nothing leaves the machine"
        return self.address or KINDS[self.kind].title

    @property
    def address(self) -> str:
        """The API's address where it is known without the broker; "" else."""
        return self.url or (KINDS[self.kind].url if self.kind else "")

    @property
    def origin(self) -> str:
        """Scheme, host and port of a server of one's own; "" for the kind's own service."""
        parts = urlsplit(self.address)
        return f"{parts.scheme}://{parts.netloc}" if self.address else ""

    @property
    def path(self) -> str:
        """Of the API, behind the origin."""
        return urlsplit(self.address).path if self.address else KINDS[self.kind].path

    @property
    def on_this_machine(self) -> bool:
        """Whether messages stay on this machine."""
        return self.api == "local" or is_loopback(self.address)

    def way(self) -> dict[str, Any]:
        """The fields of `egress.open` for its key (docs/protocol.md)."""
        service = KINDS[self.kind].service if self.kind else ""
        fields: dict[str, Any] = {"label": self.key}
        if service:
            fields["service"] = service
        if self.origin:
            fields["host"] = self.origin
        if not service:
            fields["header"] = "Authorization: Bearer {}"
        return fields

    def to_json(self) -> dict[str, str]:
        """As it is written down."""
        whole = f"{self.kind}:{self.name}" if self.kind else self.name
        return {"model": whole, "url": self.url, "key": self.key}


def choose(model: str, url: str = "", key: str = "") -> Choice:
    """The model that a person means.

    Args:
        model: ``KIND:NAME``, or a name.
        url: The address of the API, for a server of one's own.
        key: The label of its key.

    Raises:
        RequestInvalid: The address is none.
        LabelInvalid: The key is no label.
        ModelMissing: It can't be told what is meant.
    """
    kind, name = _split(model)
    if url:
        _check_url(url)
        if kind and name == model:
            kind = ""  # guessed by its name; a server of one's own may call its models as it likes
    if key:
        check_label(key)
    if not kind and not url:
        raise ModelMissing(
            "It can't be told whose model that is.",
            f"KIND:NAME with KIND one of {', '.join(KINDS)}; or its server: --url ADDRESS",
        )
    if not name and kind != "local":
        raise ModelMissing("Which model?", f"%agent_chat --model {kind or 'KIND'}:NAME")
    known = KINDS.get(kind, Kind(""))
    usual = "" if url and is_loopback(url) else known.label
    if (key or usual) and urlsplit(url).scheme == "http" and not is_loopback(url):
        raise RequestInvalid(
            "A key goes by https only, but for a server on this machine.",
            "--url https://…, or an address that wants no key",
        )
    return Choice(name or "SmolLM2-135M", kind, known.api, url.rstrip("/"), key or usual)


def of_json(found: object) -> Choice | None:
    """The choice that was written down, or None where it is none."""
    if not isinstance(found, Mapping):
        return None
    fields = [found.get(name, "") for name in ("model", "url", "key")]
    if not all(isinstance(each, str) for each in fields) or not fields[0]:
        return None
    try:
        return choose(*map(str, fields))
    except (RequestInvalid, ModelMissing):
        return None


def is_loopback(url: str) -> bool:
    """Whether an address is one of this machine."""
    host = urlsplit(url).hostname or ""
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False  # a name, and 127.0.0.1.example.com is one like any other


def _split(model: str) -> tuple[str, str]:
    kind, colon, name = model.partition(":")
    if colon and kind in KINDS:
        return kind, name
    if model in KINDS:
        return model, ""
    return next((kind for start, kind in _BY_NAME if model.startswith(start)), ""), model


def _check_url(url: str) -> None:
    try:
        parts = urlsplit(url)
        fine = (
            parts.scheme in ("http", "https")
            and bool(parts.hostname)
            and "@" not in parts.netloc
            and parts.port != 0
            and url.isprintable()
            and not any(map(str.isspace, url))
        )
    except ValueError:
        fine = False
    if not fine or parts.query or parts.fragment:
        # Not repeated: some addresses hold a key.
        raise RequestInvalid(
            "That is no address of an API.", "--url http://127.0.0.1:8080/v1, and --key LABEL"
        )
