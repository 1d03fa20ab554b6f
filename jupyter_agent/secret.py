"""A label, and a value that can't be printed, pickled or copied by accident."""

from __future__ import annotations

import hmac
import re
from collections.abc import Mapping
from typing import Any, Final, NoReturn

from jupyter_agent.errors import LabelInvalid, RequestInvalid

MAX_LABEL: Final = 64
MAX_VALUE: Final = 64 * 1024
"""Longest value, in bytes."""

KINDS: Final = (
    "password",
    "login-code",
    "api-key",
    "access-token",
    "refresh-token",
    "private-key",
    "connection-string",
    "session",
    "recovery",
)
"""What kinds of secret there are (docs/interfaces.md); a stored secret may also have none ("")."""

_LABEL = re.compile(r"[A-Z][A-Z0-9_]*")
# Names that steer the loader, the shell or the interpreter: a secret under such a name would
# change what the command is, not what it may use.
_STEERING = re.compile(
    r"(LD|DYLD|PYTHON|GIT|BASH|JUPYTER|JPY)_.*|PATH|HOME|ENV|IFS|SHELL|SHELLOPTS|PS4|PERL5.*|"
    r"RUBY(OPT|LIB)|NODE_OPTIONS|PROMPT_COMMAND|PYTHON.*|TMPDIR|USER|LOGNAME|ZDOTDIR|CDPATH"
)
# More of the same, for variables only: labels of these names may be stored already.
_STEERING_TOO = re.compile(
    r"BASHOPTS|GLOBIGNORE|_?_?FISH_.*|FPATH|MODULE_PATH|(READ)?NULLCMD|PERL.*|RUBY.*|GEM_(HOME|PATH)|"
    r"BUNDLE_GEMFILE|NODE_PATH|(_|JDK_)?JAVA_(TOOL_)?OPTIONS|CLASSPATH|LUA_.*|PHPRC|PHP_INI_SCAN_DIR|"
    r"R_(PROFILE|ENVIRON|LIBS).*|GLIBC_TUNABLES|GCONV_PATH|LOCPATH|NLSPATH|MALLOC_.*|HOSTALIASES|"
    r"RES_OPTIONS|OPENSSL_(CONF|ENGINES|MODULES)|TE?MP|(OLD)?PWD|XDG_.*|EDITOR|VISUAL|PAGER|BROWSER|"
    r"LESS(OPEN|CLOSE)?|TERMINFO.*|TERMCAP|(SSH|SUDO)_ASKPASS.*|(GNU)?MAKEFLAGS|TAR_OPTIONS|GOFLAGS|"
    r"RUSTFLAGS|RUSTC?_(WORKSPACE_)?WRAPPER|(VIM|EX)INIT|INPUTRC|ZIPOPT|UNZIP(OPT)?|(MAVEN|GRADLE)_OPTS"
)
# Where programs connect to, whom they trust and which settings they read. A person may put a value
# there; a caller's own variable under such a name would lead an approved command elsewhere.
_LEADING = re.compile(
    r"(?i:(https?|ftp|all|no|rsync|socks[45]?)_proxy|npm_config_.*)|SSL_CERT_(FILE|DIR)|CURL_(CA_BUNDLE|HOME)|"
    r"(REQUESTS|AWS)_CA_BUNDLE|NODE_(EXTRA_CA_CERTS|TLS_REJECT_UNAUTHORIZED)|NETRC|WGETRC|SYSTEM_WGETRC|"
    r"PG(HOST|HOSTADDR|SERVICE|SERVICEFILE|SYSCONFDIR|SSL.*)|MYSQL_(HOST|HOME)|DOCKER_.*|KUBECONFIG|"
    r"AWS_(ENDPOINT_URL.*|CONFIG_FILE|SHARED_CREDENTIALS_FILE)|GH_(HOST|CONFIG_DIR)|CLOUDSDK_.*|"
    r"(PIP|UV|CARGO)_.*|GO(PROXY|SUMDB|NOSUMDB|PRIVATE|INSECURE|AUTH)|(OPENAI|ANTHROPIC)_BASE_URL|RSYNC_RSH|CVS_RSH"
)


def check_label(label: str) -> str:
    """Return the label, or say why it can't be one.

    Args:
        label: Shaped like an environment variable, ``[A-Z][A-Z0-9_]*``, at most 64 characters.

    Raises:
        LabelInvalid: It has another shape, is too long, or names a variable that steers programs.
    """
    if not isinstance(label, str) or not _LABEL.fullmatch(label) or len(label) > MAX_LABEL:
        # The text is not repeated: people paste the value where the label belongs.
        raise LabelInvalid(
            "That is not a label.",
            "Use capital letters, digits and underscores, starting with a letter, "
            f"at most {MAX_LABEL} characters: GITHUB_TOKEN.",
        )
    if _STEERING.fullmatch(label):
        raise LabelInvalid(
            f"{label} can't be a label, because it is a variable that steers programs.",
            "Choose a name that says what the secret is for: GITHUB_TOKEN.",
        )
    return label


def check_variable(name: str) -> str:
    """Return the name of a variable that a command may get.

    Raises:
        RequestInvalid: It is no name, or one that steers programs (loader, shell, interpreter).
    """
    if not isinstance(name, str) or not re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", name):
        raise RequestInvalid("That is not the name of a variable.")
    if _STEERING.fullmatch(name.upper()) or _STEERING_TOO.fullmatch(name.upper()):
        raise RequestInvalid(
            f"{name} can't be set, because it steers programs.", "Choose another name."
        )
    return name


def check_exported(name: str) -> str:
    """Return the name of a variable whose content the caller chooses, and nobody is asked about.

    Raises:
        RequestInvalid: As ``check_variable``; or it says where programs connect to, whom they trust
            or which settings they read.
    """
    if _LEADING.fullmatch(check_variable(name)):
        raise RequestInvalid(
            f"{name} can't be exported, because it leads programs elsewhere.",
            "Set it in the script, where the person who permits it can see it.",
        )
    return name


def without_line_end(content: bytes) -> bytes:
    """A value from a file.

    A token in a file ends in a line break that editors put there, and which is no part of it. A
    file of several lines, such as a private key, is kept byte for byte: OpenSSH wants its last line
    break.
    """
    line = content.removesuffix(b"\n").removesuffix(b"\r") if content.endswith(b"\n") else content
    return content if b"\n" in line else line


def reminder(due: Mapping[str, Any] | None) -> str:
    """What is due, in a few words; "" where nothing is.

    Args:
        due: As docs/protocol.md has it.
    """
    if due is None:
        return ""
    days, expires = int(due["days"]), due["what"] == "expires"
    if due["level"] == 0:
        return "expired: replace it" if expires else "rotation overdue: replace it"
    when = "tomorrow" if days == 1 else f"in {days} days"
    return f"expires {when}" if expires else f"rotate it {when}"


class Secret:
    """A value that stays hidden unless someone says ``reveal()``.

    Printing, formatting, logging and IPython's verbose tracebacks show the marker; pickling,
    copying, hashing and JSON refuse. Python can't wipe memory reliably, so lives are kept short
    instead (docs/threat-model.md).

    Args:
        label: The public name.
        value: 1 byte to 64 KiB.

    Raises:
        RequestInvalid: The value is empty or too long.
    """

    __slots__ = ("__value", "label")

    def __init__(self, label: str, value: bytes) -> None:
        if not 0 < len(value) <= MAX_VALUE:
            raise RequestInvalid(
                f"The value for {label} is {'empty' if not value else 'too long'}.",
                f"A value has 1 to {MAX_VALUE} bytes.",
            )
        self.label = label
        self.__value = bytes(value)

    def reveal(self) -> bytes:
        """The value. Called in as few files as possible; a test keeps the list."""
        return self.__value

    def __repr__(self) -> str:
        return f"[secret:{self.label}]"

    __str__ = __repr__

    def __format__(self, _spec: str) -> str:
        return repr(self)

    def __eq__(self, other: object) -> bool:
        # Constant time in the content, so that comparing says nothing about a near miss.
        return isinstance(other, Secret) and hmac.compare_digest(self.__value, other.reveal())

    __hash__ = None  # type: ignore[assignment]  # a hash of a value would be a fingerprint of it

    def __reduce_ex__(self, _protocol: object) -> NoReturn:
        raise TypeError("a Secret can't be pickled or copied")

    def __copy__(self) -> NoReturn:
        raise TypeError("a Secret can't be copied")

    def __deepcopy__(self, _memo: object) -> NoReturn:
        raise TypeError("a Secret can't be copied")
