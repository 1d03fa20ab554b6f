"""``{{LABEL}}`` in a script becomes a variable, or is refused; never anything else."""

from __future__ import annotations

import subprocess
import sys

import pytest

from jupyter_agent.broker.script_markers import plain_words, read_script
from jupyter_agent.errors import AgentError, RequestInvalid

VALUE = "two  words; $(echo no) `echo no` \" ' * \\"
"""Anything a shell could take for more than a value."""


def rewritten(script: str, shell: str = "bash") -> str:
    read = read_script(script, shell)
    return read.with_references({label: f"V_{label}" for label in read.labels})


def run(script: str, shell: str) -> str:
    """What a real shell prints for a script with the markers A and B."""
    flags = {
        "bash": ["bash", "--noprofile", "--norc", "-c"],
        "sh": ["sh", "-c"],
        "zsh": ["zsh", "-f", "-c"],
        "fish": ["fish", "--no-config", "-c"],
        "python": [sys.executable, "-I", "-c"],
    }[shell]
    text = rewritten(script, shell)
    env = {"PATH": "/usr/bin:/bin", "V_A": VALUE, "V_B": "b"}
    done = subprocess.run([*flags, text], capture_output=True, text=True, check=True, env=env)
    return done.stdout


WORK = {
    "unquoted": ("printf '<%s>' {{A}}", f"<{VALUE}>"),
    "blanks inside": ("printf '<%s>' {{ A }}", f"<{VALUE}>"),
    "double quotes": ("printf '<%s>' \"x{{A}}y\"", f"<x{VALUE}y>"),
    "glued": ("printf '<%s>' x{{A}}y{{B}}z", f"<x{VALUE}ybz>"),
    "assignment": ("X={{A}}; printf '<%s>' \"$X\"", f"<{VALUE}>"),
    "substitution": ('printf \'<%s>\' "$(printf %s "{{A}}")"', f"<{VALUE}>"),
    "substitution, no quotes": ("printf '<%s>' \"a $(printf %s {{A}}) z\"", f"<a {VALUE} z>"),
    "single quotes in a substitution": (
        "printf '<%s>' \"$(printf '%s' {{A}})\"",
        f"<{VALUE}>",
    ),
    "here-document": ("cat <<END\nx 'y' {{A}} z\nEND\nprintf {{B}}", f"x 'y' {VALUE} z\nb"),
    "tabs": ("cat <<-END\n\t{{A}}\n\tEND\nprintf {{B}}", f"{VALUE}\nb"),
    "two documents": ("cat <<X; cat <<'Y'\n{{A}}\nX\n'\nY\nprintf {{B}}", f"{VALUE}\n'\nb"),
    "nested document": ('printf %s "$(cat <<X\n{{A}}\nX\n)"', VALUE),
    "comment": ("# it's {{A}}\nprintf {{B}} # {{A}}", "b"),
    "case": ("case {{B}} in b) printf %s {{A}};; esac", VALUE),
    "group": ("(printf %s {{A}}) | cat; { printf {{B}}; }", VALUE + "b"),
    "function": ('f() { printf %s "$1"; }; f {{A}}', VALUE),
    "escaped": ("printf %s '\\{{A}}' \"\\{{A}}\" \\{{A}}", "{{A}}{{A}}{{A}}"),
    "a backslash before": ('printf %s "\\\\{{B}}"', "\\b"),
    "no label": ("printf %s '{{ a }}{{.B}}{{}}{A}'", "{{ a }}{{.B}}{{}}{A}"),
    "arithmetic before": ("printf %s $((1<<2)){{A}}", f"4{VALUE}"),
    "parameters before": ('printf %s ${NOT_SET:-x}"${V_B#\\\'}"{{A}}', f"xb{VALUE}"),
}


@pytest.mark.parametrize("shell", ["bash", "sh", "zsh"])
@pytest.mark.parametrize("case", WORK)
def test_a_marker_is_the_value_whatever_it_holds(case, shell):
    script, printed = WORK[case]
    assert run(script, shell) == printed


FISH = {
    "unquoted": ("printf '<%s>' {{A}}", f"<{VALUE}>"),
    "double quotes": ("printf '<%s>' \"x{{A}}y\"", f"<x{VALUE}y>"),
    "glued": ("printf '<%s>' x{{A}}y{{B}}z", f"<x{VALUE}ybz>"),
    "substitution": ("printf '<%s>' (printf %s {{A}})", f"<{VALUE}>"),
    "quoted substitution": ("printf '<%s>' \"$(printf %s {{A}})\"", f"<{VALUE}>"),
    "comment": ("# it's {{A}}\nprintf {{B}}", "b"),
    "escaped quote": ("printf %s 'it\\'s'{{B}}", "it'sb"),
    "escaped": ("printf %s '\\{{A}}' \\{{A}}", "{{A}}{{A}}"),
}


@pytest.mark.parametrize("case", FISH)
def test_a_marker_is_the_value_in_fish(case):
    script, printed = FISH[case]
    assert run(script, "fish") == printed


PYTHON = {
    "expression": ("print({{A}}, end='')", VALUE),
    "method": ("print({{B}}.upper() + {{ A }}, end='')", "B" + VALUE),
    "comment": ("# {{A}}'\nprint({{B}}, end='') # {{A}}", "b"),
    "escaped": ("x = 1\nprint(f'\\{{A}}', '\\{{A}}', end='')", "{A} {{A}}"),
    "a line that ends as on an old Mac": ("# ä\rä = {{B}}; print(ä, end='')", "b"),
    "lines that end as on Windows": ("# ä\r\nprint({{B}}, end='')\r\n", "b"),
    "behind texts": ("print('''\n''' '{', {{B}}, end='')", "\n{ b"),
}


@pytest.mark.parametrize("case", PYTHON)
def test_a_marker_is_the_value_in_python(case):
    script, printed = PYTHON[case]
    assert run(script, "python") == printed


REFUSED = {
    "single quotes": ("echo '{{A}}'", "bash"),
    "ansi quotes": ("echo $'a\\'{{A}}'", "bash"),
    "ansi quotes, zsh": ("echo $'{{A}}'", "zsh"),
    "single quotes in a substitution": ("echo \"$(echo '{{A}}')\"", "sh"),
    "quoted document": ("cat <<'END'\n{{A}}\nEND", "bash"),
    "document with a backslash": ("cat <<\\END\n{{A}}\nEND", "bash"),
    "parameter": ("echo ${X:-{{A}}}", "bash"),
    "backticks": ("echo `echo {{A}}`", "bash"),
    "arithmetic": ("echo $(( {{A}} + 1 ))", "bash"),
    "dollar": ("echo ${{ A }}", "bash"),
    "dollar in quotes": ('echo "${{A}}"', "bash"),
    "unsure after a case": ("x=$(case y in y) echo;; esac); echo {{A}}", "bash"),
    "unsure after ansi quotes in sh": ("echo $'\\''; echo {{A}}", "sh"),
    "end mark of a document": ("cat <<{{A}}\nx\n{{A}}", "bash"),
    "fish, single quotes": ("echo 'it\\'s {{A}}'", "fish"),
    "python, text": ("print('{{A}}')", "python"),
    "python, f-string": ("print(f'{{A}}')", "python"),
    "python, docstring": ('"""\n{{A}}\n"""', "python"),
    "python, broken": ("print({{A}}\n'", "python"),
    "python, bytes that are no text": ("print({{A}}) # \udcff", "python"),
    "steers programs": ("echo {{PATH}}", "bash"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_where_no_variable_works_a_marker_is_refused(case):
    with pytest.raises(AgentError) as refused:
        read_script(*REFUSED[case])
    assert refused.value.hint


def test_a_script_without_markers_is_left_alone():
    script = "echo '{{ a }}' $'x' `y` ${z} <<'E'\nE"
    assert rewritten(script) == script


def test_arguments_take_no_marker():
    with pytest.raises(RequestInvalid, match="list of processes"):
        plain_words(["curl", "-H", "Token: {{A}}"])
    assert plain_words(["echo", "\\{{A}} x \\{{B}}", "{{ a }}"]) == (
        "echo",
        "{{A}} x {{B}}",
        "{{ a }}",
    )
