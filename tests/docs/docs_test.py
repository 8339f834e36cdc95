#!/usr/bin/env python3
"""The documents say what the program says: names, assumptions, and the verdicts of the cases."""

import fnmatch
import json
import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(os.environ["AMALGAM_SOURCE_DIR"])
PROGRAM = os.environ["AMALGAM_BINARY"]
CASES = sorted(file.stem for file in (ROOT / "scenarios").glob("*.scn"))
CASE_PREFIXES = "bug|cont|create|hvo|notify|worked"

failures = []


def expect_equal(what, said, meant):
    for line in [line for line in meant if line not in said]:
        failures.append(f"{what} lacks: {line}")
    for line in [line for line in said if line not in meant]:
        failures.append(f"{what} should not say: {line}")
    if sorted(said) == sorted(meant) and said != meant:
        failures.append(f"{what}: another order")


def listed(command):
    run = subprocess.run([PROGRAM, command, "--json"], capture_output=True, check=True)
    return json.loads(run.stdout)


def table(document, header):
    """The rows of the table whose header line starts with `header`, cells stripped."""
    lines = (ROOT / "docs" / document).read_text().splitlines()
    start = next(i for i, line in enumerate(lines) if line.startswith(header))
    rows = []
    for line in lines[start + 2 :]:
        if not line.startswith("|"):
            break
        rows.append([cell.strip() for cell in line.strip("|").split("|")])
    return rows


def check_names():
    rules = [[f"`{r['name']}`", r["label"], r["meaning"]] for r in listed("rules")["rules"]]
    said = table("glossary.md", "| rule | label | meaning |")
    expect_equal("the rules of glossary.md", said, rules)
    effects = [[f"`{e['name']}`", e["meaning"]] for e in listed("effects")["effects"]]
    said = table("glossary.md", "| effect | meaning |")
    expect_equal("the effects of glossary.md", said, effects)


def check_assumptions():
    meant = [
        [f"`{a['name']}`", a["values"][0], ", ".join(a["values"][1:])]
        for a in listed("assumptions")["check"]
    ]
    said = [row[:3] for row in table("machine.md", "| assumption | default")]
    expect_equal("the assumptions of machine.md", said, meant)


def expectation(case):
    """The `expect` block of a case, an item for each line that names levels."""
    items = []
    text = (ROOT / "scenarios" / f"{case}.scn").read_text()
    for line in text.partition("\nexpect\n")[2].splitlines():
        words = " ".join(line.split("#")[0].split())
        if re.match(r"(bbm|ets)\b", words):
            items.append(words)
        elif words.startswith("effects ") and "effects " in items[-1]:
            items[-1] += ", " + words.removeprefix("effects ")
        elif words.startswith("effects "):
            items[-1] += "; " + words
        elif words:
            items[-1] += " " + words
    return items


def check_verdicts():
    said = (ROOT / "docs" / "answers.md").read_text()
    rows = re.findall(r"^\| `scenarios/([\w-]+)\.scn` \| (.*) \|$", said, re.MULTILINE)
    if len(rows) < 80:
        failures.append(f"answers.md has {len(rows)} verdicts")
    for case, verdict in rows:
        if case in CASES and verdict.split("<br>") != expectation(case):
            failures.append(f"answers.md on {case}: {verdict}\n  the file: {expectation(case)}")


def check_mentions():
    rules = {rule["name"] for rule in listed("rules")["rules"]}
    for document in [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]:
        text = document.read_text()
        names = re.findall(r"scenarios/([\w*-]+)\.scn", text)
        names += re.findall(rf"`((?:{CASE_PREFIXES})-[\w*-]+)(?:\.scn)?`", text)
        for name in sorted(set(names) - rules):
            if not fnmatch.filter(CASES, name):
                failures.append(f"{document.name} names a case that is not there: {name}")


def hvo(*options):
    run = subprocess.run([PROGRAM, "hvo", *options, "--json"], capture_output=True, check=True)
    return json.loads(run.stdout)["sizes"]


def check_hvo_savings():
    said = table("hvo.md", "| granule | huge page | struct pages |")
    meant = []
    for granule in ["4K", "16K", "64K"]:
        for size in hvo("--memory", "16G", "--granule", granule, "--batch", "1"):
            saving = size["saving"]
            freed = saving["freed_pages"]
            overheads = ["overhead_before"] + (["overhead_after"] if freed else [])
            saved = f"{100 * saving['saved_share']:.5g}%" if freed else "none"
            overhead = ", ".join(f"{100 * saving[each]:.5g}%" for each in overheads)
            kept = str(saving["kept_pages"]) if freed else "-"
            meant.append([granule, f"{saving['struct_pages']:,}", kept, f"{freed:,}", saved, overhead])
    said = [[r[0], r[2], r[5], r[6], r[7].split(", ")[-1], r[8]] for r in said]
    expect_equal("the savings of hvo.md", said, meant)


def check_hvo_costs():
    meant = []
    for memory, page, column in [("2M", "2M", "one"), ("2000M", "2M", "batch"), ("1G", "1G", "one")]:
        plain = hvo("--memory", memory, "--page", page)[0]["hvo"]
        ranged = hvo("--memory", memory, "--page", page, "--tlbi-range")[0]["hvo"]
        for operation in ["share", "restore"]:
            row = []
            for part in [lambda answer: answer, lambda answer: answer["linux_7_3"]]:
                one, other = [part(each)[operation][column] for each in (plain, ranged)]
                tlbis = str(one["tlbis"])
                if column == "one":
                    tlbis += f" ({other['tlbis']})"
                row += [f"{one['live_stores']:,}", tlbis, str(one["barriers"])]
            meant.append(row)
    said = [row[1:] for row in table("hvo.md", "| | stores | TLBIs |")]
    expect_equal("the costs of hvo.md", said, meant)


def check_readme():
    """README shows one real answer: the block that starts with the name of a case."""
    text = (ROOT / "README.md").read_text()
    shown = re.search(r"```\n((scenarios/[\w-]+\.scn): .*?)```", text, re.DOTALL)
    if not shown:
        failures.append("README.md shows no answer")
        return
    run = subprocess.run([PROGRAM, "check", shown[2]], cwd=ROOT, capture_output=True, text=True)
    if run.stdout != shown[1]:
        failures.append(f"README.md shows another answer than the program gives:\n{run.stdout}")


LITMUS_TEST = """AArch64 reading
{
 0:X0=x;
}
 P0          ;
 LDR W1,[X0] ;
exists (0:X1=0)
"""


def check_litmus():
    """litmus.md names every option of the command and every field of its JSON, and no others."""
    run = subprocess.run([PROGRAM, "litmus", "--help"], capture_output=True, check=True, text=True)
    options = set(re.findall(r"--[a-z]+", run.stdout)) - {"--help", "--color", "--version"}
    rows = table("litmus.md", "| option | meaning |")
    said = {name for row in rows for name in re.findall("--[a-z]+", row[0])}
    expect_equal("the options of litmus.md", sorted(said), sorted(options))
    with tempfile.TemporaryDirectory() as directory:
        good = Path(directory) / "good.litmus"
        good.write_text(LITMUS_TEST)
        bad = Path(directory) / "bad.litmus"
        bad.write_text("AArch64")
        run = subprocess.run([PROGRAM, "litmus", good, bad, "--json"], capture_output=True)
    fields = {field for line in run.stdout.splitlines() for field in json.loads(line)}
    rows = table("litmus.md", "| field | meaning |")
    said = {name for row in rows for name in re.findall(r"`(\w+)`", row[0])}
    expect_equal("the JSON fields of litmus.md", sorted(said), sorted(fields))


check_litmus()
check_readme()
check_names()
check_assumptions()
check_verdicts()
check_mentions()
check_hvo_savings()
check_hvo_costs()
for failure in failures:
    print(failure, file=sys.stderr)
sys.exit(1 if failures else 0)
