"""A model that can be asked, made by pydantic-ai. The only module that loads a vendor's library."""

from __future__ import annotations

import importlib.util
from typing import TYPE_CHECKING, Any, Final

from jupyter_agent.chat.choice import Choice
from jupyter_agent.errors import ModelFailed, ModelMissing

if TYPE_CHECKING:
    import httpx2
    from pydantic_ai.models import Model

NO_KEY = "no-key-is-needed"
"""Libraries want something where a key would be; servers on this machine do not look at it."""

_SECONDS = 600.0
_CONNECT_SECONDS = 10.0


def check_installed() -> None:
    """Return if models can be asked here at all.

    Raises:
        ModelMissing: The extra is not installed.
    """
    if importlib.util.find_spec("pydantic_ai") is None:
        raise ModelMissing(
            "Chat cells need a package that is not installed here.",
            'Install it where this kernel runs: pip install "jupyter-agent-secrets[agent]"',
        )


def built(choice: Choice, base_url: str, key: str) -> Model:
    """The model behind an address.

    Args:
        choice: Which model.
        base_url: Where to ask: a way out of ours, or a server that wants no key.
        key: The placeholder that the way exchanges for the value, or ``NO_KEY``.

    Raises:
        ModelMissing: The library for its API is not installed.
    """
    check_installed()
    try:
        return _MAKE[choice.api](choice.name, base_url, key)
    except ImportError:
        raise ModelMissing(
            f"The library for models of {choice} is not installed here.",
            'Install it where this kernel runs: pip install "jupyter-agent-secrets[agent]"',
        ) from None


async def _stay(answer: Any) -> None:
    """Called with each answer, before anything follows it.

    A server that sends on to another one would hand the conversation to somebody whom nobody has
    chosen. Within the server, which is all that a way out of ours says, it is followed.

    Raises:
        ModelFailed: It sends on elsewhere.
    """
    if answer.has_redirect_location:
        here = answer.request.url
        there = here.join(answer.headers["location"])
        if (there.scheme, there.netloc) != (here.scheme, here.netloc):
            raise ModelFailed(
                "The model's server sends on to another address, which nobody has chosen.",
                "If that one is right, choose it: --url ADDRESS",
            )


_HOOKS: Final = {"response": [_stay]}


def _openai(name: str, base_url: str, key: str) -> Model:
    from openai import AsyncOpenAI, DefaultAsyncHttpxClient  # noqa: PLC0415
    from pydantic_ai.models.openai import OpenAIChatModel  # noqa: PLC0415
    from pydantic_ai.providers.openai import OpenAIProvider  # noqa: PLC0415

    # trust_env: a proxy of the environment would see every message, and the placeholder.
    http = DefaultAsyncHttpxClient(trust_env=False, timeout=_timeout(), event_hooks=_HOOKS)
    client = AsyncOpenAI(base_url=base_url, api_key=key, http_client=http, max_retries=1)
    return OpenAIChatModel(name, provider=OpenAIProvider(openai_client=client))


def _anthropic(name: str, base_url: str, key: str) -> Model:
    from anthropic import AsyncAnthropic, DefaultAsyncHttpxClient  # noqa: PLC0415
    from pydantic_ai.models.anthropic import AnthropicModel  # noqa: PLC0415
    from pydantic_ai.providers.anthropic import AnthropicProvider  # noqa: PLC0415

    http = DefaultAsyncHttpxClient(trust_env=False, timeout=_timeout(), event_hooks=_HOOKS)
    # auth_token: else it would be read from a variable, and sent beside the key.
    client = AsyncAnthropic(
        base_url=base_url, api_key=key, auth_token=None, http_client=http, max_retries=1
    )
    client.auth_token = None
    return AnthropicModel(name, provider=AnthropicProvider(anthropic_client=client))


def _google(name: str, base_url: str, key: str) -> Model:
    import httpx2  # noqa: PLC0415
    from pydantic_ai.models.google import GoogleModel  # noqa: PLC0415
    from pydantic_ai.providers.google import GoogleProvider  # noqa: PLC0415

    http = httpx2.AsyncClient(trust_env=False, timeout=_timeout())
    provider = GoogleProvider(api_key=key, base_url=base_url, http_client=http)
    return GoogleModel(name, provider=provider)


def _timeout() -> httpx2.Timeout:
    import httpx2  # noqa: PLC0415

    return httpx2.Timeout(_SECONDS, connect=_CONNECT_SECONDS)


def _local(name: str, base_url: str, key: str) -> Model:
    made = _openai(name, base_url, key)
    # A model this small does not come to an end by itself.
    made._settings = {"max_tokens": 256}  # noqa: SLF001  (of `Model`; its own argument is a class's)
    return made


_MAKE = {"openai": _openai, "anthropic": _anthropic, "google": _google, "local": _local}
