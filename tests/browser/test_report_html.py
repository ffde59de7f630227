#!/usr/bin/python3
"""
The report's page in real browsers, headless, sandboxed, as an ordinary user, from file://: it reads without a script, draws, sorts, searches,
answers to keys and pointer, prints, is legible in light and dark, asks nothing of the network, and strings of strangers do nothing but appear.

usage: test_report_html.py [firefox|chromium]
"""

import itertools
import json
import os
import re
import shutil
import subprocess
import sys
import time

sys.dont_write_bytecode = True
import jsonschema
import lab
import report_documents as documents
from abreast import run_abreast
from browsers import BROWSERS, find
from checks import Checks, fail_early
from steering import STEERED, Desk

HERE = os.path.dirname(os.path.abspath(__file__))
with open(f"{HERE}/report_probes.js", encoding="ascii") as probes_file:
    PROBES = probes_file.read()
NOWHERE = "http://127.0.0.1:18080/asked"     # nobody listens; a port that browsers do not refuse by themselves
OPEN_S = 10     # only a page that hangs takes longer; how fast it is says make bench


def page_of(document):
    """The document's page, as `rtcshim report --html` writes it."""
    done = subprocess.run([f"{lab.build_dir()}/tests/report/page"], input=json.dumps(document, ensure_ascii=False).encode(), stdout=subprocess.PIPE, check=True)
    return done.stdout


class Reader:
    """One browser and what it is asked about a page."""

    def __init__(self, browser, checks):
        self.browser, self.checks, self.name = browser, checks, browser.name

    def check(self, holds, sentence, detail=""):
        return self.checks.check(holds, f"{self.name}: {sentence}", detail)

    def open(self, document_or_html):
        html = document_or_html if isinstance(document_or_html, bytes) else page_of(document_or_html)
        self.browser.open(self.browser.put(html))

    def ask(self, body):
        return self.browser.run(f"{PROBES}\n{body}")

    def press(self, selector):
        self.browser.point(*self.ask(f"return middleOf({json.dumps(selector)})"), press=True)

    def drawn(self):
        """Once the page has drawn itself."""
        deadline = time.monotonic() + OPEN_S
        while not self.ask("return performance.getEntriesByName('report-drawn').length"):
            if time.monotonic() > deadline:
                return False
            time.sleep(0.05)
        return True


def check_opens(reader):
    reader.open(documents.small())
    reader.check(reader.drawn(), "the page opens from a file and draws itself")
    reader.check(reader.browser.complaints() == [], "without a word on the console", reader.browser.complaints())
    asked = reader.browser.requests()
    reader.check(len(asked) == 1 and asked[0].startswith("file:///"), "and asks for nothing but its own file", asked)
    reader.check("2 addresses leaked outside tun0" in reader.ask("return textOf('h1')"), "the verdict comes first, in words")
    reader.check(reader.ask("return all('.leak').length") == 3 and "rtcshim run --vpn tun0 firefox-esr" in reader.ask("return textOf('#leaks')"),
                 "each leak is told with what to do about it")
    names = reader.ask("return all('.lane-name').map((one) => one.innerText)")
    reader.check(len(names) == 2 and names[0].startswith("tun0") and "wanted" in names[0] and "leaks" in names[1], "the wanted interface is the first lane, and marked", names)
    reader.check(reader.ask("return all('.node.is-leaking').map((one) => one.textContent).join()").count("203.0.113.23") > 0, "the diagram marks the leaked address")
    links = reader.ask("return all('.pathway .link').length")
    reader.check(links == 12, "and links processes, interfaces, servers and addresses", links)


def check_eyes(reader):
    """That the checks above would see what they say is not there."""
    reader.open(f"<!doctype html><img src='{NOWHERE}'><script>console.error('a complaint'); nobodys.name</script>".encode())
    time.sleep(0.3)
    reader.check(NOWHERE in reader.browser.requests(), "a page that asks for something is seen to", reader.browser.requests())
    reader.check(reader.browser.complaints(), "and one that complains is heard")
    html = page_of(documents.small())
    allowed = html.replace(b"</body>", f"<img src='{NOWHERE}'><script>window.pwned = 6</script></body>".encode())
    reader.open(allowed)
    reader.drawn()
    reader.check(NOWHERE not in reader.browser.requests() and not reader.ask("return 'pwned' in window"),
                 "the page's policy stops a picture and a script that were put into it", reader.browser.requests())
    reader.check(reader.browser.complaints(), "and the browser says so")


def check_still(reader):
    """Without scripts."""
    reader.browser.scripts(False)
    try:
        reader.open(documents.small())
        page = reader.browser.picture()
        reader.check(len(page) > 10000, "without scripts there is a page")
    finally:
        reader.browser.scripts(True)
    html = page_of(documents.small()).decode()
    body = re.sub(r"<script.*?</script>", "", html[html.index("<body>"):], flags=re.S)
    words = re.sub(r"<[^>]+>", " ", body)
    for wanted in ("2 addresses leaked outside tun0", "203.0.113.23", "rtcshim run --vpn tun0 firefox-esr", "events 48&ndash;49", "dead.example.net", "The picture needs JavaScript"):
        reader.check(wanted in words, f"and the page's own text, without the script, has: {wanted}")
    reader.check(body.count("<tr") > 80, "with the tables in it", body.count("<tr"))


def check_table(reader):
    reader.open(documents.small())
    reader.drawn()
    reader.press("#servers-table th:nth-child(6) button")
    reader.check(reader.ask("return column('servers', 5)") == ["3", "7", "16", "33"], "a press on a heading sorts, numbers as numbers", reader.ask("return column('servers', 5)"))
    reader.check(reader.ask("return document.querySelector('#servers-table th:nth-child(6)').ariaSort") == "ascending", "and the heading says so")
    reader.ask("document.querySelector('#servers-table th:nth-child(6) button').focus()")
    reader.browser.key("Enter")
    reader.check(reader.ask("return column('servers', 5)") == ["33", "16", "7", "3"], "Enter on it turns the order round")
    reader.check(reader.ask("return document.querySelector('#servers-table th:nth-child(6)').ariaSort") == "descending", "and says that too")
    reader.press("#servers-table th:nth-child(1) button")
    addresses = reader.ask("return column('servers', 0)")
    reader.check(addresses[1:] == ["198.51.100.10:3478", "198.51.100.10:3479", "198.51.100.77:19302"], "addresses sort by their numbers", addresses)
    status = "return textOf('#exchanges .status')"
    reader.check(reader.ask(status) == "1 to 50 of 54" and reader.ask("return column('exchanges', 0).length") == 50, "a long table has pages", reader.ask(status))
    reader.press("#exchanges .pager button:last-child")
    reader.check(reader.ask(status) == "51 to 54 of 54" and reader.ask("return column('exchanges', 0).length") == 4, "that turn", reader.ask(status))
    reader.ask("document.querySelector('#exchanges input[type=search]').focus()")
    for letter in "dead":
        reader.browser.key(letter)
    reader.check(reader.ask(status) == "1 found in 54" and "dead.example.net" in reader.ask("return textOf('#exchanges-table tbody')"), "searching finds by what is in a row", reader.ask(status))
    reader.check(reader.ask("return document.querySelector('#exchanges .status').ariaLive") == "polite", "and is told to who listens")
    for _ in range(2):
        reader.browser.key("x")
    reader.check(reader.ask(status) == "nothing found in 54" and reader.ask("return column('exchanges', 0).length") == 0, "what is nowhere is not found")


def check_hands(reader):
    reader.open(documents.small())
    reader.drawn()
    before = reader.ask("return picturePrint()")
    reader.ask("document.getElementById('stage').focus()")
    reader.browser.key("ArrowRight")
    detail = reader.ask("return textOf('#detail')")
    reader.check("2.127000 s" in detail and "203.0.113.8:47360" in detail and "firefox-esr 139" in detail, "an arrow key shows the first exchange's details", detail)
    reader.check(reader.ask("return picturePrint()") != before, "and marks it in the picture")
    reader.browser.key("ArrowDown")
    detail = reader.ask("return textOf('#detail')")
    reader.check("eth0" in detail and "203.0.113.23" in detail, "arrow down goes to the next lane", detail)
    reader.browser.key("l")
    leak = reader.ask("return textOf('#detail')")
    reader.check("Leak" in leak and leak != detail, "L goes to the next leak", leak)
    reader.browser.key("Enter")
    reader.check(reader.ask("return document.activeElement.classList.contains('leaking') && document.activeElement.tagName") == "TR", "Enter goes to its row in the table")
    reader.browser.key("ArrowDown")
    reader.check(reader.ask("return textOf('#detail')") != leak, "and an arrow key there to the next row's details")
    span = "return textOf('#timeline-range')"
    whole = reader.ask(span)
    reader.press("[data-act=in]")
    closer = reader.ask(span)
    reader.check(closer != whole, "a button shows less time", closer)
    reader.ask("document.getElementById('in-view').click()")
    narrowed = reader.ask("return textOf('#exchanges .status')")
    reader.check("found in 54" in narrowed, "and the table can follow", narrowed)
    reader.press("[data-act=all]")
    reader.check(reader.ask(span) == whole and reader.ask("return textOf('#exchanges .status')").endswith("of 54"), "and another the whole run again")
    x, y = reader.ask("return middleOf('#stage')")
    reader.browser.drag(x, y, 120)
    dragged = [float(second) for second in re.findall(r"[\d.]+(?= s)", reader.ask(span))]
    reader.check(len(dragged) == 2 and 5.5 < dragged[0] < dragged[1] < 8.5 and 1.4 < dragged[1] - dragged[0] < 2.2, "dragging over the picture looks closer there", dragged)
    reader.ask("document.getElementById('stage').focus()")
    reader.browser.key("0")
    reader.check(reader.ask(span) == whole, "and 0 goes back to the whole run")
    drawn = reader.ask("return picturePrint()")
    reader.press("[data-outcome=unseen]")
    reader.check(reader.ask("return document.querySelector('[data-outcome=unseen]').ariaPressed") == "false" and reader.ask("return picturePrint()") != drawn,
                 "a press on the legend takes an outcome out of the picture")
    left, top, head = reader.ask("""middleOf('#stage'); const box = document.getElementById('plot').getBoundingClientRect();
        return [box.left, box.top, document.querySelector('.lane-name').getBoundingClientRect().width]""")
    found = ""
    for x, y in itertools.product(range(10, 60, 7), range(60, 110, 7)):     # where the first marks of the first lane are
        reader.browser.point(left + head + x, top + y)
        found = reader.ask("return document.getElementById('tip').hidden ? '' : textOf('#tip')")
        if found:
            break
    reader.check(found and "confirmed" in found and "firefox-esr" in found, "pointing at a mark tells what it is", found)
    reader.ask("document.querySelector('.node.is-leaking').focus()")
    reader.check(reader.ask("return all('.link.is-lit').length") >= 3, "a node of the diagram in focus shows its ways")


def check_hostile(reader):
    reader.open(documents.hostile())
    reader.check(reader.drawn(), "a document full of hostile strings is drawn")
    reader.check(reader.ask("return window.pwned ?? null") is None, "no script in it ran")
    reader.check(reader.browser.complaints() == [], "nor was one tried", reader.browser.complaints())
    reader.check(len(reader.browser.requests()) == 1, "nor anything asked for", reader.browser.requests())
    count = reader.ask("return [all('script').length, all('img, iframe, object, embed, link, [autofocus], [onerror], [onfocus]').length, all('b, i').length]")
    reader.check(count == [2, 0, 0], "no element was made of it", count)
    text = reader.ask("return document.body.textContent")
    for kind, shown in (("script", documents.HOSTILE["script"]), ("end", documents.HOSTILE["end"]), ("comment", "<!--<script>"), ("attribute", documents.HOSTILE["attribute"]),
                        ("entity", documents.HOSTILE["entity"]), ("terminal", r"\x1b[31mred\x1b]0;title\x07"), ("direction", r"abc\u202etxt.exe\u2066\u2069\u200f"),
                        ("hebrew", documents.HOSTILE["hebrew"]), ("hidden", r"zero\u200bwidth\ufeff\u00ad"), ("damaged", documents.HOSTILE["damaged"]),
                        ("long", documents.HOSTILE["long"]), ("template", documents.HOSTILE["template"]), ("proto", "__proto__"), ("backslash", r"a\\b")):
        reader.check(shown in text, f"the string appears: {kind}")
        in_table = reader.ask(f"const s = document.querySelector('#exchanges input'); s.value = {json.dumps(shown)}; s.dispatchEvent(new Event('input')); return textOf('#exchanges-table tbody')")
        reader.check(shown.replace("\\\\", "\\")[:20] in in_table.replace("\\\\", "\\"), f"and in the table that the script makes: {kind}", in_table[:300])
    acting = reader.ask(r"return document.body.innerText.match(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u200b-\u200f\u202a-\u202e\u2066-\u2069\ufeff]/gu)")
    reader.check(acting is None, "nothing that acts on a reader is left in it", acting)
    reader.check(reader.ask("return all('td bdi, dd bdi, h1 bdi').length") > 100, "strangers' strings keep their direction to themselves")
    wide = reader.ask("return document.documentElement.scrollWidth - document.documentElement.clientWidth")
    reader.check(wide <= 0, "long ones do not stretch the page", wide)
    html = page_of(documents.hostile())
    data = html[html.index(b'id="report-document">'):]
    data = data[data.index(b">") + 1:data.index(b"</script>")]
    reader.check(b"<" not in data and data.isascii() and json.loads(data) == documents.hostile(), "the data in the page are the document's, in letters that no parser minds")


def check_many(reader):
    reader.open(documents.many())
    reader.check(reader.drawn(), "a run of 100,000 events with 20,000 exchanges is drawn")
    reader.check(reader.ask("return textOf('#exchanges .status')") == "1 to 50 of 20\u202f000", "the table holds them all", reader.ask("return textOf('#exchanges .status')"))
    reader.check("30\u202f000 more are not in this file" in reader.ask("return textOf('#exchanges-table caption')"), "and says how many it does not hold")
    reader.check(reader.ask("return all('tr').length") < 800, "without a row for each in the page", reader.ask("return all('tr').length"))
    reader.press("#exchanges-table th:nth-child(7) button")
    reader.check(reader.ask("return column('exchanges', 6)[0]").strip() == "blocked", "all are sorted, not the page alone", reader.ask("return column('exchanges', 6)[0]"))
    before = reader.ask("return picturePrint()")
    reader.ask("document.getElementById('stage').focus()")
    for _ in range(8):
        reader.browser.key("+")
    reader.check(reader.ask("return picturePrint()") != before, "the picture can be looked into")


def check_sight(reader):
    reader.open(documents.small())
    shots = {}
    for dark in (False, True):
        reader.browser.dark(dark)
        reader.open(documents.small())
        reader.drawn()
        shade = "dark" if dark else "light"
        shots[shade] = reader.browser.picture()
        looked, faint = reader.ask("return faintTexts()")
        reader.check(looked > 300 and faint == [], f"{shade}: every text has 4.5:1 to its ground, or 3:1 where it is large", faint or looked)
        marks = reader.ask("return faintMarks()")
        reader.check(marks == [], f"{shade}: every mark of the picture has 3:1", marks)
        ground = reader.ask("return luminance(channels(getComputedStyle(document.body).backgroundColor))")
        reader.check(ground < 0.05 if dark else ground > 0.8, f"{shade}: the ground is", ground)
    reader.check(shots["dark"] != shots["light"], "the two look different")
    reader.browser.dark(False)
    faults = reader.ask("return accessFaults()")
    reader.check(faults == [], "names, headings, landmarks, captions and references are in order", "\n".join(faults))
    shapes = reader.ask("return all('symbol[id^=shape-] path').map((one) => one.getAttribute('d') + one.hasAttribute('data-hollow'))")
    reader.check(len(shapes) == 9 and len(set(shapes)) == 9, "each outcome has a shape of its own", shapes)
    reader.ask("document.body.focus(); scrollTo(0, 0)")
    reader.browser.key("Tab")
    reader.check(reader.ask("return document.activeElement.className") == "skip", "the first stop of Tab skips to the verdict")
    reader.browser.size(400, 900)
    reader.open(documents.small())
    reader.drawn()
    room = reader.ask("return [document.documentElement.scrollWidth, document.documentElement.clientWidth]")
    reader.check(room[0] <= room[1], "a narrow window needs no scrolling sideways", room)
    reader.browser.size(1320, 1000)


def paper_words(reader):
    path = f"{reader.browser.home}/paper.pdf"
    with open(path, "wb") as file:
        file.write(reader.browser.paper())
    text = subprocess.run(["pdftotext", "-layout", path, "-"], stdout=subprocess.PIPE, check=True).stdout.decode()
    return path, " ".join(text.split())


def check_paper(reader):
    reader.browser.dark(True)
    reader.open(documents.small())
    reader.drawn()
    path, words = paper_words(reader)
    reader.browser.dark(False)
    reader.check("2 addresses leaked outside tun0, and 1 more is likely." in words, "on paper the verdict stands", words[:300])
    for wanted in ("rtcshim run --vpn tun0 firefox-esr", "dead.example.net", "Looks at interfaces", "a static program", "203.0.113.8:47402"):
        reader.check(wanted in words, f"and so does: {wanted}")
    reader.check(words.count("203.0.113.8:47402") >= 26, "and all exchanges, not a page of them", words.count("203.0.113.8:47402"))
    reader.check("Page Down" not in words and "The same as a table" in words, "nothing to press, and everything open")
    image = subprocess.run(["pdftoppm", "-r", "20", "-f", "1", "-l", "1", path], stdout=subprocess.PIPE, check=True).stdout
    light = sum(value > 200 for value in image) / len(image)
    reader.check(light > 0.8, "on white, also for who reads in the dark", f"{light:.2f} of the first page")
    reader.check("1 to 50 of 54" in reader.ask("return textOf('#exchanges .status')"), "afterwards the table has its pages again", reader.ask("return textOf('#exchanges .status')"))
    reader.open(documents.many(rows=2000))
    reader.drawn()
    words = paper_words(reader)[1]
    reader.check("On paper: the 200 that matter first, of 2" in words, "of many exchanges those are printed that matter, and it says so", words[-2000:])
    reader.check(all(f"stun{n}.example.org" in words for n in (1, 125, 249)), "of everything else all")


def check_documents(reader):
    with open(f"{lab.TREE}/docs/report.schema.json", encoding="utf-8") as file:
        schema = json.load(file)
    for name, document in (("small", documents.small()), ("clean", documents.clean()), ("large", documents.many(rows=50))):
        faults = [f"{list(fault.path)}: {fault.message}" for fault in jsonschema.validators.validator_for(schema)(schema).iter_errors(document)]
        reader.check(faults == [], f"the {name} document is one as the schema has it", "\n".join(faults))


def check_strange_documents(reader):
    """Nothing of a document has to be there."""
    for name, document in (("empty", {}), ("clean", documents.clean()), ("of wrong types", {"run": [], "verdict": "x", "leaks": {"a": 1}, "exchanges": {"rows": 3, "columns": "x"}, "paths": [1, None]}),
                           ("with indexes that lead nowhere", {"exchanges": {"columns": documents.COLUMNS, "rows": [[1, 0, 99, -5, 7, None, None, "no such", None, None, None, None, None, None, None, 42, None, "x"]]},
                                                               "paths": [{"process": 9, "iface": 9, "server": 9, "learned": None}]}),
                           ("with holes in its lists", {**documents.small(), **{name: [None, 1, "x"] for name in ("interfaces", "servers", "processes", "paths", "leaks", "dns")}})):
        reader.open(document)
        reader.check(reader.drawn() and reader.browser.complaints() == [], f"a document {name} is drawn without complaint", reader.browser.complaints())


def main(arguments):
    if not arguments:
        return run_abreast(BROWSERS)
    name = arguments[0]
    if not find(name):
        fail_early(f"this test needs: apt-get install {BROWSERS[name][0][0]}")
    if not shutil.which("pdftotext"):
        fail_early("this test needs: apt-get install poppler-utils")
    lab.enter(seconds=400)
    checks = Checks()
    with Desk() as desk, STEERED[name](desk) as browser:
        browser.size(1320, 1000)
        reader = Reader(browser, checks)
        for check in (check_opens, check_eyes, check_still, check_table, check_hands, check_hostile, check_many, check_sight, check_paper, check_documents, check_strange_documents):
            check(reader)
    return checks.finish()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
