"""``%%agent_run``: one script, with the secrets it was permitted, through the broker."""

from __future__ import annotations

import json
import os
import sys
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Final

from IPython.core.magic import Magics, cell_magic, magics_class, no_var_expand

from jupyter_agent import wire
from jupyter_agent.client import Client, run_fields
from jupyter_agent.errors import RequestInvalid, RunError
from jupyter_agent.kernel import failures, manual, notes, paths, permission, terminal
from jupyter_agent.kernel.arguments import RunArguments, parse
from jupyter_agent.kernel.background import BackgroundRuns
from jupyter_agent.kernel.identity import has_terminal, open_client
from jupyter_agent.kernel.interrupts import Interrupts
from jupyter_agent.kernel.limit import Limit, Limited
from jupyter_agent.kernel.output import FLUSH_GAP, MOST_KEPT, Kept, Output, Printed
from jupyter_agent.kernel.saved_output import SavedOutput

_ENVIRONMENTS: Final = ("VIRTUAL_ENV", "CONDA_PREFIX")
"""What names the environment that Python is taken from."""


@magics_class
class RunMagics(Magics):
    """The magic that runs a script by label."""

    def __init__(self, shell: Any) -> None:
        super().__init__(shell)
        self._background = BackgroundRuns(shell)

    @no_var_expand
    @cell_magic("agent_run")  # type: ignore[arg-type]  # IPython types it for plain functions
    def agent_run(self, line: str, cell: str) -> None:
        """Run a shell script that may use secrets, by label.

        ::

            %%agent_run -s GITHUB_TOKEN
            curl -sH @<(printf 'Authorization: Bearer %s' "$GITHUB_TOKEN") https://api.github.com/user

        The script finds each value in an environment variable. The notebook, the kernel and the
        output hold the label only: where a value shows up in what the script prints, in base64,
        hex or URL form too, it is replaced by [secret:LABEL].

        The first time, a person is asked whether this notebook may use the secret for exactly
        this script. Unattended runs need a grant beforehand: jupyter agent grant LABEL

        Options, repeatable where marked *::

            -s LABEL          * put the secret into the variable LABEL
            -s NAME=LABEL     * put it into the variable NAME instead
            --stdin LABEL       let the script read it from standard input, to the last byte
            --file NAME=LABEL * put it into a private file in memory, and its path into NAME
            --template FILE     fill in the markers of a file, and put the path of the
                                result into TEMPLATE; a marker is {{LABEL}}
            --template NAME=FILE  * the same, and its path into NAME
            -v NAME           * export the Python variable NAME (text or number)
            --cwd DIR           run there; else where the kernel is
            --timeout SECONDS   end the script after that time, and all it has started
            --shell SHELL       bash (default), sh, zsh, fish, or python: the kernel's own
            --out NAME          bind standard output to the Python name NAME, as text
            --err NAME          bind standard error likewise
            --json NAME         read standard output as JSON and bind the object
            --pty               run it on a terminal: colours, progress bars, prompts
            --answer LABEL    * type the secret when the script asks for something hidden (a
                                password); each once, in the order of the prompts; takes --pty
            --bg NAME           go on at once, and bind NAME to a handle: NAME.tail(),
                                NAME.stop(), NAME.wait(); it ends with the kernel
            --save FILE         write everything it prints into a new private file; the cell shows
                                1,000,000 characters or 10,000 lines, and the last lines
            --overwrite         that file may be there already
            --show-output       a value of fewer than 8 bytes keeps the output from being shown;
                                show it all the same
            --quiet             no notes of our own below the output
            --no-raise          a non-zero exit code raises nothing

        {{LABEL}} in the script is the value too: it becomes a reference to the variable, so it
        works wherever the shell expands variables, and is refused elsewhere. A value among the
        arguments of another program can be seen in a list of processes while that program runs:
        --stdin and --file keep it out of there.

        A non-zero exit code raises subprocess.CalledProcessError; it is in _exit_code too.
        ■ (interrupt) ends the script and everything it has started within two seconds.
        The script is passed on as written: IPython expands neither $name nor {name} in it.

        See also: %secret list, %secret set LABEL
        """
        if manual.wanted(line):
            manual.show(self.agent_run)
            return
        arguments = parse(line)
        if not cell.strip():
            raise RequestInvalid("There is no script.", "It goes below the %%agent_run line.")
        request = run_request(self.shell, arguments, cell)
        if arguments.background:
            self._background.start(arguments, request)
            return
        with open_client(self.shell) as client:
            _Run(self.shell, client, arguments, cell).carry_out(request)


def run_request(shell: Any, arguments: RunArguments, script: str) -> wire.Message:
    """The fields of the broker's ``run``.

    Raises:
        RequestInvalid: A variable to export is missing or neither text nor number.
    """
    return {
        "script": script,
        "argv": None,
        "shell": arguments.shell,
        "secrets": [{"label": label, "env": env} for env, label in arguments.secrets.items()],
        "stdin": arguments.stdin or None,
        "files": [{"label": label, "env": env} for env, label in arguments.files.items()],
        "templates": [
            run_fields.read_template(env, str(paths.absolute(path)))
            for env, path in arguments.templates.items()
        ],
        "cwd": str(paths.absolute(arguments.cwd or ".")),
        "env": {
            **_supplied(arguments.shell),
            **(terminal.ENVIRONMENT if arguments.pty else {}),
            **_exported(shell, arguments.variables),
        },
        "timeout": arguments.timeout,
        "approve": has_terminal(shell),
        "background": bool(arguments.background),
        "terminal": terminal.wanted(arguments.answers) if arguments.pty else None,
        "show_output": arguments.shows_output,
    }


def _supplied(shell: str) -> dict[str, str]:
    env = run_fields.handed_on(os.environ)
    if shell != "python":
        return env
    # Whoever writes Python in a notebook means this kernel's Python and its packages, whether or
    # not the environment was activated before the kernel was started.
    env = {name: value for name, value in env.items() if name not in _ENVIRONMENTS}
    if sys.prefix != sys.base_prefix:
        env["VIRTUAL_ENV"] = sys.prefix
    env["PATH"] = os.pathsep.join((str(Path(sys.executable).parent), env.get("PATH", "")))
    return env


def _exported(shell: Any, names: tuple[str, ...]) -> dict[str, str]:
    exported = {}
    for name in names:
        if name not in shell.user_ns:
            raise RequestInvalid(
                f"There is no variable {name} to export.", "Run the cell first that sets it."
            )
        value = shell.user_ns[name]
        if not isinstance(value, str | int | float | os.PathLike):
            raise RequestInvalid(
                f"The variable {name} is neither text nor a number.", "Export json.dumps(…) of it."
            )
        exported[name] = str(value)
    return exported


class _Run:
    """One run, from the request to the cell's end."""

    def __init__(self, shell: Any, client: Client, arguments: RunArguments, script: str) -> None:
        self._shell = shell
        self._client = client
        self._arguments = arguments
        self._script = script
        self._limit = Limit()
        keeps_stdout = bool(arguments.out or arguments.json)
        self._stdout = Kept() if keeps_stdout else Limited(Printed(sys.stdout), self._limit)
        self._stderr = Kept() if arguments.err else Limited(Printed(sys.stderr), self._limit)
        self._permission = permission.for_run(shell, arguments.labels)

    def carry_out(self, request: wire.Message) -> None:
        """Run to the end, print and bind what came, and raise where that is due."""
        with ExitStack() as until_ended:
            saved = None
            if name := self._arguments.save:
                file = SavedOutput(name, overwrite=self._arguments.overwrite)
                saved = until_ended.enter_context(file).write
            output = Output(self._stdout, self._stderr, saved)
            try:
                result = self._follow(request, output)
            finally:
                self._permission.answered()
                output.finish()
                self._tell_cut()
                self._bind_text()
        self._shell.user_ns["_exit_code"] = result["exit"]
        if not self._arguments.quiet:
            notes.show_hits(self._shell, result)
        notes.show_withheld(self._shell, result)
        error = failures.failure(
            result, self._script, self._arguments.timeout, _text(self._stdout), _text(self._stderr)
        )
        if error and self._arguments.raises:
            raise error
        self._bind_json(withheld=bool(result.get("withheld")))

    def _follow(self, request: wire.Message, output: Output) -> wire.Message:
        number = self._client.begin("run", **request)
        with Interrupts(self._client, number) as interrupts:
            while "result" not in (message := self._next(number, output)):
                self._take(message, output, interrupts)
            if interrupts.stopped:
                raise failures.KeyboardInterrupt(
                    "the script was ended, with everything it had started."
                )
        result: wire.Message = message["result"]
        return result

    def _next(self, number: int, output: Output) -> wire.Message:
        # A prompt has no line end and nothing comes after it: it must not wait for a timer.
        if output.waits and not self._client.ready(FLUSH_GAP):
            output.flush()
        return self._client.receive(number)

    def _take(self, message: wire.Message, output: Output, interrupts: Interrupts) -> None:
        event = message.get("event")
        if event == "output":
            output.feed(message)
        elif event == "asking":
            self._permission.ask(message)
        elif event == "started":
            interrupts.started = True
            self._permission.answered()
        elif event == "hidden_prompt":
            output.flush()
            notes.show(self._shell, terminal.UNANSWERED)

    def _tell_cut(self) -> None:
        # Also with --quiet: what is missing must not look as if it had never been there.
        if note := self._limit.note(self._arguments.save):
            notes.show(self._shell, f"{note}. The last lines:")
            print(self._limit.last, end="", flush=True)  # noqa: T201  (the command's own output)

    def _bind_text(self) -> None:
        names = (self._arguments.out, self._arguments.err)
        for name, sink in zip(names, (self._stdout, self._stderr), strict=True):
            if name and isinstance(sink, Kept):
                self._shell.user_ns[name] = sink.text
                if sink.cut:
                    note = (
                        f"{name} holds the first {MOST_KEPT:,} characters; the whole: --save FILE"
                    )
                    notes.show(self._shell, note)

    def _bind_json(self, *, withheld: bool) -> None:
        if not self._arguments.json:
            return
        if withheld:
            raise RunError(
                f"The output is not shown, so {self._arguments.json} was not bound.",
                "Show it all the same, if you trust what the script prints: --show-output",
            )
        try:
            self._shell.user_ns[self._arguments.json] = json.loads(_text(self._stdout) or "")
        except ValueError:
            # Not chained: that error holds the whole output.
            raise RunError(
                f"The output is no JSON, so {self._arguments.json} was not bound.",
                "Look at it as text: --out NAME",
            ) from None


def _text(sink: Kept | Limited) -> str | None:
    return sink.text if isinstance(sink, Kept) else None
