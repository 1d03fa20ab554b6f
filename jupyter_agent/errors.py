"""Every error this product raises on purpose.

    AgentError                      code, message, hint
    ├── RequestInvalid              request_invalid      what came in can't be read
    │   ├── LabelInvalid            label_invalid
    │   └── EntryInvalid            entry_invalid        sealed entry or its offer is no good
    ├── SecretBlocked               secret_blocked       a cell or message was stopped
    ├── ScreenTimeout               screen_timeout       not screened in time: counts as blocked
    ├── PlainHttp                   plain_http           the page came unprotected, unconfirmed
    ├── RoleDenied                  role_denied          this caller may not do that
    ├── VaultError
    │   ├── LabelNotFound           label_not_found
    │   ├── LabelTaken              label_taken
    │   ├── VaultBusy               vault_busy           another process is writing; try again
    │   ├── VaultLocked             vault_locked         closed by `lock`, until a person opens it
    │   ├── VaultTampered           tampered             wrong key or changed bytes: both look alike
    │   ├── WrongMachine            wrong_machine        the store was made on another machine
    │   ├── VaultTooNew             vault_too_new        written by a newer release
    │   ├── VaultRolledBack         rolled_back          older than this machine has seen
    │   ├── KeySourceUnavailable    key_source_unavailable
    │   │   └── PassphraseRequired  passphrase_required  has to be typed, or was another one
    │   ├── ConsentRequired         consent_required     `file` wants one explicit yes
    │   └── VaultUnsafe             vault_unsafe         link, foreign owner or open mode
    ├── GrantError
    │   ├── GrantRequired           grant_required       nobody has permitted this run
    │   └── GrantDenied             grant_denied         a person said no, or nobody answered
    ├── EgressError
    │   ├── EgressRefused           egress_refused       a request is not one that may have a value
    │   └── EgressFailed            egress_failed        the service could not be asked
    ├── DesktopError
    │   ├── DesktopUnavailable      desktop_unavailable  none can be started here
    │   │   └── ProviderFailed      provider_failed      the service that has it did not do it
    │   ├── DesktopClosed           desktop_closed       it is over, or was never there
    │   ├── PersonDrives            person_drives        the agent is detached while a person drives
    │   └── LeaseLost               lease_lost           another one drives now
    ├── ChatError
    │   ├── ModelMissing            model_missing        no model is chosen, or its package missing
    │   └── ModelFailed             model_failed         the model could not be asked, or broke off
    ├── RunError
    │   ├── CommandNotStarted       command_not_started
    │   └── RunLost                 run_lost             the broker went away during the run
    └── BrokerError
        ├── BrokerUnreachable       broker_unreachable
        ├── BrokerRefused           broker_refused       it would not talk to this process
        └── ProtocolMismatch        protocol_mismatch

Rules. ``message`` is one sentence that says what happened and to which label; ``hint`` is one next
step. Neither ever holds a value, a cell's source or a command's output. ``code`` is stable: tests
and programs compare codes, people read sentences. A cause that may hold a value is dropped with
``raise ... from None``.
"""

from __future__ import annotations

from typing import Any, ClassVar


class AgentError(Exception):
    """What went wrong, and what to do next.

    Args:
        message: One sentence, safe to show and to log.
        hint: One next step, or "" where there is none.
        data: JSON-safe details a program may need; never a value.
    """

    code: ClassVar[str] = "error"

    def __init__(self, message: str, hint: str = "", *, data: dict[str, Any] | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        self.data = data or {}

    def __str__(self) -> str:
        return f"{self.message} {self.hint}".rstrip()

    def _render_traceback_(self) -> list[str]:
        """What IPython prints: the sentence, with no frames whose locals could hold a value."""
        lines = [f"{type(self).__name__}: {self.message}"]
        if self.hint:
            lines.append(f"  → {self.hint}")
        return lines

    def to_json(self) -> dict[str, Any]:
        """The error as it crosses a process boundary."""
        body: dict[str, Any] = {"code": self.code, "message": self.message, "hint": self.hint}
        if self.data:
            body["data"] = self.data
        return body

    @staticmethod
    def from_json(body: dict[str, Any]) -> AgentError:
        """Rebuild the error that ``to_json`` described; unknown codes become a plain one."""
        kind = _BY_CODE.get(str(body.get("code")), AgentError)
        return kind(
            str(body.get("message", "")), str(body.get("hint", "")), data=body.get("data") or None
        )


class RequestInvalid(AgentError):
    """What came in can't be read."""

    code = "request_invalid"


class LabelInvalid(RequestInvalid):
    """A label is not shaped like an environment variable."""

    code = "label_invalid"


class EntryInvalid(RequestInvalid):
    """A sealed entry did not open, or its one-time offer is unknown, used or expired."""

    code = "entry_invalid"


class SecretBlocked(AgentError):
    """A cell or message holds a secret and was not sent."""

    code = "secret_blocked"


class ScreenTimeout(AgentError):
    """A text could not be screened within its time; it counts as blocked."""

    code = "screen_timeout"


class PlainHttp(AgentError):
    """A page that came over plain http asked for a form, and nobody has said yes to that."""

    code = "plain_http"


class RoleDenied(AgentError):
    """This caller's role may not do that."""

    code = "role_denied"


class VaultError(AgentError):
    """The vault could not do it."""

    code = "vault_error"


class LabelNotFound(VaultError):
    """No secret is stored under the label."""

    code = "label_not_found"


class LabelTaken(VaultError):
    """A secret is already stored under the label."""

    code = "label_taken"


class VaultBusy(VaultError):
    """Another process is writing to the vault, and took too long over it."""

    code = "vault_busy"


class VaultLocked(VaultError):
    """The vault was closed by a person and waits for one to open it."""

    code = "vault_locked"


class VaultTampered(VaultError):
    """Authentication failed. A wrong key and changed bytes look the same, on purpose."""

    code = "tampered"


class WrongMachine(VaultError):
    """The store was made on another machine."""

    code = "wrong_machine"


class VaultTooNew(VaultError):
    """The store was written by a newer release."""

    code = "vault_too_new"


class VaultRolledBack(VaultError):
    """The store is older than what this machine has already seen."""

    code = "rolled_back"


class KeySourceUnavailable(VaultError):
    """The place that keeps this store's key can't be used now."""

    code = "key_source_unavailable"


class PassphraseRequired(KeySourceUnavailable):
    """The key comes from a passphrase that a person has to type, or typed wrongly."""

    code = "passphrase_required"


class ConsentRequired(VaultError):
    """Keeping the key in a file needs one explicit yes."""

    code = "consent_required"


class VaultUnsafe(VaultError):
    """A path of ours is a link, belongs to somebody else, or is open to others."""

    code = "vault_unsafe"


class GrantError(AgentError):
    """The run is not permitted."""

    code = "grant_error"


class GrantRequired(GrantError):
    """Nobody has permitted this run, and nobody is there to ask."""

    code = "grant_required"


class GrantDenied(GrantError):
    """A person said no, or nobody answered in time."""

    code = "grant_denied"


class EgressError(AgentError):
    """The request was not passed on, or its answer was not."""

    code = "egress_error"


class EgressRefused(EgressError):
    """A request is not one that may carry the value, or its answer can't be looked through."""

    code = "egress_refused"


class EgressFailed(EgressError):
    """The service could not be reached, or did not prove who it is."""

    code = "egress_failed"


class DesktopError(AgentError):
    """The desktop could not do it."""

    code = "desktop_error"


class DesktopUnavailable(DesktopError):
    """No desktop can be started here; the hint says what is missing, and the command for it."""

    code = "desktop_unavailable"


class ProviderFailed(DesktopUnavailable):
    """The service that serves a desktop did not do it.

    ``data``: ``provider``, and ``reason``: ``key`` (not taken), ``quota`` (no room or no credit),
    ``time``, ``gone`` (no such session), ``down``, or ``answer`` (one that can't be used).
    """

    code = "provider_failed"


class DesktopClosed(DesktopError):
    """The desktop is over, or there never was one."""

    code = "desktop_closed"


class PersonDrives(DesktopError):
    """A person drives, or the desktop is paused: the agent is detached from it."""

    code = "person_drives"


class LeaseLost(DesktopError):
    """The lease that was shown is not the one by which the desktop is driven now."""

    code = "lease_lost"


class ChatError(AgentError):
    """A chat cell got no answer."""

    code = "chat_error"


class ModelMissing(ChatError):
    """No model is chosen, or what it needs is not installed."""

    code = "model_missing"


class ModelFailed(ChatError):
    """The model could not be asked, or broke off."""

    code = "model_failed"


class RunError(AgentError):
    """The run could not be carried through."""

    code = "run_error"


class CommandNotStarted(RunError):
    """The command could not be started."""

    code = "command_not_started"


class RunLost(RunError):
    """The broker went away during the run; everything it had started has been ended."""

    code = "run_lost"


class BrokerError(AgentError):
    """The broker can't be used."""

    code = "broker_error"


class BrokerUnreachable(BrokerError):
    """No broker answers and none could be started."""

    code = "broker_unreachable"


class BrokerRefused(BrokerError):
    """The broker, or our own check of its socket, refused this conversation."""

    code = "broker_refused"


class ProtocolMismatch(BrokerError):
    """The two sides speak no common protocol."""

    code = "protocol_mismatch"


def _tree(root: type[AgentError]) -> dict[str, type[AgentError]]:
    found = {root.code: root}
    for child in root.__subclasses__():
        found |= _tree(child)
    return found


_BY_CODE = _tree(AgentError)
