"""A second reading of docs/dialects/flagstay.md: the dialect in plain Python, for writing test vectors.

Written from the page alone. It knows only documents without mistakes, and stores without other writers: what a mistake
or a race does is stated by hand in `vectors.py`.
"""

import re
from datetime import datetime, timezone

from xxh64 import xxh64

BUCKETS = 1_000_000
MISSING = object()


def kind(value):
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "boolean"
    if isinstance(value, (int, float)):
        return "number"
    return {str: "text", list: "list", dict: "object"}[type(value)]


def equal(a, b):
    if kind(a) != kind(b):
        return False
    if isinstance(a, list):
        return len(a) == len(b) and all(equal(x, y) for x, y in zip(a, b))
    if isinstance(a, dict):
        return a.keys() == b.keys() and all(equal(a[k], b[k]) for k in a)
    return a == b


# ---- ids ------------------------------------------------------------------------------------------------------------


def id_of(user, name):
    if name == "key":
        key = user.get("key")
        return key if isinstance(key, str) and key else None
    value = (user.get("ids") or {}).get(name)
    if isinstance(value, bool):
        return None
    if isinstance(value, str):
        return value or None
    if isinstance(value, int):
        return str(value)
    if isinstance(value, float) and value.is_integer() and abs(value) <= 2**53:
        return str(int(value))
    return None


def unit_of(name, text):
    return text if name == "key" else f"{text}:{name}"


# ---- buckets --------------------------------------------------------------------------------------------------------


def bucket(salt, version, text):
    return (xxh64(f"{salt}/{version}/{text}".encode()) * BUCKETS) >> 64


def buckets(percent):
    return round(percent * 10_000)


# ---- conditions -----------------------------------------------------------------------------------------------------

VERSION = re.compile(
    r"(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)"
    r"(?:-((?:0|[1-9]\d*|\d*[a-zA-Z-][0-9a-zA-Z-]*)(?:\.(?:0|[1-9]\d*|\d*[a-zA-Z-][0-9a-zA-Z-]*))*))?"
    r"(?:\+[0-9a-zA-Z-]+(?:\.[0-9a-zA-Z-]+)*)?"
)


def version_key(value):
    found = isinstance(value, str) and VERSION.fullmatch(value)
    if not found:
        return None
    numbers = [int(found[i]) for i in (1, 2, 3)]
    if found[4] is None:
        return (numbers, 1, [])
    parts = [(0, int(p), "") if p.isdigit() else (1, 0, p) for p in found[4].split(".")]
    return (numbers, 0, parts)


INSTANT = re.compile(
    r"(\d{4})-(\d\d)-(\d\d)[Tt](\d\d):(\d\d):(\d\d)(?:\.(\d+))?([Zz]|[+-]\d\d:\d\d)"
)


def instant(value):
    """Nanoseconds since 1970, or None."""
    if kind(value) == "number":
        return round(value * 1_000_000)
    found = isinstance(value, str) and INSTANT.fullmatch(value)
    if not found:
        return None
    try:
        whole = datetime(*(int(found[i]) for i in range(1, 7)), tzinfo=timezone.utc)
    except ValueError:
        return None
    offset = 0
    if found[8] not in "Zz":
        sign = -1 if found[8][0] == "-" else 1
        offset = sign * (int(found[8][1:3]) * 3600 + int(found[8][4:6]) * 60)
    nanos = int((found[7] or "0")[:9].ljust(9, "0"))
    return (int(whole.timestamp()) - offset) * 10**9 + nanos


COMPARE = {
    "equals": lambda a, b: a == b,
    "greater_than": lambda a, b: a > b,
    "at_least": lambda a, b: a >= b,
    "less_than": lambda a, b: a < b,
    "at_most": lambda a, b: a <= b,
}


def passes(operator, operand, value):
    if operator == "present":
        return (value is not MISSING) == operand
    if value is MISSING:
        return False
    operands = operand if isinstance(operand, list) else [operand]
    if operator == "equals":
        return equal(value, operand)
    if operator == "one_of":
        return any(equal(value, each) for each in operand)
    if operator == "contains":
        if isinstance(value, list):
            return any(equal(element, each) for element in value for each in operands)
        return isinstance(value, str) and any(isinstance(each, str) and each in value for each in operands)
    if operator in ("starts_with", "ends_with", "matches"):
        if not isinstance(value, str):
            return False
        if operator == "matches":
            return re.search(operand, value) is not None
        test = str.startswith if operator == "starts_with" else str.endswith
        return any(test(value, each) for each in operands)
    if operator == "semver":
        mine = version_key(value)
        return mine is not None and all(COMPARE[name](mine, version_key(v)) for name, v in operand.items())
    if operator in ("before", "after"):
        mine = instant(value)
        if mine is None:
            return False
        return mine < instant(operand) if operator == "before" else mine > instant(operand)
    return kind(value) == "number" and COMPARE[operator](value, operand)


class Ruleset:
    def __init__(self, document):
        self.flags = document.get("flags", {})
        self.segments = document.get("segments", {})
        self.groups = document.get("groups", {})
        self.holdouts = document.get("holdouts", {})

    def holds(self, condition, user):
        if "all" in condition:
            return all(self.holds(c, user) for c in condition["all"])
        if "any" in condition:
            return any(self.holds(c, user) for c in condition["any"])
        if "not" in condition:
            return not self.holds(condition["not"], user)
        if "segment" in condition:
            names = condition["segment"]
            return any(self.in_segment(n, user) for n in ([names] if isinstance(names, str) else names))
        operator = next(m for m in condition if m not in ("attribute", "id", "description"))
        if "id" in condition:
            text = id_of(user, condition["id"])
            return passes(operator, condition[operator], MISSING if text is None else text)
        for part in ("attributes", "private_attributes"):
            value = (user.get(part) or {}).get(condition["attribute"])
            if value is not None:
                return passes(operator, condition[operator], value)
        return passes(operator, condition[operator], MISSING)

    def in_segment(self, name, user):
        segment = self.segments[name]
        text = id_of(user, segment.get("by", "key"))
        if text is not None and text in segment.get("exclude", []):
            return False
        if text is not None and text in segment.get("include", []):
            return True
        return "if" in segment and self.holds(segment["if"], user)

    # ---- the decision -----------------------------------------------------------------------------------------------

    def decide(self, key, user, store=None, mode="expose", outbox=None):
        """The decision as the vectors spell it. `store` is a dict (unit, flag) -> record, or None."""
        if key not in self.flags:
            return failed("FLAG_NOT_FOUND", found=False)
        if user is None:
            return failed("TARGETING_KEY_MISSING", found=True)
        flag = self.flags[key]
        if not flag["on"]:
            return served(flag, flag["off"], "OFF")
        for wanted in flag.get("prerequisites", []):
            other = self.decide(wanted["flag"], user, store, "read")
            if other["variation"] not in wanted["variations"]:
                return served(flag, flag["off"], "PREREQUISITE_FAILED")
        for target in flag.get("targets", []):
            text = id_of(user, target.get("by", "key"))
            if text is not None and text in target["values"]:
                return served(flag, target["serve"], "TARGET_MATCH")
        for at, rule in enumerate(flag.get("rules", [])):
            turn = Turn(self, key, flag, rule, rule.get("id", f"rules[{at}]"), user, store, mode, outbox)
            decision = turn.run("RULE_MATCH", lambda: self.holds(rule["if"], user))
            if decision is not None:
                return decision
        default = flag["default"]
        if isinstance(default, str):
            default = {"serve": default}
        turn = Turn(self, key, flag, default, default.get("id"), user, store, mode, outbox)
        decision = turn.run("FALLTHROUGH", lambda: True)
        return decision or served(flag, flag["off"], "FALLTHROUGH")

    def decide_all(self, user, store=None):
        return {key: self.decide(key, user, store) for key in self.flags}


class Turn:
    """One rule, or the default, of one flag for one user."""

    def __init__(self, ruleset, key, flag, rule, rule_id, user, store, mode, outbox):
        self.ruleset, self.key, self.flag, self.rule, self.rule_id = ruleset, key, flag, rule, rule_id
        self.user, self.store, self.mode, self.outbox = user, store, mode, outbox
        self.split = rule.get("split")
        if self.split is not None:
            sticky = self.split.get("sticky", False)
            self.sticky = {} if sticky is True else sticky
            self.version = self.sticky.get("version", 1) if self.sticky is not False else 1
            self.by = self.split.get("by", "key")
            self.fallback = self.sticky.get("fallback") if self.sticky is not False else None

    def run(self, reason, condition):
        if self.split is None:
            return served(self.flag, self.rule["serve"], reason, self.rule_id) if condition() else None
        may_write, unit = False, None
        if self.sticky is not False and self.store is not None:
            stored, may_write, unit = self.stored()
            if stored is not None:
                return self.expose(served(self.flag, stored, "STICKY", self.rule_id))
        if not condition():
            return None
        drawn = self.draw()
        if drawn is None:
            return None
        if may_write and self.mode == "expose":
            self.write(unit, drawn, self.version)
        return self.expose(served(self.flag, drawn, reason, self.rule_id))

    def split_id(self):
        for name in (self.by, self.fallback):
            if name is not None and id_of(self.user, name) is not None:
                return name, id_of(self.user, name)
        return None

    def draw(self):
        found = self.split_id()
        if found is None:
            return None
        text = found[1]
        for name, holdout in self.ruleset.holdouts.items():
            if self.key in holdout.get("flags", [self.key]):
                held = id_of(self.user, holdout.get("by", "key"))
                salt = holdout.get("salt", name) + "/holdout"
                if held is not None and bucket(salt, 1, held) < buckets(holdout["percent"]):
                    return None
        if "group" in self.split and not self.in_slot(self.split["group"]):
            return None
        salt = self.split.get("salt", self.key)
        if bucket(salt + "/traffic", self.version, text) >= buckets(self.split.get("traffic", 100)):
            return None
        drawn, below = bucket(salt, self.version, text), 0
        for weight in self.split["weights"]:
            below += buckets(weight["percent"])
            if drawn < below:
                return weight["variation"]
        raise AssertionError("weights do not add to 100")

    def in_slot(self, place):
        group = self.ruleset.groups[place["name"]]
        text = id_of(self.user, group.get("by", "key"))
        if text is None:
            return False
        drawn, below = bucket(group.get("salt", place["name"]) + "/group", 1, text), 0
        for slot in group["slots"]:
            below += buckets(slot["percent"])
            if drawn < below:
                return slot["id"] == place["slot"]
        return False

    # ---- stickiness -------------------------------------------------------------------------------------------------

    def stored(self):
        """(variation or None, whether a draw may be written, the unit it is written to)."""
        names = [n for n in (self.by, self.fallback) if n is not None and id_of(self.user, n) is not None]
        if not names:
            return None, False, None
        first = unit_of(names[0], id_of(self.user, names[0]))
        for name in names:
            unit = unit_of(name, id_of(self.user, name))
            state, entry = self.look(unit)
            if state == "valid":
                if unit != first and self.mode == "expose":
                    self.write(first, entry["variation"], entry["version"])
                return entry["variation"], False, first
            if state in ("garbage", "newer"):
                return None, False, first
        return None, True, first

    def look(self, unit):
        record = self.store.get((unit, self.key))
        if (unit, self.key) not in self.store:
            return "nothing", None
        if not isinstance(record, dict) or not isinstance(record.get("splits"), dict):
            return "garbage", None
        if self.rule_id not in record["splits"]:
            return "nothing", None
        entry = record["splits"][self.rule_id]
        if not (isinstance(entry, dict) and isinstance(entry.get("variation"), str)):
            return "garbage", None
        if kind(entry.get("version")) != "number" or entry["version"] < 1 or entry["version"] != int(entry["version"]):
            return "garbage", None
        known = entry["variation"] in self.flag["variations"]
        if known and entry["version"] >= self.sticky.get("min_version", self.version):
            return "valid", entry
        if not known and entry["version"] > self.version:
            return "newer", entry
        return "outdated", entry

    def write(self, unit, variation, version):
        record = self.store.get((unit, self.key)) or {}
        splits = dict(record.get("splits", {}))
        splits[self.rule_id] = {"variation": variation, "version": version}
        self.store[(unit, self.key)] = {**record, "splits": splits}

    # ---- events -----------------------------------------------------------------------------------------------------

    def expose(self, decision):
        if self.outbox is not None and self.mode == "expose":
            name, text = self.split_id()
            self.outbox.append({
                "kind": "exposure", "flag": self.key, "variation": decision["variation"], "rule": decision["rule_id"],
                "reason": decision["reason"], "sticky": decision["sticky"], "user": id_key(self.user),
                "unit": unit_of(name, text),
            })
        return decision


def id_key(user):
    key = user.get("key")
    return key if isinstance(key, str) else None


def metric(event, user, value=None, properties=None, flags=None):
    ids = {name: id_of(user, name) for name in user.get("ids") or {} if id_of(user, name) is not None}
    return {"kind": "metric", "event": event, "value": value, "properties": properties, "flags": flags,
            "user": id_key(user), "ids": ids}


def served(flag, variation, reason, rule_id=None):
    value = flag["variations"][variation]
    return {
        "found": True,
        "enabled": value if isinstance(value, bool) else variation != flag["off"],
        "value": value, "variation": variation, "variation_id": variation, "rule_id": rule_id,
        "reason": reason, "sticky": reason == "STICKY", "error": None,
    }


def failed(error, found):
    return {"found": found, "enabled": False, "variation": None, "variation_id": None, "rule_id": None,
            "reason": "ERROR", "sticky": False, "error": error}
