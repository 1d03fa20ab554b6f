"""``%%agent_chat``: a message to a model, which works with labels and never sees a value."""

from __future__ import annotations

import builtins
from typing import TYPE_CHECKING, Any, Final

from IPython.core.magic import Magics, cell_magic, line_magic, magics_class, no_var_expand

from jupyter_agent.chat import choice
from jupyter_agent.chat.choice import KINDS, Choice
from jupyter_agent.errors import ModelMissing, RequestInvalid
from jupyter_agent.kernel import manual, notes, tables
from jupyter_agent.kernel.chat_arguments import ChatArguments, parse
from jupyter_agent.kernel.chat_attachments import attachment

if TYPE_CHECKING:
    from jupyter_agent.kernel.chat_session import ChatSession

_GUIDANCE: Final = """\
Choose one, once:
  %agent_chat --model openai:NAME       or anthropic:NAME, google:NAME, openrouter:NAME; their key
                                        is a secret: %secret set OPENAI_API_KEY
  %agent_chat --model ollama:NAME       a server on this machine, no key; lmstudio and vllm likewise
  %agent_chat --model NAME --url http://127.0.0.1:8080/v1 [--key LABEL]   any other server
  jupyter agent model install           in a terminal: a small model to try it, without a key"""


class KeyboardInterrupt(builtins.KeyboardInterrupt):  # noqa: A001  (the name is what people see)
    """■ was pressed."""

    def _render_traceback_(self) -> list[str]:
        return ["KeyboardInterrupt: stopped, with everything that the model had started."]


@magics_class
class ChatMagics(Magics):
    """The magics of chat cells."""

    def __init__(self, shell: Any) -> None:
        super().__init__(shell)
        self._session: ChatSession | None = None

    def close(self) -> None:
        """Forget the conversation, and close what was opened for it."""
        if self._session is not None:
            self._session.close()
            self._session = None

    @no_var_expand
    @cell_magic("agent_chat")  # type: ignore[arg-type]  # IPython types it for plain functions
    def agent_chat_cell(self, line: str, cell: str) -> None:
        """Ask a model, and let it work with your secrets by label.

        ::

            %%agent_chat
            Which of my GitHub repositories changed this week? Use GITHUB_TOKEN.

        The model knows labels only. What it wants to run, and why, is shown to you, and waits for
        your yes; what comes back is scrubbed before it reads it. The message is screened first: a
        message that holds a secret goes nowhere.

        The notebook's conversation goes on from cell to cell until the kernel ends.

        Options::

            --with NAME …     let it see variables, or cells by their number: --with df [3]
            --model KIND:NAME who answers this message; %agent_chat --model chooses for all
            --url ADDRESS     a server of your own, with the API of OpenAI
            --key LABEL       the label of its key
            --agent NAME      an agent that speaks ACP answers: claude-code, codex, gemini, goose,
                              or a command; its commands run in our terminals, by label
            --no-tools        it may only answer
            --new             begin a new conversation with this message

        ■ (interrupt) stops the answer and everything it has started.

        See also: %agent_chat --status, %agent_chat --history, %agent_chat --new
        """
        if manual.wanted(line):
            manual.show(self.agent_chat_cell)
            return
        arguments = parse(line)
        if arguments.status or arguments.history:
            raise RequestInvalid(
                "--status and --history go without a message.", "%agent_chat --history"
            )
        if not cell.strip():
            raise RequestInvalid("There is no message.", "It goes below the %%agent_chat line.")
        session = self._ready()
        if arguments.agent:
            self._ask_agent(session, arguments, cell.strip())
            return
        chosen = self._chosen(arguments) if arguments.chooses else session.chosen
        if chosen is None:
            raise ModelMissing("No model is chosen yet.", _GUIDANCE)
        attached = [attachment(self.shell, name) for name in arguments.attached]
        if arguments.new:
            session.conversation.clear()
        try:
            turn, usage, seconds = session.ask(
                chosen, cell.strip(), attached, with_tools=not arguments.no_tools
            )
        except builtins.KeyboardInterrupt:
            raise KeyboardInterrupt from None
        notes.show(self.shell, _used(turn.model, chosen, usage, seconds))

    @no_var_expand
    @line_magic("agent_chat")  # type: ignore[arg-type]
    def agent_chat_line(self, line: str) -> Any:
        """Choose who answers in chat cells, and look at the conversation.

        ::

            %agent_chat --status                          who answers, and where that is
            %agent_chat --model anthropic:NAME            the key: %secret set ANTHROPIC_API_KEY
            %agent_chat --model ollama:NAME               a server on this machine
            %agent_chat --model NAME --url ADDRESS [--key LABEL]
            %agent_chat --model local                     after: jupyter agent model install
            %agent_chat --history                         what was said
            %agent_chat --new                             forget it

        A message goes below %%agent_chat, with two percent signs.
        """
        if manual.wanted(line):
            return manual.show(self.agent_chat_line)
        arguments = parse(line)
        session = self._ready()
        if arguments.attached or arguments.no_tools or arguments.agent:
            raise RequestInvalid("That goes with a message.", "%%agent_chat, and the message below")
        if arguments.chooses:
            session.choose(self._chosen(arguments))
        if arguments.new:
            session.conversation.clear()
            notes.show(self.shell, "A new conversation begins.")
        if arguments.history:
            return _history(session)
        if session.chosen is None:
            print(f"No model is chosen yet. {_GUIDANCE}")  # noqa: T201  (the magic's own output)
            return None
        if arguments.status or arguments.chooses or not line.strip():
            return _status(session, session.chosen)
        return None

    def _ask_agent(self, session: ChatSession, arguments: ChatArguments, message: str) -> None:
        attached = [attachment(self.shell, name) for name in arguments.attached]
        try:
            turn, usage, seconds = session.ask_agent(
                arguments.agent, message, attached, new=arguments.new
            )
        except builtins.KeyboardInterrupt:
            raise KeyboardInterrupt from None
        parts = (turn.model, f"{seconds:.1f} s", usage.ended)
        notes.show(self.shell, " · ".join(filter(None, parts)))

    def _chosen(self, arguments: ChatArguments) -> Choice:
        before = self._ready().chosen
        if arguments.model or before is None:
            return choice.choose(arguments.model, arguments.url, arguments.key)
        # Of what is not said anew, where messages go least of all may change by itself.
        named = f"{before.kind}:{before.name}".removeprefix(":")
        return choice.choose(named, arguments.url or before.url, arguments.key)

    def _ready(self) -> ChatSession:
        if self._session is None:
            # Late: most kernels never chat, and it brings the way to the broker with it.
            from jupyter_agent.kernel.chat_session import ChatSession  # noqa: PLC0415

            self._session = ChatSession(self.shell)
        return self._session


def _used(name: str, chosen: Choice, usage: Any, seconds: float) -> str:
    parts = [name]
    if usage.sent or usage.received:
        parts.append(f"{usage.sent:,} tokens sent, {usage.received:,} received")
    if usage.requests > 1:
        parts.append(f"{usage.requests} requests")
    parts.append(f"{seconds:.1f} s")
    if usage.ended and chosen.api != "local":
        parts.append(usage.ended)
    if chosen.api == "local":
        parts.append("a small model without tools, for trying it")
    return " · ".join(parts)


def _status(session: ChatSession, chosen: Choice) -> tables.Table:
    turns = session.conversation.turns
    rows = [
        ("answers", str(chosen)),
        ("messages go to", chosen.where),
        ("its key", chosen.key or "none is needed"),
        ("conversation", f"{len(turns)} messages, {sum(turn.size for turn in turns):,} characters"),
        ("kinds", ", ".join(KINDS)),
    ]
    return tables.Table(("", ""), rows)


def _history(session: ChatSession) -> tables.Table:
    rows = [
        (
            str(number),
            _line(turn.message),
            ", ".join(step.tool for step in turn.steps),
            _line(turn.answer) + (" (stopped)" if turn.stopped else ""),
        )
        for number, turn in enumerate(session.conversation.turns, 1)
    ]
    empty = "Nothing was said yet. Begin: %%agent_chat, and a message below it."
    return tables.Table(("", "you", "tools", "answer"), rows, empty=empty)


def _line(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= 100 else f"{line[:99]}…"
