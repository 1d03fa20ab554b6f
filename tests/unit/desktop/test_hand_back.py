"""Which fields of a page are for a password or a code, whatever the page calls them."""

from __future__ import annotations

from typing import Any

import pytest

from jupyter_agent.desktop import hand_back


def _element(name: str = "INPUT", /, **attributes: str) -> dict[str, Any]:
    flat = [part for key, value in attributes.items() for part in (key.replace("_", "-"), value)]
    return {"nodeName": name, "backendNodeId": 7, "attributes": flat}


def _kinds(*nodes: dict[str, Any]) -> list[str]:
    page = {"nodeName": "HTML", "frameId": "top", "children": list(nodes)}
    return [field.kind for field in hand_back.fields({"nodeName": "#document", "children": [page]})]


@pytest.mark.parametrize(
    "field",
    [
        _element(type="password"),
        _element(type="PASSWORD", name="x"),
        _element(type="text", autocomplete="current-password"),
        _element(type="text", autocomplete="section-a new-password"),
        _element(name="userPassword", type="text"),
        _element(placeholder="Your password"),
        _element(aria_label="Passphrase"),
        _element(id="kennwort"),
        _element(name="pwd"),
        _element("TEXTAREA", name="passphrase"),
        _element("DIV", contenteditable="true", id="password-editor"),
    ],
)
def test_a_field_for_a_password_is_known(field: dict[str, Any]) -> None:
    assert _kinds(field) == ["password"]


@pytest.mark.parametrize(
    "field",
    [
        _element(autocomplete="one-time-code"),
        _element(name="otp"),
        _element(name="otpCode", type="tel"),
        _element(id="verification_code", type="number"),
        _element(name="code"),
        _element(name="pin"),
        _element(id="userPin"),
        _element(placeholder="6-digit code"),
        _element(aria_label="Please enter OTP character 1"),
        _element(name="totp"),
        _element(name="mfa"),
        _element(id="tan"),
        _element(maxlength="1", inputmode="numeric"),
        _element(autocomplete="cc-csc"),
        _element(name="api_token"),
    ],
)
def test_a_field_for_a_code_is_known(field: dict[str, Any]) -> None:
    assert _kinds(field) == ["code"]


@pytest.mark.parametrize(
    "field",
    [
        _element(name="user", autocomplete="username"),
        _element(type="email", name="email"),
        _element(name="zip_code"),
        _element(name="postalCode"),
        _element(id="countryCode"),
        _element(placeholder="Promo code"),
        _element(name="spinner"),
        _element(name="company"),
        _element(name="stand"),
        _element(type="hidden", name="csrf_token"),
        _element(type="checkbox", name="remember_password"),
        _element(type="submit", name="password"),
        _element("TEXTAREA", name="code"),
        _element("DIV", id="password"),
        _element("DIV", id="password", contenteditable="false"),
        _element("BUTTON", name="code"),
    ],
)
def test_any_other_field_is_not_in_the_way(field: dict[str, Any]) -> None:
    assert _kinds(field) == []


def test_fields_are_found_in_frames_and_shadow_roots_with_the_frame_that_they_are_in() -> None:
    secret = _element(type="password")
    shadow = {"nodeName": "DIV", "shadowRoots": [{"nodeName": "#fragment", "children": [secret]}]}
    inner = {"nodeName": "HTML", "frameId": "inner", "children": [shadow]}
    frame = {
        "nodeName": "IFRAME",
        "frameId": "inner",
        "contentDocument": {"nodeName": "#document", "children": [inner]},
    }
    outer = {"nodeName": "HTML", "frameId": "top", "children": [frame, secret]}
    found = hand_back.fields({"nodeName": "#document", "children": [outer]})
    assert sorted(field.frame for field in found) == ["inner", "top"]
