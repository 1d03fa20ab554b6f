"""The page on which a secret is rotated, from its label."""

from __future__ import annotations

import pytest

from jupyter_agent.screen.rule import load_rules
from jupyter_agent.screen.vendor import pages_by_name, rotation_page


@pytest.mark.parametrize(
    "label", ["GITHUB_TOKEN", "GITHUB_PAT", "MY_GITHUB_TOKEN", "GITHUB_TOKEN_2", "GITHUB"]
)
def test_a_vendor_is_known_by_what_people_call_its_key(label: str) -> None:
    assert rotation_page(label).startswith("https://github.com/")


def test_the_longer_name_is_meant() -> None:
    assert rotation_page("AZURE_OPENAI_API_KEY") != rotation_page("OPENAI_API_KEY")


@pytest.mark.parametrize(
    "label", ["DB_PASSWORD", "SECRET_KEY", "API_TOKEN", "MY_PASSWORD", "DEMO_TOKEN", "GITHUB_DB_X"]
)
def test_nobody_is_sent_to_a_vendor_whose_name_is_not_in_the_label(label: str) -> None:
    assert rotation_page(label) == ""


@pytest.mark.parametrize(
    "label",
    [
        *("STRIPE_SANDBOX_KEY", "EXCHANGE_PASSWORD", "AZURE_FACE_KEY", "REDIS_CLUSTER_TOKEN"),
        *("KNOWLEDGE_BASE_KEY", "CHAT_MODERATION_KEY", "SQL_LICENSE_KEY"),
    ],
)
def test_an_everyday_word_in_a_label_sends_nobody_to_a_vendor(label: str) -> None:
    assert rotation_page(label) == ""


@pytest.mark.parametrize(
    ("label", "host"),
    [
        ("NPM_TOKEN", "https://docs.npmjs.com/"),
        ("OPENWEATHERMAP_API_KEY", "https://home.openweathermap.org/"),
        ("AIRTABLE_API_KEY", "https://airtable.com/create/tokens"),
        ("VAULT_TOKEN", "https://developer.hashicorp.com/vault/docs/commands/token/revoke"),
        ("REPLICATE_API_TOKEN", "https://replicate.com/account/"),
        ("PUBNUB_SECRET_KEY", "https://admin.pubnub.com"),
        ("XERO_API_KEY", "https://developer.xero.com/app/"),
        ("QDRANT_API_KEY", "https://cloud.qdrant.io"),
    ],
)
def test_a_label_leads_to_where_keys_are_made_and_not_to_a_page_about_them(
    label: str, host: str
) -> None:
    assert rotation_page(label).startswith(host)


def test_every_page_is_one_that_a_browser_may_open() -> None:
    pages = pages_by_name(load_rules())
    assert len(pages) > 1000
    assert all(page.startswith("https://") and " " not in page for page in pages.values())
