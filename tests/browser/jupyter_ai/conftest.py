"""A JupyterLab with the real Jupyter AI, in its own environment."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from chat_page import ChatPage
from conftest import end_brokers
from jupyter_ai_environment import Environment, made
from lab import Lab, running_lab
from playwright.sync_api import Page


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if Path(__file__).parent in item.path.parents:
            # The first may have to wait until the environment is made.
            item.add_marker(pytest.mark.timeout(420), append=False)


@pytest.fixture(scope="session")
def jupyter_ai() -> Environment:
    """Its Python. Where it can't be made the tests fail: Jupyter AI is not left out unnoticed."""
    return made()


@pytest.fixture(scope="session")
def lab(tmp_path_factory: pytest.TempPathFactory, jupyter_ai: Environment) -> Iterator[Lab]:
    root = tmp_path_factory.mktemp("a lab with a chat")
    # Its own port, so that another one on this machine is not met.
    with running_lab(root, "file", "--MCPExtensionApp.mcp_port=0", environment=jupyter_ai) as lab:
        yield lab
    end_brokers(root)


@pytest.fixture
def chat(page: Page, lab: Lab, request: pytest.FixtureRequest) -> ChatPage:
    """A new chat of this test's."""
    return ChatPage(page, lab, re.sub(r"\W+", "-", request.node.name)[:60] + ".chat").open()
