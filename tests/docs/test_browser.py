"""The built pages and a report in a browser: nothing broken, nothing fetched from elsewhere.

`make docs` builds the pages and runs this with ``SKAE_BROWSER=required``. Otherwise what lacks the
pages, playwright or Chromium is skipped.
"""

import os
import re
import shutil
import subprocess
import sys
from contextlib import contextmanager
from functools import cache, partial
from html.parser import HTMLParser
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from urllib.parse import unquote, urlsplit

import pytest

ROOT = Path(__file__).parents[2]
HTML = ROOT / "docs" / "_build" / "html"
OPENED = (
    "index.html",
    "getting_started.html",
    "user_guide/index.html",
    "user_guide/variational.html",
    "gallery/index.html",
    "api.html",
    "generated/skae.Autoencoder.html",
    "search.html",
)
BROWSERS = ("chromium", "chromium-browser", "google-chrome")
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
HOW = "install Chromium (Debian: apt-get install chromium) and playwright (pip install playwright)"
WIDTHS = {"desktop": 1280, "phone": 390}
# One worker has the browser, the server and the report.


def lack(what):
    if os.getenv("SKAE_BROWSER") == "required":
        pytest.fail(f"{what}; `make docs` needs it: {HOW}", pytrace=False)
    pytest.skip(what)


@pytest.fixture(scope="module")
def browser():
    program = next(filter(None, map(shutil.which, BROWSERS)), None)
    if program is None:
        lack("there is no Chromium")
    try:
        from playwright.sync_api import sync_playwright
    except ImportError:
        lack("playwright is not installed")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=FLAGS)
        yield browser
        browser.close()


class QuietHandler(SimpleHTTPRequestHandler):
    def log_message(self, *args):
        """Say nothing."""


@pytest.fixture(scope="module")
def built():
    if (HTML / "index.html").exists():
        return
    if os.getenv("SKAE_BROWSER") == "required":
        pytest.fail("docs/_build/html is missing: build it with `make docs`", pytrace=False)
    pytest.skip("the pages are not built")


@pytest.fixture(scope="module")
def site(built):
    """Address of the pages on this machine: searching needs a server, files do not do."""
    handler = partial(QuietHandler, directory=HTML)
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


@pytest.fixture(scope="module")
def report(tmp_path_factory):
    folder = tmp_path_factory.mktemp("report")
    command = [sys.executable, "-m", "skae", "compare", "--models", "pca,truncatedsvd"]
    command += ["--components", "1,2", "--folds", "2", "--output", str(folder)]
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    run = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True)
    assert run.returncode == 0, run.stderr
    return folder / "report.html"


@contextmanager
def opened(browser, address, width):
    """A page, and a list that collects what goes wrong with it."""
    page, problems = browser.new_page(viewport={"width": width, "height": 900}), []
    page.on("console", lambda m: m.type in {"error", "warning"} and problems.append(m.text))
    page.on("pageerror", lambda error: problems.append(str(error)))
    page.on("requestfailed", lambda request: problems.append(f"failed: {request.url}"))
    page.on("request", lambda request: problems.extend(leaving(request.url)))
    page.goto(address, wait_until="load")
    yield page, problems
    page.close()


def leaving(url):
    address = urlsplit(url)
    stays = address.scheme in {"file", "data", "blob"} or address.hostname == "127.0.0.1"
    return [] if stays else [f"fetched: {url}"]


# Pictures are loaded when they come into view, so each is asked for before it is judged.
BROKEN_IMAGES = """async () => {
    const images = [...document.images];
    for (const image of images) image.loading = "eager";
    await Promise.all(images.map(image => image.decode().catch(() => null)));
    return images.filter(image => !image.naturalWidth).map(image => image.src.slice(0, 200));
}"""
OVERFLOW = "() => document.documentElement.scrollWidth - document.documentElement.clientWidth"
# Text beyond the edge of its page, where nothing that scrolls holds it: it cannot be read.
CUT_OFF = """() => {
    const article = document.querySelector("article");
    if (!article) return [];
    const { left, right } = article.getBoundingClientRect();
    const scrolls = element => element !== article && (
        ["auto", "scroll"].includes(getComputedStyle(element).overflowX)
        || scrolls(element.parentElement));
    return [...article.querySelectorAll("p, dt, li, td, math, img")].filter(element => {
        const box = element.getBoundingClientRect();
        return box.width && (box.right > right + 1 || box.left < left - 1) && !scrolls(element);
    }).map(element => element.outerHTML.slice(0, 200));
}"""


def check(browser, address, width):
    with opened(browser, address, width) as (page, problems):
        assert page.evaluate(BROKEN_IMAGES) == []
        assert page.evaluate(OVERFLOW) <= 1, "the page is wider than the window"
        assert page.evaluate(CUT_OFF) == []
        assert page.title()
        assert problems == []


@pytest.mark.parametrize("width", WIDTHS.values(), ids=WIDTHS)
@pytest.mark.parametrize("page", OPENED)
def test_a_page_opens(browser, site, page, width):
    check(browser, f"{site}/{page}", width)


def test_pages_open_as_files_too(browser, built):
    check(browser, (HTML / "index.html").as_uri(), WIDTHS["desktop"])


@pytest.mark.parametrize("width", WIDTHS.values(), ids=WIDTHS)
def test_the_report_opens(browser, report, width):
    check(browser, report.as_uri(), width)


def test_search_finds(browser, site):
    with opened(browser, f"{site}/search.html?q=contractive", 1280) as (page, problems):
        page.wait_for_selector("ul.search li a")
        assert "ontractive" in page.inner_text("ul.search")
        page.wait_for_load_state("networkidle")  # the summaries of what was found
        assert problems == []


def test_formulas_are_drawn_by_the_browser(browser, site):
    with opened(browser, f"{site}/user_guide/variational.html", 1280) as (page, _):
        assert page.evaluate("() => document.querySelector('math').getBoundingClientRect().width")


def test_what_is_broken_is_seen(browser, tmp_path):
    page = tmp_path / "page.html"
    page.write_text('<title>x</title><img src="missing.png"><script>throw new Error("no")</script>')
    with opened(browser, page.as_uri(), 390) as (tab, problems):
        assert len(tab.evaluate(BROKEN_IMAGES)) == 1
        assert any("no" in problem for problem in problems)
        assert any(problem.startswith("failed: ") for problem in problems)


def test_what_leaves_the_machine_is_seen():
    assert leaving("https://cdn.example/x.js") == ["fetched: https://cdn.example/x.js"]
    assert leaving("file:///x.js") == leaving("data:image/png;base64,") == []


# Every link of every page, without a browser.


class LinkReader(HTMLParser):
    """Collects what a page names and what it can be linked at."""

    def __init__(self, text):
        super().__init__()
        self.links, self.anchors = set(), {"", "top"}
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        attributes = dict(attributes)
        self.anchors |= {attributes.get("id"), tag == "a" and attributes.get("name")}
        self.links |= {attributes.get(key) for key in ("href", "src")} - {None}
        for source in re.split(r",\s+", attributes.get("srcset") or ""):
            self.links |= set(source.split()[:1])


@cache
def read_page(path):
    return LinkReader(path.read_text(encoding="utf-8"))


def broken_links(path):
    for link in sorted(read_page(path).links):
        address = urlsplit(link)
        if address.scheme or address.netloc:
            continue
        target = path.parent / unquote(address.path) if address.path else path
        if not target.is_file():
            yield f"{path.name}: {link} is not there"
        elif (
            target.suffix == ".html" and unquote(address.fragment) not in read_page(target).anchors
        ):
            yield f"{path.name}: {link} has no such anchor"


def test_every_local_link_leads_somewhere(built):
    pages = sorted(path.resolve() for path in HTML.rglob("*.html"))
    pages = [page for page in pages if "_static" not in page.parts]
    assert [broken for page in pages for broken in broken_links(page)] == []


@pytest.mark.slow
def test_the_report_needs_no_other_file(report):
    assert list(broken_links(report)) == []
    assert all(link.startswith("data:") for link in read_page(report).links)


def test_a_broken_link_is_seen(tmp_path):
    page = tmp_path / "page.html"
    page.write_text('<p id="a"><a href="#a"></a><a href="#b"></a><a href="no.html"></a>')
    assert list(broken_links(page)) == [
        "page.html: #b has no such anchor",
        "page.html: no.html is not there",
    ]
