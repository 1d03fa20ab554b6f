"""Guard C in a real kernel: a secret in a cell reaches nobody and stays nowhere."""

from __future__ import annotations

import random
import string

import pytest
from canary import Canary

from jupyter_agent.screen.box import MIME

pytestmark = pytest.mark.one_kernel


@pytest.fixture
def canary(request: pytest.FixtureRequest) -> Canary:
    """Shaped like an OpenAI project key; assembled here, so that no file holds one.

    The same in every run: one in a hundred thousand has crosses in it, and is taken for a stand-in.
    """
    rng = random.Random(request.node.name)
    body = "".join(rng.choices(string.ascii_letters + string.digits, k=48))
    return Canary("sk-" + "proj-" + body)


def _memory_of(kernel, canary) -> str:
    """Where a live IPython would still have it; the needle is put together in the kernel."""
    return kernel.value(
        f"[name for name, text in {{'In': In, '_ih': _ih, 'user_ns': {{k: v for k, v in "
        "get_ipython().user_ns.items() if k.startswith('_')}, 'raw': "
        "get_ipython().history_manager.input_hist_raw, 'parsed': "
        "get_ipython().history_manager.input_hist_parsed, 'parent': "
        "get_ipython().kernel.get_parent()}.items() if "
        f"''.join({list(canary.value)!r}) in str(text)]"
    )


@pytest.mark.one_kernel(shared=False)
def test_a_secret_in_a_cell_shows_the_box_and_stays_nowhere(kernel, canary, ipython_folder):
    cell = kernel.run(f"key = '{canary.value}'\nprint('ran')")
    assert cell.ename == "SecretBlocked"
    assert cell.text() == ""
    (bundle,) = cell.data
    (finding,) = bundle[MIME]["findings"]
    assert set(finding) == {"rule", "kind", "title", "start", "end", "preview"}
    assert (finding["start"], finding["end"]) == (7, 7 + len(canary.value))
    assert finding["preview"] == "sk-proj-••••••••"
    assert "%secret set" in bundle["text/plain"]
    assert bundle["text/html"].startswith("<div")
    assert canary.value not in str(cell.messages) + str(cell.reply)

    kernel.run("1 + 1")  # so that the history's thread has something to write
    kernel.run("get_ipython().history_manager.writeout_cache()")
    assert _memory_of(kernel, canary) == "[]"
    assert canary.search_tree(ipython_folder) == []
    assert (ipython_folder / "profile_default" / "history.sqlite").stat().st_size > 0


@pytest.mark.parametrize(
    "line", ["%%ai chat\nmy key is {}", "!curl -H 'Authorization: Bearer {}' x.org", "%env K={}"]
)
def test_magic_and_shell_lines_are_screened_too(kernel, canary, line):
    cell = kernel.run(line.format(canary.value))
    assert cell.ename == "SecretBlocked"
    assert canary.value not in str(cell.messages)


@pytest.mark.one_kernel(shared=False)
def test_an_ai_cell_with_a_secret_reaches_neither_its_magic_nor_the_history(
    kernel, canary, ipython_folder
):
    # Jupyter AI's magic comes with a package of its own, and with whoever else takes that name.
    kernel.run(
        "asked = []\n"
        "get_ipython().register_magic_function("
        "lambda line, cell: asked.append((line, cell)), 'cell', 'ai')"
    )
    assert kernel.run(f"%%ai claude\nmy key is {canary.value}").ename == "SecretBlocked"
    kernel.run("%%ai claude\nhello")
    kernel.run("get_ipython().history_manager.writeout_cache()")
    assert kernel.value("asked") == "[('claude', 'hello\\n')]"
    assert _memory_of(kernel, canary) == "[]"
    assert canary.search_tree(ipython_folder) == []


def test_later_cells_of_a_run_all_do_not_run_on(kernel, canary):
    first = kernel.client.execute(f"key = '{canary.value}'")
    second = kernel.client.execute("ran_on = True")
    replies = {}
    while len(replies) < 2:
        message = kernel.client.get_shell_msg(timeout=20)
        if message["parent_header"]["msg_id"] in (first, second):
            replies[message["parent_header"]["msg_id"]] = message["content"]["status"]
    assert replies == {first: "error", second: "aborted"}
    assert kernel.value("'ran_on' in globals()") == "False"


def test_the_control_channel_is_no_way_around(kernel, canary):
    content = {"code": f"leaked = '{canary.value}'", "silent": False, "store_history": True}
    message = kernel.client.session.msg("execute_request", content)
    kernel.client.control_channel.send(message)
    reply = kernel.client.control_channel.get_msg(timeout=20)
    assert reply["content"]["ename"] == "SecretBlocked"
    assert kernel.value("'leaked' in globals()") == "False"


def test_a_subshell_is_no_way_around(kernel, canary):
    session, client = kernel.client.session, kernel.client
    client.control_channel.send(session.msg("create_subshell_request"))
    subshell = client.control_channel.get_msg(timeout=20)["content"]["subshell_id"]

    message = session.msg("execute_request", {"code": f"leaked = '{canary.value}'", "silent": True})
    message["header"]["subshell_id"] = subshell
    client.shell_channel.send(message)
    while (reply := client.get_shell_msg(timeout=20))["parent_header"] != message["header"]:
        pass

    assert reply["content"]["ename"] == "SecretBlocked"
    assert kernel.value("'leaked' in globals()") == "False"


def test_user_expressions_are_screened(kernel, canary):
    answer = kernel.client.execute_interactive(
        "ok = 1", user_expressions={"x": f"'{canary.value}'"}, timeout=20
    )
    assert answer["content"]["status"] == "error"
    assert canary.value not in str(answer)


@pytest.mark.parametrize(
    "line", ["%secret set DEMO hunter2", "  %secret replace DEMO 'a b'", "secret set DEMO pw"]
)
def test_a_value_behind_secret_set_never_reaches_the_magic(kernel, line):
    cell = kernel.run("x = 1\n" + line)
    assert cell.ename == "SecretBlocked"
    (finding,) = cell.data[0][MIME]["findings"]
    assert finding["rule"] == "value-on-secret-line"
    assert "hunter2" not in str(cell.messages)


def test_clean_cells_keep_their_history_and_their_number(kernel):
    first = kernel.run("1")
    second = kernel.run("_ + 1")
    assert second.data == [{"text/plain": "2"}]
    assert second.reply["execution_count"] == first.reply["execution_count"] + 1
    assert kernel.value("In[-1]") == "'_ + 1'"


def test_a_screener_that_breaks_stops_the_cell_and_not_the_kernel(kernel):
    kernel.run("guard = get_ipython().meta['jupyter_agent'].guard\nscreener = guard._screener")
    kernel.run(
        "class Broken:\n    def screen(self, text):\n"
        "        if 'boom' in text: raise RuntimeError(text)\n        return []\n"
        "guard._screener = Broken()"
    )
    cell = kernel.run("print('boom')")
    assert cell.ename == "SecretBlocked"
    assert "could not be screened" in cell.shown_error
    assert "boom" not in str(cell.messages)
    assert kernel.run("print('on')").text() == "on\n"


def test_a_text_that_takes_too_long_counts_as_blocked(kernel):
    kernel.run(
        "from jupyter_agent.errors import ScreenTimeout\n"
        "class Slow:\n    def screen(self, text):\n"
        "        if 'slow' in text: raise ScreenTimeout('late')\n        return []\n"
        "get_ipython().meta['jupyter_agent'].guard._screener = Slow()"
    )
    assert kernel.run("print('slow')").ename == "SecretBlocked"


@pytest.mark.one_kernel(shared=False)
def test_reloading_guards_once_and_unloading_takes_it_out(kernel, canary):
    for _ in range(2):
        kernel.run("%load_ext jupyter_agent\n%reload_ext jupyter_agent")
    cell = kernel.run(f"'{canary.value}'")
    assert len(cell.data) == 1
    assert kernel.run("%%agent_run\necho still").text() == "still\n"
    kernel.run("%unload_ext jupyter_agent")
    assert kernel.run(f"len('{canary.value}')").reply["status"] == "ok"
    assert _memory_of(kernel, canary) != "[]"  # the search of the first test does find
    assert "not found" in kernel.run("%secret list").text("stderr")


@pytest.mark.parametrize("name", ["code", "expression", "value"])
def test_the_debuggers_dump_of_a_cell_is_emptied(kernel, canary, name):
    dump = {"type": "request", "seq": 1, "command": "dumpCell"}
    seen = kernel.value(
        "(lambda m: (get_ipython().meta['jupyter_agent'].guard._screen_debugging(m), "
        f"m['content']['arguments'][{name!r}])[1])({{'content': "
        f"{ {**dump, 'arguments': {}}!r} | {{'arguments': {{{name!r}: "
        f"'k = ' + repr(''.join({list(canary.value)!r}))}}}}}})"
    )
    assert seen == "''"


PRESSED_WHILE_IT_ASKS = """
import signal
from jupyter_agent.kernel.known import KnownValues
judged = KnownValues.judged
def pressed(*asked):
    KnownValues.judged = judged
    signal.raise_signal(signal.SIGINT)
KnownValues.judged = pressed
"""


def test_stop_while_a_cell_is_screened_ends_the_cell(kernel):
    kernel.run(PRESSED_WHILE_IT_ASKS)
    cell = kernel.run("print('ran')")
    assert (cell.ename, cell.text()) == ("KeyboardInterrupt", "")
    assert kernel.run("print('on')").text() == "on\n"
