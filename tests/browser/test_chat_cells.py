"""Chat cells in JupyterLab: what a person sees of them, and a whole task that a model does.

The model is a service that speaks the API of OpenAI, demands the real key and keeps every byte that
it is sent; what it says next stands in a script.
"""

from __future__ import annotations

import contextlib
import json
import random
import shutil
import tempfile
import urllib.parse
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from bearer_service import Service, bearer_service
from canary import Canary
from chat_service import ChatService, chat_service
from desktop_panel import STARTING, drives, hand_back, sign_in, take_over
from git_server import GitServer, git_server
from lab import Lab
from login_site import BALANCE, PERSON, LoginSite, login_site
from notebook_page import NotebookPage
from playwright.sync_api import Locator, expect
from postgres_server import PostgresServer, running
from steps import save, sleeping, wait_until

SECRETS = {
    label: Canary.make(random.Random(f"of a whole task: {label}"))
    for label in ("MODEL_KEY", "REPO_TOKEN", "DB_PASSWORD", "API_KEY", "password", "code")
}
"""Two of them are stored nowhere: what a person types at the website."""

CLONE = """\
git -c credential.helper='!f() { echo username=me; echo "password=$REPO_TOKEN"; }; f' \\
  clone --quiet URL cloned && cat cloned/release.md"""
QUERY = 'psql -h 127.0.0.1 -p {port} -U {role} -d postgres -Atc "SELECT units FROM stock"'
LEAK = r"""
printf 'plain %s\nbase64 %s\n' "$API_KEY" "$(printf %s "$API_KEY" | base64 -w0)"
python3 - <<'HERE'
import json, os, urllib.parse
value = os.environ["API_KEY"]
print(urllib.parse.quote(f"key={value}&x"), json.dumps({"key": f'"{value}"'}))
print("\u200b".join(value))
raise ValueError(value)
HERE"""
"""A model that prints a value in every form it can think of."""


def asking(tool: str, **arguments: Any) -> dict[str, Any]:
    return {"tool": tool, "arguments": arguments}


@pytest.fixture(scope="module")
def model() -> Iterator[ChatService]:
    key = f"Bearer {SECRETS['MODEL_KEY'].value}"
    with chat_service(lambda request: request.headers.get("Authorization") == key) as service:
        yield service


@pytest.fixture
def keyed(lab: Lab, model: ChatService) -> str:
    """The options of a chat cell whose model is ours; its key is stored, and nothing is chosen."""
    (lab.folders.state / "chat-model.json").unlink(missing_ok=True)
    model.requests.clear()
    with lab.person() as person:
        save(person, "MODEL_KEY", SECRETS["MODEL_KEY"].value)
    return f"--model m-1 --url {model.url} --key MODEL_KEY"


@pytest.fixture
def git(tmp_path: Path) -> Iterator[GitServer]:
    files = {"release.md": "# Release 4.2\nships in week 51\n"}
    with git_server(tmp_path, SECRETS["REPO_TOKEN"].value, files) as server:
        yield server


@pytest.fixture
def database() -> Iterator[tuple[PostgresServer, str]]:
    folder = Path(tempfile.mkdtemp(prefix="ja-pg-"))  # a path of pytest's is too long for a socket
    with running(folder) as server:
        role = server.role(SECRETS["DB_PASSWORD"].value)
        with server.connect() as owner:
            owner.execute("CREATE TABLE stock AS SELECT 1713 AS units")
            owner.execute("GRANT SELECT ON stock TO public")
        yield server, role
    shutil.rmtree(folder)


@pytest.fixture
def api() -> Iterator[Service]:
    key = SECRETS["API_KEY"].value
    with bearer_service(lambda request: key in request.headers.get("Authorization", "")) as service:
        yield service


@pytest.fixture
def site() -> Iterator[LoginSite]:
    with login_site(SECRETS["password"].value, SECRETS["code"].value) as site:
        yield site


@pytest.fixture
def panel(notebook: NotebookPage) -> Locator:
    return notebook.page.locator(".ja-desktop")


def test_a_cell_says_what_to_choose_streams_its_answer_and_stops_with_all_it_started(
    lab: Lab, notebook: NotebookPage, model: ChatService, keyed: str
) -> None:
    lab.notebook("chat.ipynb", "%%agent_chat\nhello", f"%agent_chat {keyed}")
    notebook.open("chat.ipynb")
    said = notebook.output(0)
    notebook.run(0)
    expect(said).to_contain_text("No model is chosen yet.")
    expect(said).to_contain_text("%agent_chat --model ollama:NAME")
    notebook.run(1)
    expect(notebook.output(1)).to_contain_text("MODEL_KEY")
    # Markdown grows while it comes; ■ ends it midway.
    model.script = lambda _: "See **this** first. " + "more " * 2000 + "END"
    model.pause = 0.02
    notebook.run(0)
    expect(notebook.approval).to_contain_text("Send MODEL_KEY to this service?")
    notebook.answer("once")
    expect(said.locator("strong", has_text="this")).to_be_visible()
    notebook.interrupt()
    expect(said).to_contain_text("stopped, with everything that the model had started")
    assert "END" not in said.inner_text()
    # A no reaches the model as a result; what runs ends with ■.
    command = {"command": "sleep 6427 & sleep 6427", "why": "to wait"}
    model.pause = 0.0
    model.script = lambda messages: (
        "Then not." if messages[-1]["role"] == "tool" else asking("run_command", **command)
    )
    notebook.run(0)
    expect(notebook.approval).to_contain_text("“to wait”")
    expect(notebook.approval.locator(".ja-approval-script")).to_contain_text("sleep 6427 &")
    notebook.answer("deny")
    expect(said).to_contain_text("not permitted")
    expect(said).to_contain_text("Then not.")
    notebook.run(0)
    expect(said).to_contain_text("waiting for your permission")
    notebook.answer("once")
    expect(said).to_contain_text("▶ running")
    wait_until(lambda: len(sleeping("6427")) == 2, 30)
    notebook.interrupt()
    expect(said).to_contain_text("stopped, with everything that the model had started")
    wait_until(lambda: sleeping("6427") == [], 30)


def test_a_model_does_a_whole_task_in_one_cell_and_is_sent_no_value(  # noqa: PLR0917
    lab: Lab,
    notebook: NotebookPage,
    panel: Locator,
    model: ChatService,
    keyed: str,
    git: GitServer,
    database: tuple[PostgresServer, str],
    api: Service,
    site: LoginSite,
) -> None:
    server, role = database
    with lab.person() as person:
        for label in ("REPO_TOKEN", "DB_PASSWORD", "API_KEY"):
            save(person, label, SECRETS[label].value)
    query = QUERY.format(port=server.port, role=role)
    steps = iter(
        [
            asking("list_secret_labels"),
            asking(
                "run_command",
                command=CLONE.replace("URL", git.url),
                secrets=["REPO_TOKEN"],
                why="to read what the release promises",
            ),
            asking(
                "run_command",
                command=query,
                secrets=["PGPASSWORD=DB_PASSWORD"],
                why="to count what is in stock",
            ),
            asking("http_request", url=f"{api.origin}/echo", secret="API_KEY", why="orders"),  # noqa: S106  (a label)
            asking("run_command", command=LEAK, secrets=["API_KEY"], why="to look at the key"),
            asking("open_desktop", url=f"{site.url}/login", why="to read the balance"),
            asking("desktop_read"),
            asking("desktop_wait", seconds=300),
            asking("desktop_read"),
        ]
    )

    def script(messages: list[dict[str, Any]]) -> str | dict[str, Any]:
        told = "\n".join(str(each["content"]) for each in messages if each["role"] == "tool")
        facts = [fact for fact in ("week 51", "1713", BALANCE, PERSON) if fact in told]
        return next(steps, f"**All done**: {', '.join(facts)}.")

    model.script = script
    task = "Compare the release, the stock, the orders and my balance."
    lab.notebook("task.ipynb", f"%%agent_chat {keyed}\n{task}")
    notebook.open("task.ipynb")
    notebook.page.evaluate("() => window.jupyterapp.shell.collapseLeft()")
    notebook.run(0)
    said = notebook.output(0)
    asked = notebook.approval
    for sentence in (
        "Send MODEL_KEY to this service?",
        "to read what the release promises",
        "to count what is in stock",
        "Send this request with API_KEY?",
        "to look at the key",
    ):
        expect(asked).to_contain_text(sentence, timeout=STARTING)
        notebook.answer("once")
    drives(panel, "Paused")
    expect(said).to_contain_text("until you hand the desktop back", timeout=STARTING)
    take_over(panel)
    sign_in(notebook.page, panel, site)
    hand_back(panel)
    expect(said.locator("strong", has_text="All done")).to_be_visible(timeout=STARTING)
    expect(said).to_contain_text(f"All done: week 51, 1713, {BALANCE}, {PERSON}.")
    # All of it was done, with the real credentials.
    assert git.let_in[-1] == "/private.git/git-upload-pack"
    assert api.heads[-1][0] == "GET /echo HTTP/1.1"
    assert len(site.sessions) == 1
    # And nothing that the model was sent holds one of them.
    panel.locator(".ja-desktop-close").click()
    expect(panel.locator(".ja-desktop-start")).to_be_visible(timeout=STARTING)
    notebook.save()
    sent = b"\n".join(model.requests)
    assert len(model.requests) == 10
    for told in (b"person_drives", b"Traceback", b"Bearer [secret:API_KEY]"):
        assert told in sent
    assert no_value_in(sent.decode(), *texts_in(model.asked), notebook.page.content())
    for secret in SECRETS.values():
        assert secret.search_proc() == []
        assert secret.search_tree(lab.root) == []


def no_value_in(*texts: str) -> bool:
    """Whether no secret stands there: plain, encoded, or with what nobody sees between letters."""
    for text in texts:
        for seen in (text, urllib.parse.unquote(text)):
            bare = "".join(each for each in seen if each not in "\u200b\u200c\u200d\u2060\ufeff")
            for secret in SECRETS.values():
                assert secret.found_in(bare.encode()) == []
    return True


def texts_in(value: Any) -> Iterator[str]:
    """Every text in JSON, and in the JSON that a text of it is: so a tool's results are sent."""
    if isinstance(value, str):
        yield value
        with contextlib.suppress(ValueError):
            yield from texts_in(json.loads(value))
    elif isinstance(value, dict | list):
        for each in value.values() if isinstance(value, dict) else value:
            yield from texts_in(each)
