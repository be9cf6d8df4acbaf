"""Writes tests/vectors/flagstay/*.json: cases made here, answers by the second reading in `flagstay.py`.

    python3 tests/oracle/vectors.py [DIRECTORY]

Deterministic: run twice, it writes the same bytes. What the oracle does not know (mistakes in documents, refused
documents) has its answers stated here by hand.
"""

import copy
import json
import random
import sys
from pathlib import Path

from flagstay import Ruleset, failed, metric

NOW = 1790000000000
KEYS = ("found", "enabled", "value", "variation", "variation_id", "rule_id", "reason", "sticky", "error")


class File:
    """One vector file. Cases are added with a ruleset; steps are answered as they are added."""

    def __init__(self, name, note):
        self.name, self.note, self.rulesets, self.cases = name, note, {}, []

    def ruleset(self, name, document):
        self.rulesets[name] = {"format": 1, **document}
        return name

    def case(self, name, ruleset, storage=None):
        return Case(self, name, ruleset, storage)

    def write(self, directory):
        path = directory / f"{self.name}.json"
        head = {"format": 1, "dialect": "flagstay", "source": "the reference page, read twice", "note": self.note,
                "now_ms": NOW}
        dump = lambda value: json.dumps(value, ensure_ascii=False, separators=(",", ":"))
        lines = ["{"] + [f'"{key}":{dump(value)},' for key, value in head.items()]
        lines.append('"rulesets":{')
        lines.append(",\n".join(f"{dump(name)}:{dump(document)}" for name, document in self.rulesets.items()))
        lines.append('},\n"cases":[')
        cases = []
        for case in self.cases:
            intro = {key: value for key, value in case.items() if key != "steps"}
            steps = ",\n".join(dump(step) for step in case["steps"])
            cases.append(f'{dump(intro)[:-1]},"steps":[\n{steps}\n]}}')
        lines.append(",\n".join(cases))
        lines.append("]\n}")
        path.write_text("\n".join(lines) + "\n", encoding="utf-8")
        json.loads(path.read_text(encoding="utf-8"))
        return sum(len(case["steps"]) for case in self.cases)


class Case:
    def __init__(self, file, name, ruleset, storage):
        self.file, self.steps = file, []
        self.document = file.rulesets.get(ruleset) if ruleset else None
        self.store = None if storage is None else {(r["unit"], r["flag"]): copy.deepcopy(r["record"]) for r in storage}
        self.outbox = None
        entry = {"name": name, "ruleset": ruleset}
        if storage is not None:
            entry["storage"] = copy.deepcopy(storage)
        entry["steps"] = self.steps
        assert all(case["name"] != name for case in file.cases), name
        file.cases.append(entry)

    def events(self):
        """From here on exposures are collected."""
        self.outbox = []
        return self

    def evaluate(self, flag, user, exposure=True, default=None, expect=None):
        mode = "expose" if exposure else "read"
        answer = expect
        if answer is None:
            answer = Ruleset(self.document).decide(flag, user, self.store, mode, self.outbox)
        step = {"op": "evaluate", "flag": flag, "user": user}
        if not exposure:
            step["exposure"] = False
        if default is not None:
            step["default"] = default
        if answer.get("error") is not None and "value" not in answer:
            answer = {**answer, "value": default}
        step["expect"] = {key: answer[key] for key in KEYS if key in answer}
        self.steps.append(step)
        return self

    def evaluate_all(self, user):
        answers = Ruleset(self.document).decide_all(user, self.store)
        expect = {flag: {key: answer[key] for key in KEYS if key in answer} for flag, answer in answers.items()}
        self.steps.append({"op": "evaluate_all", "user": user, "expect": expect})
        return self

    def replace(self, name, refused=False):
        if not refused:
            self.document = self.file.rulesets[name]
        self.steps.append({"op": "ruleset", "name": name})
        return self

    def storage(self):
        records = [{"unit": unit, "flag": flag, "record": copy.deepcopy(record)}
                   for (unit, flag), record in self.store.items()]
        self.steps.append({"op": "storage", "expect": records})
        return self

    def track(self, event, user, value=None, properties=None, flags=None, accepted=True):
        step = {"op": "track", "event": event, "user": user}
        for name, given in (("value", value), ("properties", properties), ("flags", flags)):
            if given is not None:
                step[name] = given
        step["expect"] = {"accepted": accepted}
        if accepted and self.outbox is not None:
            self.outbox.append(metric(event, user, value, properties, flags))
        self.steps.append(step)
        return self

    def drain(self):
        self.steps.append({"op": "events", "expect": self.outbox})
        self.outbox = []
        return self


def user(key, **parts):
    return {"key": key, **parts}


def with_attributes(key, **attributes):
    return {"key": key, "attributes": attributes}


def halves(first="on", second="off", share=50, **more):
    return {"weights": [{"variation": first, "percent": share}, {"variation": second, "percent": 100 - share}], **more}


SWITCH = {"on": True, "variations": {"on": True, "off": False}, "off": "off"}
COLOURS = {"on": True, "variations": {"grey": "grey", "blue": "blue", "green": "green"}, "off": "grey"}
USERS = ["user-1", "user-2", "user-3", "user-4", "user-5", "café", "李雷", "🙂", "a b", "", "u" * 300, "nul\0inside"]


def thirds(a=34, b=33, c=33, **more):
    return {"weights": [{"variation": "grey", "percent": a}, {"variation": "blue", "percent": b},
                        {"variation": "green", "percent": c}], **more}


# ---------------------------------------------------------------------------------------------------------------------


def decision_order():
    file = File("decision-order", "off, prerequisites, targets, rules, default: what wins over what")
    document = {"flags": {
        "plain": {**SWITCH, "default": "on"},
        "off": {**SWITCH, "on": False, "targets": [{"values": ["user-1"], "serve": "on"}], "default": "on"},
        "needs": {**SWITCH, "prerequisites": [{"flag": "plain", "variations": ["on"]}], "default": "on"},
        "needs-off": {**SWITCH, "prerequisites": [{"flag": "off", "variations": ["on"]}],
                      "targets": [{"values": ["user-1"], "serve": "on"}], "default": "on"},
        "needs-off-value": {**SWITCH, "prerequisites": [{"flag": "off", "variations": ["off"]}], "default": "on"},
        "needs-two": {**SWITCH, "prerequisites": [{"flag": "needs", "variations": ["on", "off"]},
                                                  {"flag": "targeted", "variations": ["blue"]}], "default": "on"},
        "needs-nothing-listed": {**SWITCH, "prerequisites": [{"flag": "plain", "variations": []}], "default": "on"},
        "targeted": {**COLOURS,
                     "targets": [{"values": ["user-1", "user-2"], "serve": "blue"},
                                 {"values": ["user-2", "user-3"], "serve": "green"},
                                 {"values": ["c-9", "5"], "by": "company", "serve": "green"}],
                     "rules": [{"id": "pro", "if": {"attribute": "plan", "equals": "pro"}, "serve": "blue"},
                               {"if": {"attribute": "plan", "one_of": ["team", "pro"]}, "serve": "green"}],
                     "default": {"id": "rest", "serve": "grey"}},
        "kinds": {"on": True, "off": "none",
                  "variations": {"none": None, "zero": 0, "half": 0.5, "big": 9007199254740993, "text": "tèxt\n",
                                 "empty": "", "list": [1, [2.5, None]], "object": {"b": 1, "a": {"c": []}},
                                 "yes": True, "no": False},
                  "rules": [{"if": {"attribute": "want", "equals": name}, "serve": name} for name in
                            ("zero", "half", "big", "text", "empty", "list", "object", "yes", "no")],
                  "default": "none"},
        "sünder 🙂": {**SWITCH, "description": "a key of any text", "default": "on"},
        "": {**SWITCH, "default": "on"},
    }}
    main = file.ruleset("main", document)
    case = file.case("order", main)
    for flag in document["flags"]:
        for key in ("user-1", "user-2", "user-3", "user-9"):
            case.evaluate(flag, user(key))
    case.evaluate("targeted", with_attributes("user-9", plan="pro"))
    case.evaluate("targeted", with_attributes("user-9", plan="team"))
    case.evaluate("targeted", with_attributes("user-1", plan="team"))
    ids = file.case("ids", main)
    for company in ("c-9", 5, 5.0, 5.5, -5, True, None, "", ["c-9"], {"a": 1}, 9007199254740993, "5"):
        ids.evaluate("targeted", {"key": "user-8", "ids": {"company": company}})
        ids.evaluate("targeted", {"ids": {"company": company}})
    ids.evaluate("targeted", {"key": "user-8", "ids": {"key": "user-1"}})
    for key in (None, 5, True, ["user-1"], {}, ""):
        ids.evaluate("targeted", {"key": key})
    ids.evaluate("targeted", {})
    kinds = file.case("kinds of values", main)
    for name in document["flags"]["kinds"]["variations"]:
        kinds.evaluate("kinds", with_attributes("u", want=name))
    nobody = file.case("nobody", main)
    for flag in ("plain", "off", "targeted"):
        nobody.evaluate(flag, None, default="fallback")
    nobody.evaluate("no-such-flag", None, default=7)
    unknown = file.case("unknown flags", main)
    for flag in ("no-such-flag", "Plain", " plain", "plain ", "plain\0"):
        unknown.evaluate(flag, user("user-1"), default={"a": [1]})
    everything = file.case("all flags", main)
    for someone in (user("user-1"), user("user-7"), with_attributes("user-9", plan="pro", want="object"), {}):
        everything.evaluate_all(someone)
    return file


VALUES = ["pro", "Pro", "", " ", "professional", "é", "e\u0301", "10", "1.2.3", "2.0.0-rc.1", "2026-11-21T09:30:00Z",
          0, 1, 1.0, -1, 10, 10.5, 1e300, 9007199254740993, 9007199254740992, 1790000000000, True, False, None,
          [], ["pro"], ["a", "pro", 10], [1, True], {}, {"a": 1}, {"a": 1.0, "b": [2]}]

OPERATORS = [
    ("equals", "pro"), ("equals", ""), ("equals", 1), ("equals", 1.0), ("equals", True), ("equals", ["pro"]),
    ("equals", {"b": [2.0], "a": 1}), ("equals", 9007199254740993), ("equals", []),
    ("one_of", ["pro", "team"]), ("one_of", []), ("one_of", [1, "10", False]), ("one_of", [["pro"], {"a": 1}]),
    ("one_of", [f"value-{n}" for n in range(50)] + ["Pro", 10.5]),
    ("contains", "pro"), ("contains", ""), ("contains", ["x", "ess"]), ("contains", 10), ("contains", True),
    ("contains", []),
    ("starts_with", "pro"), ("starts_with", ["P", "1."]), ("starts_with", ""), ("starts_with", []),
    ("ends_with", "al"), ("ends_with", ["o", "0Z"]), ("ends_with", ""),
    ("matches", "^pro$"), ("matches", "r.f"), ("matches", "(?i)^PRO"), ("matches", ""), ("matches", r"^\d+\.\d+"),
    ("greater_than", 1), ("at_least", 1), ("less_than", 10), ("at_most", 10), ("greater_than", 9007199254740992),
    ("at_most", -0.5),
    ("semver", {"at_least": "1.2.3"}), ("semver", {"greater_than": "1.2.3", "less_than": "2.0.0"}),
    ("semver", {"equals": "1.2.3+build.7"}), ("semver", {"at_most": "2.0.0-rc.2"}),
    ("before", "2026-11-21T10:30:00+01:00"), ("after", "2026-11-21T10:30:00+01:00"), ("after", 1789999999999.5),
    ("before", 1790000000001),
    ("present", True), ("present", False),
]

VERSIONS = ["1.2.3", "1.2.2", "1.2.4", "1.10.0", "1.2.3-alpha", "1.2.3-alpha.1", "1.2.3-alpha.beta", "1.2.3-1",
            "1.2.3+x", "2.0.0-rc.1", "2.0.0-rc.2", "2.0.0-rc.10", "2.0.0", "1.2", "v1.2.3", "01.2.3", "1.2.3-01",
            "1.2.3 ", "", "999999999.0.0"]
INSTANTS = ["2026-11-21T09:30:00Z", "2026-11-21T09:29:59.999999999Z", "2026-11-21T09:30:00.000000001Z",
            "2026-11-21T10:30:00+01:00", "2026-11-21T00:30:00-09:00", "2026-11-21", "2026-11-21T09:30:00", "tomorrow",
            "2026-13-01T00:00:00Z", "1969-12-31T23:59:59Z", 1795253400000, 1795253399999, 0, -1]


def conditions():
    file = File("conditions", "every operator against values of every kind; missing attributes; all, any, not; ids")
    case_flags = {}
    for at, (operator, operand) in enumerate(OPERATORS):
        case_flags[f"{operator}-{at}"] = {**SWITCH, "default": "off", "rules": [
            {"id": "yes", "if": {"attribute": "x", operator: operand}, "serve": "on"}]}
    main = file.ruleset("operators", {"flags": case_flags})
    for flag in case_flags:
        case = file.case(flag, main)
        for value in VALUES:
            case.evaluate(flag, with_attributes("u", x=value))
        case.evaluate(flag, user("u"))
    special = {
        "versions": {**SWITCH, "default": "off", "rules": [
            {"id": f"{name} {version}", "if": {"attribute": "x", "semver": {name: version}}, "serve": "on"}
            for version in ("1.2.3", "2.0.0-rc.2", "1.2.3-alpha.1") for name in ("equals", "less_than", "at_most")]},
        "instants": {**SWITCH, "default": "off", "rules": [
            {"id": f"{name} {instant}", "if": {"attribute": "x", name: instant}, "serve": "on"}
            for instant in ("2026-11-21T09:30:00Z", 1795253400000, "2026-11-21T09:30:00.000000001Z", 0)
            for name in ("before", "after")]},
    }
    main = file.ruleset("versions and instants", {"flags": special})
    case = file.case("versions", main)
    for version in VERSIONS:
        case.evaluate("versions", with_attributes("u", x=version))
    case = file.case("instants", main)
    for instant in INSTANTS:
        case.evaluate("instants", with_attributes("u", x=instant))

    pro, adult = {"attribute": "plan", "equals": "pro"}, {"attribute": "age", "at_least": 18}
    deep = pro
    for _ in range(20):
        deep = {"not": deep}
    logic = {
        "all": {"all": [pro, adult]}, "any": {"any": [pro, adult]}, "not": {"not": pro},
        "empty-all": {"all": []}, "empty-any": {"any": []}, "not-missing": {"not": {"attribute": "nope", "equals": 1}},
        "nested": {"all": [{"any": [pro, {"not": adult}]}, {"not": {"all": [pro, adult]}}]}, "deep": deep,
        "id-key": {"id": "key", "starts_with": "user-"}, "id-company": {"id": "company", "one_of": ["c-9", "5"]},
        "id-number": {"id": "company", "equals": 5}, "id-present": {"id": "company", "present": True},
        "id-absent": {"id": "company", "present": False}, "described": {"description": "why", **pro},
        "unicode-name": {"attribute": "größe", "equals": "🙂"},
    }
    main = file.ruleset("logic", {"flags": {
        name: {**SWITCH, "default": "off", "rules": [{"id": "r", "if": condition, "serve": "on"}]}
        for name, condition in logic.items()}})
    people = [user("user-1"), with_attributes("u", plan="pro"), with_attributes("u", plan="pro", age=17),
              with_attributes("u", plan="pro", age=18), with_attributes("u", age=40), with_attributes("u", größe="🙂"),
              {"key": "u", "ids": {"company": "c-9"}}, {"key": "u", "ids": {"company": 5}}, {"ids": {"company": ""}},
              {"key": "u", "attributes": {"plan": None}, "private_attributes": {"plan": "pro"}},
              {"key": "u", "attributes": {"plan": "free"}, "private_attributes": {"plan": "pro"}},
              {"key": "u", "private_attributes": {"plan": "pro", "age": 20}}, {}]
    for name in logic:
        case = file.case(name, main)
        for someone in people:
            case.evaluate(name, someone)
    return file


def segments():
    file = File("segments", "include, exclude, condition; segments of segments; by another id")
    document = {
        "segments": {
            "staff": {"include": ["user-1", "user-2"], "exclude": ["user-2", "user-3"],
                      "if": {"attribute": "email", "ends_with": "@example.com"}},
            "listed": {"include": ["user-4"]},
            "empty": {},
            "companies": {"by": "company", "include": ["c-1"], "exclude": ["c-2"],
                          "if": {"attribute": "plan", "equals": "pro"}},
            "both": {"if": {"all": [{"segment": "staff"}, {"not": {"segment": "listed"}}]}},
            "either": {"description": "of two", "if": {"segment": ["listed", "companies"]}},
        },
        "flags": {name: {**SWITCH, "default": "off", "rules": [{"id": "in", "if": {"segment": name}, "serve": "on"}]}
                  for name in ("staff", "listed", "empty", "companies", "both", "either")},
    }
    document["flags"]["none"] = {**SWITCH, "default": "off",
                                 "rules": [{"id": "in", "if": {"segment": []}, "serve": "on"}]}
    main = file.ruleset("main", document)
    people = [user(f"user-{n}", attributes={"email": email}) for n in range(1, 5)
              for email in ("a@example.com", "a@example.org")]
    people += [{"key": "user-9", "ids": {"company": company}, "attributes": {"plan": plan}}
               for company in ("c-1", "c-2", "c-3", 7) for plan in ("pro", "free")]
    people += [{}, {"attributes": {"email": "a@example.com"}}, {"key": "user-9", "attributes": {"plan": "pro"}}]
    for flag in document["flags"]:
        case = file.case(flag, main)
        for someone in people:
            case.evaluate(flag, someone)
    return file


def splits():
    file = File("splits", "percentages, salts, other ids, thin slices, empty slices")
    flags = {
        "half": {**SWITCH, "default": {"split": halves()}},
        "salted": {**SWITCH, "default": {"id": "d", "split": halves(salt="half")}},
        "other-salt": {**SWITCH, "default": {"split": halves(salt="")}},
        "thirds": {**COLOURS, "rules": [{"id": "r", "if": {"all": []}, "split": thirds()}], "default": "grey"},
        "fine": {**COLOURS, "default": {"split": thirds(33.3333, 33.3333, 33.3334)}},
        "thin": {**COLOURS, "default": {"split": thirds(99.9998, 0.0001, 0.0001)}},
        "all": {**SWITCH, "default": {"split": halves(share=100)}},
        "none": {**SWITCH, "default": {"split": halves(share=0)}},
        "twice": {**COLOURS, "default": {"split": {"weights": [
            {"variation": "blue", "percent": 25}, {"variation": "green", "percent": 50},
            {"variation": "blue", "percent": 25}]}}},
        "company": {**SWITCH, "default": {"id": "d", "split": halves(by="company")}},
        "company-rule": {**COLOURS, "rules": [
            {"id": "a", "if": {"all": []}, "split": thirds(by="company")},
            {"id": "b", "if": {"all": []}, "split": thirds(0, 50, 50)}], "default": "grey"},
    }
    main = file.ruleset("main", {"flags": flags})
    for flag in flags:
        case = file.case(flag, main)
        for key in USERS:
            case.evaluate(flag, user(key))
            case.evaluate(flag, user(key, ids={"company": f"c-{len(key)}"}))
        case.evaluate(flag, {"ids": {"company": 42}})
        case.evaluate(flag, {})
    many = file.case("many users", main)
    for n in range(150):
        many.evaluate("fine", user(f"visitor-{n}"))
    # Boundaries: a share that ends exactly at a user's bucket, and one bucket later.
    from flagstay import bucket
    edge = {}
    for n, key in enumerate(USERS):
        if not key:
            continue
        at = bucket(f"edge-{n}", 1, key)
        for step in (0, 1):
            share = (at + step) / 10_000
            rest = round(100 - share, 4)
            edge[f"edge-{n}-{step}"] = {**SWITCH, "default": {"split": {"salt": f"edge-{n}", "weights": [
                {"variation": "on", "percent": share}, {"variation": "off", "percent": rest}]}}}
    main = file.ruleset("edges", {"flags": edge})
    for flag in edge:
        n = int(flag.split("-")[1])
        file.case(flag, main).evaluate(flag, user(USERS[n]))
    return file


def gates():
    file = File("gates", "traffic, mutually exclusive groups, holdouts, and what comes after them")
    document = {
        "groups": {
            "team": {"slots": [{"id": "a", "percent": 40}, {"id": "b", "percent": 40.5}]},
            "companies": {"by": "company", "salt": "c", "slots": [{"id": "all", "percent": 100}]},
        },
        "holdouts": {
            "everyone": {"percent": 10},
            "some": {"percent": 50, "salt": "s", "flags": ["held", "held-rule"]},
            "companies": {"percent": 50, "by": "company", "flags": ["held-company"]},
            "nobody": {"percent": 0},
        },
        "flags": {
            "traffic": {**COLOURS, "default": {"split": thirds(0, 50, 50, traffic=30)}},
            "traffic-rule": {**COLOURS, "rules": [
                {"id": "a", "if": {"all": []}, "split": thirds(0, 100, 0, traffic=20)},
                {"id": "b", "if": {"all": []}, "split": thirds(0, 0, 100, traffic=50, salt="x")}], "default": "grey"},
            "no-traffic": {**COLOURS, "default": {"split": thirds(traffic=0)}},
            "slot-a": {**COLOURS, "default": {"split": thirds(0, 50, 50, group={"name": "team", "slot": "a"})}},
            "slot-b": {**COLOURS, "default": {"split": thirds(0, 50, 50, group={"name": "team", "slot": "b"})}},
            "slot-company": {**COLOURS, "default": {
                "split": thirds(0, 50, 50, group={"name": "companies", "slot": "all"})}},
            "held": {**COLOURS, "default": {"split": thirds(0, 50, 50)}},
            "held-rule": {**COLOURS, "rules": [{"id": "a", "if": {"all": []}, "split": thirds(0, 50, 50)}],
                          "default": "blue"},
            "held-company": {**COLOURS, "default": {"split": thirds(0, 50, 50)}},
            "not-a-split": {**COLOURS, "default": "blue"},
        },
    }
    main = file.ruleset("main", document)
    for flag in document["flags"]:
        case = file.case(flag, main)
        for n in range(30):
            someone = user(f"user-{n}")
            if n % 3 == 0:
                someone["ids"] = {"company": f"c-{n % 7}"}
            case.evaluate(flag, someone)
    return file


def stay(case, flag, keys, **more):
    for key in keys:
        case.evaluate(flag, user(key), **more)
    return case


def sticky():
    file = File("sticky", "stored assignments: what they survive and what ends them")
    keys = [f"user-{n}" for n in range(12)]

    def colours(split, **more):
        return {"flags": {"colour": {**COLOURS, "default": {"id": "draw", "split": split}, **more}}}

    before = file.ruleset("before", colours(thirds(90, 5, 5, sticky=True)))
    after = file.ruleset("after", colours(thirds(0, 50, 50, sticky=True)))
    case = file.case("a stored variation survives a changed percentage", before, [])
    stay(case, "colour", keys[:6]).storage()
    stay(case, "colour", keys[:6]).replace("after")
    stay(case, "colour", keys).storage().replace("before")
    stay(case, "colour", keys).storage()
    case = file.case("without a store everyone moves", before)
    stay(case, "colour", keys).replace("after")
    stay(case, "colour", keys)
    case = file.case("reading only stores nothing", before, [])
    stay(case, "colour", keys[:3], exposure=False).storage()
    stay(case, "colour", keys[:3]).replace("after")
    stay(case, "colour", keys[:6], exposure=False).storage()

    for name, split in {
        "raised": thirds(0, 50, 50, sticky={"version": 2}),
        "raised, older ones stay": thirds(0, 50, 50, sticky={"version": 2, "min_version": 1}),
        "raised twice": thirds(0, 50, 50, sticky={"version": 3, "min_version": 2}),
    }.items():
        file.ruleset(name, colours(split))
        case = file.case(f"version {name}", before, [])
        stay(case, "colour", keys[:6]).replace(name)
        stay(case, "colour", keys[:9]).storage().replace("before")
        stay(case, "colour", keys).storage()
    case = file.case("versions one after the other", before, [])
    for name in ("before", "raised, older ones stay", "raised", "raised twice", "before"):
        case.replace(name)
        stay(case, "colour", keys[:5]).storage()

    other = COLOURS["variations"].copy()
    del other["blue"]
    file.ruleset("blue is gone", {"flags": {"colour": {**COLOURS, "variations": other, "default": {
        "id": "draw", "split": {"sticky": True, "weights": [{"variation": "grey", "percent": 50},
                                                             {"variation": "green", "percent": 50}]}}}}})
    file.ruleset("renamed", {"flags": {"colour": {**COLOURS, "default": {
        "id": "draw-2", "split": thirds(0, 50, 50, sticky=True)}}}})
    for name in ("blue is gone", "renamed"):
        case = file.case(f"after: {name}", after, [])
        stay(case, "colour", keys[:6]).replace(name)
        stay(case, "colour", keys[:6]).storage().replace("after")
        stay(case, "colour", keys[:6]).storage()

    file.ruleset("off", {"flags": {"colour": {**COLOURS, "on": False, "default": {
        "id": "draw", "split": thirds(sticky=True)}}}})
    file.ruleset("targeted", colours(thirds(0, 50, 50, sticky=True), targets=[
        {"values": keys[:3], "serve": "green"}]))
    file.ruleset("not sticky", colours(thirds(0, 50, 50)))
    file.ruleset("rule first", colours(thirds(0, 50, 50, sticky=True), rules=[
        {"id": "first", "if": {"id": "key", "one_of": keys[:2]}, "serve": "green"}]))
    file.ruleset("gated", {"groups": {"g": {"slots": [{"id": "s", "percent": 0}]}},
                           "holdouts": {"h": {"percent": 100}},
                           "flags": {"colour": {**COLOURS, "default": {"id": "draw", "split": thirds(
                               0, 50, 50, sticky=True, traffic=0, group={"name": "g", "slot": "s"})}}}})
    for name in ("off", "targeted", "not sticky", "rule first", "gated"):
        case = file.case(f"then {name}", before, [])
        stay(case, "colour", keys[:5]).replace(name)
        stay(case, "colour", keys[:7]).storage().replace("after")
        stay(case, "colour", keys[:7]).storage()

    rules = {"flags": {
        "colour": {**COLOURS, "default": {"id": "rest", "split": thirds(sticky=True)}, "rules": [
            {"id": "pro", "if": {"attribute": "plan", "equals": "pro"}, "split": thirds(0, 50, 50, sticky=True)},
            {"id": "team", "if": {"attribute": "plan", "equals": "team"},
             "split": thirds(10, 10, 80, sticky={"version": 4}, salt="team")}]},
        "other": {**SWITCH, "prerequisites": [{"flag": "colour", "variations": ["blue", "grey"]}],
                  "default": {"id": "d", "split": halves(sticky=True)}}}}
    main = file.ruleset("rules", rules)
    case = file.case("one record for all splits of a flag", main, [])
    for plan in ("free", "team", "free", "pro", "team", "free"):
        for key in keys[:4]:
            case.evaluate("colour", with_attributes(key, plan=plan))
        case.storage()
    case = file.case("a condition that no longer holds", main, [])
    for plan in ("pro", "free"):
        for key in keys[:5]:
            case.evaluate("colour", with_attributes(key, plan=plan))
    case.storage()
    case = file.case("a prerequisite is not enrolled", main, [])
    for key in keys[:6]:
        case.evaluate("other", with_attributes(key, plan="pro"))
    case.storage()
    for key in keys[:3]:
        case.evaluate("colour", with_attributes(key, plan="free"))
        case.evaluate("other", with_attributes(key, plan="pro"))
    case.storage()
    case = file.case("all flags enrol", main, [])
    case.evaluate_all(with_attributes("user-1", plan="pro")).storage()
    case.evaluate_all(user("user-2")).storage()
    case = file.case("users that have no key", main, [])
    for someone in ({}, {"key": ""}, {"key": 5}, {"ids": {"company": "c-1"}}):
        case.evaluate("colour", someone)
    case.storage()
    case = file.case("odd units", before, [])
    stay(case, "colour", USERS).storage().replace("after")
    stay(case, "colour", USERS).storage()
    return file


def fallback():
    file = File("sticky-fallback", "by another id; an anonymous visitor who logs in")
    split = thirds(0, 50, 50, sticky={"fallback": "anonymous"})
    later = thirds(100, 0, 0, sticky={"fallback": "anonymous"})
    company = thirds(0, 50, 50, by="company", sticky={"fallback": "key", "version": 3, "min_version": 2})
    document = lambda split, other: {"flags": {"colour": {**COLOURS, "default": {"id": "d", "split": split}},
                                               "company": {**COLOURS, "default": {"id": "d", "split": other}}}}
    main = file.ruleset("main", document(split, company))
    file.ruleset("later", document(later, thirds(100, 0, 0, by="company", sticky={"fallback": "key", "version": 3})))
    for n in range(5):
        visitor, known = {"ids": {"anonymous": f"a-{n}"}}, {"key": f"user-{n}", "ids": {"anonymous": f"a-{n}"}}
        case = file.case(f"logging in keeps the variation {n}", main, [])
        case.evaluate("colour", visitor).storage().replace("later").evaluate("colour", visitor)
        case.evaluate("colour", known, exposure=False).storage()
        case.evaluate("colour", known).storage().evaluate("colour", user(f"user-{n}"))
        case.evaluate("colour", {"key": f"user-{n}", "ids": {"anonymous": "another device"}}).storage()
    case = file.case("known first", main, [])
    case.evaluate("colour", user("user-1", ids={"anonymous": "a-1"})).storage()
    case.evaluate("colour", {"ids": {"anonymous": "a-1"}}).storage()
    case.evaluate("colour", user("user-1", ids={"anonymous": "a-1"})).storage()
    case = file.case("by company", main, [])
    for someone in (user("user-1"), user("user-1", ids={"company": "c-1"}), user("user-2", ids={"company": "c-1"}),
                    user("user-3", ids={"company": 7}), user("user-4", ids={"company": "7"}), {},
                    {"ids": {"company": "c-1"}}):
        case.evaluate("company", someone).storage()
    case.replace("later")
    for someone in (user("user-1"), user("user-1", ids={"company": "c-1"}), user("user-9", ids={"company": "c-1"})):
        case.evaluate("company", someone)
    case.storage()
    entry = lambda variation, version: {"splits": {"d": {"variation": variation, "version": version}}}
    for name, primary, secondary in [
        ("outdated primary, valid fallback", entry("blue", 1), entry("green", 2)),
        ("outdated both", entry("blue", 1), entry("green", 1)),
        ("garbage primary", 5, entry("green", 3)), ("garbage fallback", None, {"splits": 7}),
        ("newer fallback", None, entry("violet", 9)), ("primary wins", entry("blue", 2), entry("green", 3)),
    ]:
        storage = [{"unit": unit, "flag": "company", "record": record}
                   for unit, record in (("c-1:company", primary), ("user-1", secondary)) if record is not None]
        case = file.case(name, main, storage)
        for _ in range(2):
            case.evaluate("company", user("user-1", ids={"company": "c-1"})).storage()
    return file


def records():
    file = File("sticky-records", "what may lie in a store: valid, outdated, newer, foreign, garbage")
    main = file.ruleset("main", {"flags": {"colour": {**COLOURS, "default": {
        "id": "d", "split": thirds(0, 50, 50, sticky={"version": 3, "min_version": 2})}}}})
    entry = lambda variation, version: {"variation": variation, "version": version}
    found = {
        "valid": {"splits": {"d": entry("grey", 3)}}, "old enough": {"splits": {"d": entry("grey", 2)}},
        "outdated": {"splits": {"d": entry("grey", 1)}}, "from a newer ruleset": {"splits": {"d": entry("grey", 9)}},
        "unknown variation": {"splits": {"d": entry("violet", 3)}},
        "unknown old variation": {"splits": {"d": entry("violet", 1)}},
        "unknown newer variation": {"splits": {"d": entry("violet", 4)}},
        "case matters": {"splits": {"d": entry("Grey", 3)}},
        "another split": {"splits": {"e": entry("grey", 3)}}, "no splits": {"splits": {}},
        "more members": {"splits": {"d": {**entry("grey", 3), "note": 1}}, "team": "web"},
        "more members, outdated": {"splits": {"d": {**entry("grey", 1), "note": 1}, "e": 5}, "team": "web"},
        "the other entry is garbage": {"splits": {"e": [], "d": entry("grey", 3)}},
        "number": 5, "text": "grey", "list": [], "boolean": True, "null": None, "empty object": {},
        "splits is a list": {"splits": []}, "splits is null": {"splits": None}, "entry is text": {"splits": {"d": "grey"}},
        "entry is null": {"splits": {"d": None}}, "no version": {"splits": {"d": {"variation": "grey"}}},
        "no variation": {"splits": {"d": {"version": 3}}}, "variation is a number": {"splits": {"d": entry(1, 3)}},
        "version is text": {"splits": {"d": entry("grey", "3")}}, "version is zero": {"splits": {"d": entry("grey", 0)}},
        "version is negative": {"splits": {"d": entry("grey", -3)}},
        "version is a fraction": {"splits": {"d": entry("grey", 3.5)}},
        "version is true": {"splits": {"d": entry("grey", True)}}, "version is null": {"splits": {"d": entry("grey", None)}},
    }
    for name, record in found.items():
        case = file.case(name, main, [{"unit": "user-1", "flag": "colour", "record": record}])
        case.evaluate("colour", user("user-1"), exposure=False).storage()
        case.evaluate("colour", user("user-1")).storage().evaluate("colour", user("user-1")).storage()
    return file


def events():
    file = File("events", "exposures of splits only, once each; metric events; nothing of the user but ids")
    document = {"flags": {
        "colour": {**COLOURS, "rules": [{"id": "pro", "if": {"attribute": "plan", "equals": "pro"}, "serve": "blue"}],
                   "targets": [{"values": ["vip"], "serve": "green"}],
                   "default": {"id": "d", "split": thirds(sticky={"fallback": "anonymous"})}},
        "company": {**SWITCH, "default": {"split": halves(by="company")}},
        "gated": {**SWITCH, "default": {"split": halves(traffic=0)}},
        "needs": {**SWITCH, "prerequisites": [{"flag": "colour", "variations": ["grey", "blue", "green"]}],
                  "default": {"split": halves()}},
    }}
    main = file.ruleset("main", document)
    for name, storage in (("with a store", []), ("without a store", None)):
        case = file.case(name, main, storage).events()
        for someone in (user("user-1"), user("user-1"), user("vip"), with_attributes("user-2", plan="pro"),
                        {"ids": {"anonymous": "a-1"}}, {"key": "user-3", "ids": {"anonymous": "a-1", "company": 5}},
                        {"key": "user-4", "private_attributes": {"secret": "s"}, "ids": {"company": "c"}}, {}):
            for flag in document["flags"]:
                case.evaluate(flag, someone)
            case.drain()
        case.evaluate("colour", user("user-5"), exposure=False)
        case.evaluate("no-such-flag", user("user-5")).evaluate("colour", None).drain()
    case = file.case("metric events", main).events()
    case.track("purchase", user("user-1"), 9.5, {"currency": "EUR", "items": [1, {"a": None}]}, ["colour"])
    case.track("visit", user("user-1")).track("zero", user("user-1"), 0, {}, [])
    case.track("ids only", {"ids": {"company": 5, "odd": True, "anonymous": "a"}}, -1)
    case.track("", user("user-1"), accepted=False).track("nobody", None, accepted=False)
    case.track("no id", {}, accepted=False).track("empty key", {"key": ""}, accepted=False)
    case.track("no usable id", {"key": 5, "ids": {"a": True}}, accepted=False)
    case.track("ünïcode 🙂", user("李雷", attributes={"plan": "pro"}, private_attributes={"secret": "s"}), 1e300).drain()
    return file


def mistakes():
    file = File("mistakes", "a broken flag fails alone; a refused document changes nothing")
    document = {
        "segments": {"bad": {"if": {"attribute": "x", "equals": None}}, "by-way": {"if": {"segment": "bad"}},
                     "good": {"include": ["user-1"]}},
        "groups": {"bad": {"slots": [{"id": "a", "percent": 60}, {"id": "b", "percent": 60}]}},
        "flags": {
            "good": {**SWITCH, "default": "on"},
            "good-segment": {**SWITCH, "rules": [{"if": {"segment": "good"}, "serve": "on"}], "default": "off"},
            "not-an-object": 5, "nothing": {}, "no-default": SWITCH, "on-is-text": {**SWITCH, "on": "yes", "default": "on"},
            "off-unknown": {**SWITCH, "off": "nope", "default": "on"},
            "default-unknown": {**SWITCH, "default": "nope"}, "typo": {**SWITCH, "defualt": "on", "default": "on"},
            "no-variations": {"on": True, "variations": {}, "off": "off", "default": "off"},
            "two-operators": {**SWITCH, "default": "off", "rules": [
                {"if": {"attribute": "x", "equals": 1, "one_of": [1]}, "serve": "on"}]},
            "no-operator": {**SWITCH, "default": "off", "rules": [{"if": {"attribute": "x"}, "serve": "on"}]},
            "bad-regex": {**SWITCH, "default": "off", "rules": [{"if": {"attribute": "x", "matches": "("}, "serve": "on"}]},
            "huge-regex": {**SWITCH, "default": "off", "rules": [
                {"if": {"attribute": "x", "matches": "(((a{100}){100}){100}){100}"}, "serve": "on"}]},
            "bad-version": {**SWITCH, "default": "off", "rules": [
                {"if": {"attribute": "x", "semver": {"at_least": "1.2"}}, "serve": "on"}]},
            "bad-date": {**SWITCH, "default": "off", "rules": [{"if": {"attribute": "x", "before": "soon"}, "serve": "on"}]},
            "unknown-segment": {**SWITCH, "default": "off", "rules": [{"if": {"segment": "nope"}, "serve": "on"}]},
            "bad-segment": {**SWITCH, "default": "off", "rules": [{"if": {"segment": "bad"}, "serve": "on"}]},
            "bad-segment-by-way": {**SWITCH, "default": "off", "rules": [{"if": {"segment": "by-way"}, "serve": "on"}]},
            "sum-99": {**SWITCH, "default": {"split": {"weights": [{"variation": "on", "percent": 99}]}}},
            "sum-101": {**SWITCH, "default": {"split": halves(share=50)["weights"] and {"weights": [
                {"variation": "on", "percent": 51}, {"variation": "off", "percent": 50}]}}},
            "five-decimals": {**SWITCH, "default": {"split": {"weights": [
                {"variation": "on", "percent": 50.00001}, {"variation": "off", "percent": 49.99999}]}}},
            "negative": {**SWITCH, "default": {"split": {"weights": [
                {"variation": "on", "percent": -1}, {"variation": "off", "percent": 101}]}}},
            "sticky-without-id": {**SWITCH, "default": {"split": halves(sticky=True)}},
            "min-above-version": {**SWITCH, "default": {"id": "d", "split": halves(sticky={"version": 1, "min_version": 2})}},
            "fallback-is-by": {**SWITCH, "default": {"id": "d", "split": halves(sticky={"fallback": "key"})}},
            "bad-group": {**SWITCH, "default": {"split": halves(group={"name": "bad", "slot": "a"})}},
            "unknown-group": {**SWITCH, "default": {"split": halves(group={"name": "nope", "slot": "a"})}},
            "same-ids": {**SWITCH, "default": {"id": "a", "serve": "on"}, "rules": [
                {"id": "a", "if": {"all": []}, "serve": "on"}]},
            "serve-and-split": {**SWITCH, "default": {"serve": "on", "split": halves()}},
            "circle-a": {**SWITCH, "prerequisites": [{"flag": "circle-b", "variations": ["on"]}], "default": "on"},
            "circle-b": {**SWITCH, "prerequisites": [{"flag": "circle-a", "variations": ["on"]}], "default": "on"},
            "itself": {**SWITCH, "prerequisites": [{"flag": "itself", "variations": ["on"]}], "default": "on"},
            "needs-broken": {**SWITCH, "prerequisites": [{"flag": "sum-99", "variations": ["on"]}], "default": "on"},
            "needs-unknown": {**SWITCH, "prerequisites": [{"flag": "nope", "variations": ["on"]}], "default": "on"},
            "null-member": {**SWITCH, "rules": None, "default": "on"},
        },
    }
    works = {"good", "good-segment"}
    main = file.ruleset("main", document)
    case = file.case("each mistake breaks its own flag", main)
    for flag in document["flags"]:
        if flag in works:
            case.evaluate(flag, user("user-1"))
        else:
            case.evaluate(flag, user("user-1"), default="fallback", expect=failed("GENERAL", found=True))
    fine = file.ruleset("fine", {"flags": {"good": {**SWITCH, "default": "on"}}})
    refused = {
        "no format": {"format": None}, "another format": {"format": 2}, "format is text": {"format": "1"},
        "unknown member": {"flag": {}}, "flags is a list": {"flags": []}, "segments is null": {"segments": None},
    }
    for name, document in refused.items():
        file.ruleset(name, document)
        case = file.case(f"refused: {name}", fine)
        case.evaluate("good", user("u")).replace(name, refused=True).evaluate("good", user("u"))
        case.evaluate("other", user("u"), default=1)
        first = file.case(f"refused at first: {name}", name)
        first.evaluate("good", user("u"), default="d", expect=failed("PROVIDER_NOT_READY", found=False))
    empty = file.ruleset("empty", {})
    case = file.case("an empty document", empty)
    case.evaluate("good", user("u"), default=False).evaluate_all(user("u")).replace("fine").evaluate("good", user("u"))
    case = file.case("no document yet", None)
    case.evaluate("good", user("u"), default=[1], expect=failed("PROVIDER_NOT_READY", found=False))
    case.evaluate("good", None, default=None, expect=failed("PROVIDER_NOT_READY", found=False))
    case.replace("fine").evaluate("good", user("u"))
    return file


# ---- random rulesets ------------------------------------------------------------------------------------------------

NAMES = ["a", "b", "c"]
PLANS = ["pro", "team", "free", "", None]


def random_condition(rng, depth, segments):
    choice = rng.random()
    if depth and choice < 0.15:
        return {rng.choice(["all", "any"]): [random_condition(rng, depth - 1, segments) for _ in range(rng.randint(0, 3))]}
    if depth and choice < 0.25:
        return {"not": random_condition(rng, depth - 1, segments)}
    if segments and choice < 0.35:
        return {"segment": rng.choice(segments)}
    if choice < 0.45:
        return {"id": rng.choice(["key", "company"]), "one_of": [f"user-{rng.randint(0, 9)}", "c-1", "c-2"]}
    operator, operand = rng.choice(OPERATORS)
    return {"attribute": rng.choice(["x", "plan", "age"]), operator: operand}


def random_split(rng, variations, document):
    shares = [rng.randint(0, 1_000_000) for _ in variations]
    total = sum(shares) or 1
    units = [share * 1_000_000 // total for share in shares]
    units[-1] += 1_000_000 - sum(units)
    split = {"weights": [{"variation": v, "percent": u / 10_000} for v, u in zip(variations, units)]}
    if rng.random() < 0.3:
        split["by"] = "company"
    if rng.random() < 0.3:
        split["salt"] = rng.choice(["s", "t"])
    if rng.random() < 0.3:
        split["traffic"] = rng.choice([0, 12.3456, 50, 99.9999, 100])
    if document["groups"] and rng.random() < 0.3:
        name = rng.choice(sorted(document["groups"]))
        split["group"] = {"name": name, "slot": rng.choice(document["groups"][name]["slots"])["id"]}
    if rng.random() < 0.6:
        split["sticky"] = True
        if rng.random() < 0.5:
            version = rng.randint(1, 3)
            split["sticky"] = {"version": version, "min_version": rng.randint(1, version)}
            if rng.random() < 0.5:
                split["sticky"]["fallback"] = "key" if split.get("by") == "company" else "company"
    return split


def random_document(rng, names):
    document = {"groups": {}, "holdouts": {}, "segments": {}, "flags": {}}
    if rng.random() < 0.6:
        document["groups"]["g"] = {"slots": [{"id": "s", "percent": 45}, {"id": "t", "percent": rng.choice([10, 55])}]}
    if rng.random() < 0.4:
        document["holdouts"]["h"] = {"percent": rng.choice([0, 5, 40]), "by": rng.choice(["key", "company"])}
    for name in ("p", "q")[: rng.randint(0, 2)]:
        document["segments"][name] = {"include": ["user-1"], "exclude": ["user-2", "c-1"],
                                      "by": rng.choice(["key", "company"]),
                                      "if": random_condition(rng, 2, sorted(document["segments"]))}
    for at, name in enumerate(names):
        flag = copy.deepcopy(rng.choice([SWITCH, COLOURS]))
        variations = list(flag["variations"])
        flag["on"] = rng.random() < 0.9
        if at and rng.random() < 0.4:
            other = rng.choice(names[:at])
            flag["prerequisites"] = [{"flag": other, "variations": rng.sample(
                list(document["flags"][other]["variations"]), rng.randint(1, 2))}]
        if rng.random() < 0.3:
            flag["targets"] = [{"values": [f"user-{rng.randint(0, 9)}"], "serve": rng.choice(variations)}]
        flag["rules"] = []
        for rule in range(rng.randint(0, 3)):
            entry = {"id": f"r{rule}", "if": random_condition(rng, 3, sorted(document["segments"]))}
            if rng.random() < 0.4:
                entry["serve"] = rng.choice(variations)
            else:
                entry["split"] = random_split(rng, variations, document)
            flag["rules"].append(entry)
        if rng.random() < 0.3:
            flag["default"] = rng.choice(variations)
        else:
            flag["default"] = {"id": "d", "split": random_split(rng, variations, document)}
        document["flags"][name] = flag
    return document


def random_user(rng):
    someone = {"key": f"user-{rng.randint(0, 9)}"} if rng.random() < 0.9 else {}
    if rng.random() < 0.5:
        someone["ids"] = {"company": rng.choice(["c-1", "c-2", "c-3", 7])}
    attributes = {}
    for name in ("x", "plan", "age"):
        if rng.random() < 0.6:
            attributes[name] = rng.choice(PLANS) if name == "plan" else rng.choice(VALUES)
    someone[rng.choice(["attributes", "attributes", "private_attributes"])] = attributes
    return someone


def randomly(seed):
    rng = random.Random(seed)
    file = File(f"random-{seed}", f"random rulesets that replace one another under random users (seed {seed})")
    names = [f"flag-{n}" for n in range(4)]
    for run in range(6):
        versions = [file.ruleset(f"{run}-{v}", random_document(rng, names)) for v in range(3)]
        case = file.case(f"run {run}", versions[0], [] if run % 3 else None)
        for version in versions + [versions[0]]:
            case.replace(version)
            for _ in range(20):
                case.evaluate(rng.choice(names), random_user(rng), exposure=rng.random() < 0.85)
            if case.store is not None:
                case.storage()
    return file


def main():
    directory = Path(sys.argv[1] if len(sys.argv) > 1 else Path(__file__).parent.parent / "vectors" / "flagstay")
    directory.mkdir(parents=True, exist_ok=True)
    files = [decision_order(), conditions(), segments(), splits(), gates(), sticky(), fallback(), records(), events(),
             mistakes()] + [randomly(seed) for seed in (1, 2)]
    for file in files:
        print(f"{file.name}: {file.write(directory)} steps")


main()
