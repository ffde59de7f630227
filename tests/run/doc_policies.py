"""The policies that the documents show, as they are written there.

    doc_policies.py FOLDER     policy.md and rtcshim-policy.5; writes FOLDER/N.policy and prints how many

Of policy.md the indented blocks whose lines are rules, and rules and qualifiers quoted in the text; of the man page its EXAMPLES, and the words that it lists.
FOLDER/my.policy is the first; FOLDER/*.shown are the screens that policy.md shows, without the "$" line.
"""
import pathlib
import re
import sys

docs = pathlib.Path(__file__).resolve().parent.parent.parent / "docs"
folder = pathlib.Path(sys.argv[1])
RULE = re.compile(r"(allow|deny|hide|show|default|refuse)\b")
# What stands for something else is no example.
PLACEHOLDER = re.compile(r"TOPIC|PATTERN|REFUSAL|\||\[|QUALIFIER|NAME|ROLE|\bX\b")
found = []

markdown = (docs / "policy.md").read_text(encoding="utf-8")
for block in re.findall(r"(?:^    .*\n)+", markdown, re.M):
    lines = [line[4:] for line in block.splitlines()]
    if all(RULE.match(line) or line.startswith("#") or not line for line in lines) and not PLACEHOLDER.search(block):
        found.append("\n".join(lines) + "\n")
for quoted in re.findall(r"`([^`\n]+)`", markdown):
    if RULE.match(quoted) and len(quoted.split()) > 2 and not PLACEHOLDER.search(quoted):
        found.append(quoted + "\n")
    elif re.match(r"(via|to|port|class|over|by|family|method) .", quoted) and not PLACEHOLDER.search(quoted):
        found.append(f"deny stun {re.sub(',[.]{3}(?=,|$)', '', quoted)}\n")

man = (docs / "rtcshim-policy.5").read_text(encoding="utf-8")
examples = re.search(r"^\.SH EXAMPLES\n\.nf\n(.*?)^\.fi", man, re.M | re.S).group(1)
found.append(examples.replace("\\-", "-"))

roles = re.search(r"^The process:\n(.*?)^\.B other", man, re.M | re.S).group(1)
found += [f"deny stun by {role.replace(chr(92), '')}\n" for role in re.findall(r"[a-z][a-z\\-]+", roles.replace(".BR", ""))]

(folder / "my.policy").write_text(found[0], encoding="utf-8")
for name, start in {"error": r"my\.policy:3:\d+: error", "explain": "stun binding request to"}.items():
    shown = re.search(rf"^    {start}.*\n(?:^     .*\n)*", markdown, re.M).group(0)
    (folder / f"{name}.shown").write_text("".join(line[4:] + "\n" for line in shown.splitlines()), encoding="utf-8")
for number, text in enumerate(found):
    (folder / f"{number}.policy").write_text(text, encoding="utf-8")
print(len(found))
