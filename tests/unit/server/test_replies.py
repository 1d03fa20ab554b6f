"""Every error has the status that docs/protocol.md promises."""

from __future__ import annotations

import pytest

from jupyter_agent import errors
from jupyter_agent.server.replies import body_of, status_of

PROMISED = {
    errors.RequestInvalid: 400,
    errors.LabelInvalid: 400,
    errors.EntryInvalid: 400,
    errors.RoleDenied: 403,
    errors.GrantRequired: 403,
    errors.GrantDenied: 403,
    errors.LabelNotFound: 404,
    errors.LabelTaken: 409,
    errors.SecretBlocked: 422,
    errors.ScreenTimeout: 422,
    errors.VaultLocked: 423,
    errors.ConsentRequired: 428,
    errors.BrokerUnreachable: 503,
    errors.RunLost: 503,
    errors.KeySourceUnavailable: 503,
    errors.VaultTampered: 500,
    errors.WrongMachine: 500,
    errors.VaultUnsafe: 500,
}


@pytest.mark.parametrize(("kind", "status"), PROMISED.items(), ids=str)
def test_each_error_has_its_status(kind, status):
    assert status_of(kind("It happened.")) == status


def test_the_body_has_code_message_and_hint_and_no_more():
    error = errors.LabelTaken("Taken.", "Choose another.", data={"label": "A"})

    assert body_of(error) == {
        "error": {"code": "label_taken", "message": "Taken.", "hint": "Choose another."}
    }
