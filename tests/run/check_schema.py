#!/usr/bin/python3
"""Validate NDJSON events against docs/events.schema.json, and the order of their numbers.

    check_schema.py FILE...        "-" is standard input

Prints how many lines were validated. Exits 1 where a line is no event, where seq has a gap, or where there was no line at all.
--no-order leaves out the check of seq: for lines that were gathered from several runs.
--summary: the lines are summaries of captures, and the schema is docs/summary.schema.json.
--report: the lines are reports of runs, and the schema is docs/report.schema.json.
"""
import json
import pathlib
import sys

try:
    import jsonschema
except ImportError:
    sys.exit("check_schema.py: needs python3-jsonschema (apt install python3-jsonschema)")

DOCS = pathlib.Path(__file__).resolve().parents[2] / "docs"
TOLD_MAX = 10


def no_constant(name):
    raise ValueError(f"{name} is not JSON")


def check(name, lines, validator, ordered):
    """The number of good lines and of complaints."""
    good = bad = 0
    last = 0
    for number, line in enumerate(lines, 1):
        complaints = []
        try:
            event = json.loads(line.decode("utf-8"), parse_constant=no_constant)
            complaints = [
                f"{'/'.join(map(str, error.absolute_path)) or 'event'}: {error.message[:300]}"
                for error in validator.iter_errors(event)
            ]
            if ordered and not complaints:
                if event["seq"] != last + 1:
                    complaints.append(f"seq {event['seq']} follows {last}")
                last = event["seq"]
        except ValueError as error:
            complaints = [f"no JSON: {error}"]
        if complaints:
            bad += 1
            if bad <= TOLD_MAX:
                print(f"{name}:{number}: {'; '.join(complaints)}")
        else:
            good += 1
    return good, bad


def main(arguments):
    kind = "summary" if "--summary" in arguments else "report" if "--report" in arguments else "events"
    ordered = "--no-order" not in arguments and kind == "events"
    names = [a for a in arguments if a not in ("--no-order", "--summary", "--report")]
    if not names:
        sys.exit(__doc__)
    schema = json.loads((DOCS / f"{kind}.schema.json").read_text())
    jsonschema.Draft202012Validator.check_schema(schema)
    validator = jsonschema.Draft202012Validator(schema)
    good = bad = 0
    for name in names:
        if name == "-":
            result = check(name, sys.stdin.buffer, validator, ordered)
        else:
            with open(name, "rb") as file:
                result = check(name, file, validator, ordered)
        good += result[0]
        bad += result[1]
    print(f"{good} lines validated, {bad} wrong")
    if good + bad == 0:
        print("check_schema.py: no lines to validate")
    return 1 if bad or good == 0 else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
