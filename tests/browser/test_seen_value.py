"""What a kernel prints of a stored value comes here as its label, and that is said once."""

from __future__ import annotations

import random
import string

from lab import Lab
from notebook_page import NotebookPage
from playwright.sync_api import expect
from steps import save

TOKEN = "ghp" + "_" + "".join(random.Random(31).choices(string.ascii_letters + string.digits, k=36))


def test_a_printed_value_is_replaced_and_its_vendors_page_is_offered(
    lab: Lab, notebook: NotebookPage
) -> None:
    lab.notebook("seen.ipynb", "")
    with lab.person() as person:
        save(person, "GITHUB_TOKEN", TOKEN)
        notebook.open("seen.ipynb")
        notebook.write(0, f"value = bytes({list(TOKEN.encode())}).decode(); print(value)")
        notebook.run(0)
        expect(notebook.output(0)).to_contain_text("[secret:GITHUB_TOKEN]")
        notice = notebook.page.locator(".jp-toast, .Toastify__toast").filter(
            has_text="seen.ipynb printed the value of GITHUB_TOKEN."
        )
        expect(notice).to_have_count(1)
        expect(notice.get_by_text("Revoke it")).to_be_visible()
        assert TOKEN not in notebook.page.content()
        notice.get_by_text("Open Secrets").click()
        expect(notebook.page.locator(".ja-secret-exposed")).to_contain_text("seen.ipynb")
