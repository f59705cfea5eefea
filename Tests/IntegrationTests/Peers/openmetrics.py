"""A strict reader of OpenMetrics 1.0 and of Prometheus text 0.0.4; shares no code with us.

Which of the two it is says `# EOF` at the end. Counters, gauges and infos are known.

Each line on standard input is one JSON object {"do": "read", "path": FILE}; each is answered by one
line: {"samples": {SERIES: VALUE}, "types": {FAMILY: TYPE}} or {"failure": WHY}.
"""

import json
import re
import sys

NAME = r"[a-zA-Z_:][a-zA-Z0-9_:]*"
META = re.compile(rf"# (TYPE|UNIT|HELP) ({NAME}) (.*)")
SAMPLE = re.compile(rf"({NAME})(?:\{{(.*)\}})? (-?\d+(?:\.\d+)?)")
LABEL = re.compile(r'([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\\n]|\\["\\n])*)"(,|$)')


def labels(text):
    found, at = {}, 0
    while text and at < len(text):
        match = LABEL.match(text, at)
        if not match or match[1] in found:
            raise ValueError(f"labels: {text}")
        found[match[1]], at = match[2], match.end()
        if match[3] and at == len(text):
            raise ValueError(f"labels end with a comma: {text}")
    return found


def read(text):
    is_open = text.endswith("# EOF\n")
    if text.count("# EOF") != is_open or not text.endswith("\n"):
        raise ValueError("# EOF is not the end, once")
    types, helps, units, samples, family = {}, {}, {}, {}, None
    for line in text.removesuffix("# EOF\n").splitlines():
        meta = META.fullmatch(line)
        if meta:
            kind, name, value = meta.groups()
            table = dict(TYPE=types, HELP=helps, UNIT=units)[kind]
            if name in table or (name != family and name in helps):
                raise ValueError(f"out of place: {line}")
            if kind == "UNIT" and not is_open:
                raise ValueError(f"no line of this format: {line}")
            if kind == "UNIT" and not name.endswith("_" + value):
                raise ValueError(f"a name without its unit: {line}")
            table[name], family = value, name
            continue
        sample = SAMPLE.fullmatch(line)
        if not sample:
            raise ValueError(f"no line of this format: {line}")
        suffix = {"counter": "_total", "info": "_info"}.get(types.get(family), "") if is_open else ""
        wanted = family + suffix
        if not is_open and types.get(family) == "counter" and not family.endswith("_total"):
            raise ValueError(f"a counter that is not called so: {line}")
        series = sample[1] + json.dumps(sorted(labels(sample[2]).items()))
        if sample[1] != wanted or family not in helps or series in samples:
            raise ValueError(f"a sample that does not belong here: {line}")
        samples[series] = float(sample[3]) if "." in sample[3] else int(sample[3])
    if set(types) != set(helps):
        raise ValueError("a family without help")
    return dict(samples=samples, types=types)


def main():
    for line in sys.stdin:
        try:
            with open(json.loads(line)["path"], encoding="utf-8", newline="") as file:
                answer = read(file.read())
        except (OSError, ValueError) as error:
            answer = dict(failure=str(error))
        sys.stdout.write(json.dumps(answer) + "\n")
        sys.stdout.flush()


main()
