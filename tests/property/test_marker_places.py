"""Where a marker is taken for a variable, the shell reads the script as if a word stood there."""

from __future__ import annotations

import os
import subprocess

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from jupyter_agent.broker import markers
from jupyter_agent.broker.script_markers import read_script
from jupyter_agent.errors import AgentError

FLAGS = {
    "bash": ["bash", "--noprofile", "--norc", "-c"],
    "sh": ["sh", "-c"],
    "zsh": ["zsh", "-f", "-c"],
    "fish": ["fish", "--no-config", "-c"],
}
EXAMPLES = int(os.environ.get("MARKER_EXAMPLES", "40"))
WORD = ".mArK."
"""A value that means nothing to any shell, in whatever quotes it stands."""

COMMON = ["'", '"', "\\", "#", ";", "(", ")", "$(", "x", "$V_A", "{", "}"]
COMMON += [" ", "\n", "echo ", "echo "]
POSIX = ["`", "$'", "${V_A}", "${N:-", "$((1", "))", "<<<", "$", "(("]
POSIX += ["read r <<E\n", "read r <<'E'\n", "read r <<-E\n", "\nE\n", "\n\tE\n", '\nE\necho "$r"\n']
POSIX += ["case x in x) ", " esac", "[[ x == ", " ]]"]


def scripts(shell: str) -> st.SearchStrategy[str]:
    pieces = [*COMMON, *([] if shell == "fish" else POSIX)]
    piece = st.one_of(st.sampled_from(pieces), st.just("{{A}}"), st.just("echo {{A}}"))
    # $$ is another number each time; which of two backslashes is for the marker, `plain` can't say.
    joined = st.lists(piece, min_size=1, max_size=14).map("".join)
    return joined.filter(lambda s: "$$" not in s and "\\\\" not in s and markers.BARE.search(s))


def said(shell: str, script: str) -> tuple[bytes, int]:
    # No PATH: nothing but the shell's own commands can be started, whatever is put together here.
    env = {"PATH": "/nowhere", "V_A": WORD, "HOME": "/dev/null"}
    done = subprocess.run(
        [f"/usr/bin/{FLAGS[shell][0]}", *FLAGS[shell][1:], script],
        env=env,
        cwd="/",
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        timeout=20,
        check=False,
    )
    return done.stdout, done.returncode


@pytest.mark.parametrize("shell", FLAGS)
def test_a_marker_that_is_accepted_means_what_a_word_there_means(shell):
    @settings(max_examples=EXAMPLES, suppress_health_check=[HealthCheck.filter_too_much])
    @given(scripts(shell))
    def check(script: str) -> None:
        try:
            read = read_script(script, shell)
        except AgentError:
            return  # refused is always right
        text = read.with_references(dict.fromkeys(read.labels, "V_A"))
        if text == script:
            return  # only in comments
        assert said(shell, text) == said(shell, plain(script)), text

    check()


def plain(script: str) -> str:
    """The script with the word itself where a marker stands, or the marker where it is escaped."""

    def one(found) -> str:
        return found[2] if found[1] else WORD

    return markers.re.sub(r"(\\?)(\{\{A\}\})", one, script)
