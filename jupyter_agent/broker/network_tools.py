"""Programs that send things somewhere, and what in their arguments may differ. Data.

A pattern for one of these has to say where to. A wildcard may then stand for what is sent there and
for the rest of a path, never for another address, an option, or a file that is read or written.
Sources: the manual page of each program.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Tool:
    """One program, or a family of them.

    Attributes:
        sent: Options whose next word is what is sent.
        has_home: It goes to one place that its own sign-in names, so that no host is in a pattern.
        runs_behind_host: What comes behind the host is a command that runs there.
        hosts: Options whose next word (or what follows their ``=``) is the host.
    """

    sent: frozenset[str] = frozenset()
    has_home: bool = False
    runs_behind_host: bool = False
    hosts: frozenset[str] = frozenset()


def _words(words: str) -> frozenset[str]:
    return frozenset(words.split())


_BY_ADDRESS: Final = Tool()
_CURL: Final = Tool(
    sent=_words("-d --data --data-raw --data-binary --data-ascii --data-urlencode --json")
)
_WGET: Final = Tool(sent=_words("--post-data --body-data"))
_SHELL_THERE: Final = Tool(runs_behind_host=True)
_HOME: Final = Tool(has_home=True)
_POSTGRES: Final = Tool(sent=_words("-c --command"), hosts=_words("-h --host"))
_BY_OPTION: Final = Tool(hosts=_words("-h --host"))
_LDAP: Final = Tool(hosts=_words("-H -h"))

NETWORK_TOOLS: Final[dict[str, Tool]] = {
    "curl": _CURL,
    "wget": _WGET,
    **dict.fromkeys(
        ("aria2c", "axel", "git", "http", "https", "httpie", "xh", "xhs", "lynx", "links", "w3m"),
        _BY_ADDRESS,
    ),
    **dict.fromkeys(
        ("scp", "rsync", "sftp", "ftp", "lftp", "rclone", "nc", "ncat", "netcat", "socat"),
        _BY_ADDRESS,
    ),
    **dict.fromkeys(
        ("telnet", "openssl", "websocat", "grpcurl", "skopeo", "svn", "hg"), _BY_ADDRESS
    ),
    **dict.fromkeys(
        ("docker", "podman", "twine", "pip", "uv", "npm", "helm", "kubectl"), _BY_ADDRESS
    ),
    **dict.fromkeys(("ssh", "mosh", "autossh"), _SHELL_THERE),
    **dict.fromkeys(("psql", "pg_dump", "pg_restore", "pgcli"), _POSTGRES),
    # Not what `mysql -e` is given: `system` in it runs a program here.
    **dict.fromkeys(("mysql", "mariadb", "mysqldump", "mycli", "clickhouse-client"), _BY_OPTION),
    **dict.fromkeys(("redis-cli", "valkey-cli", "mongosh", "mongodump"), _BY_OPTION),
    **dict.fromkeys(("ldapsearch", "ldapmodify"), _LDAP),
    **dict.fromkeys(
        ("gh", "glab", "hub", "aws", "az", "gcloud", "gsutil", "doctl", "flyctl"), _HOME
    ),
    **dict.fromkeys(("heroku", "vercel", "netlify", "huggingface-cli", "hf", "kaggle"), _HOME),
}

RUN_OTHERS: Final = _words(
    """ash awk bash busybox chroot chrt dash doas env eval expect fakeroot find fish flock gawk gdb
    ionice ksh ld.so mawk make nice nohup parallel pkexec script sed setsid sh stdbuf strace su sudo
    systemd-run tclsh time timeout tmux unshare vim watch xargs zsh"""
)
"""Programs whose arguments are programs: a wildcard there could stand for anything."""

INTERPRETERS: Final = _words(
    "bun deno java julia lua node perl php pypy3 python python3 R Rscript ruby"
)
"""They run a file that stands first among their arguments; it belongs to what was granted."""
