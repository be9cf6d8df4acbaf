use super::*;
use crate::ruleset::data_sync::Version;
use crate::ruleset::id::Id;
use crate::ruleset::path::Path;
use crate::ruleset::person::Customs;
use crate::ruleset::raised::Findings;
use crate::user::{Name, User};
use crate::value::Value;
use segment::Group;
use serde_json::json;

static CUSTOMS: Customs = Customs {
    reserved: &["key"],
    booleans: true,
};

fn property(name: &str) -> Property {
    match name {
        "key" => Property::Key,
        name => Property::Custom(Name::new(name)),
    }
}

/// Empty texts count as missing, and nothing holds for nobody.
static STRICT: Flavour = Flavour {
    operation: "operation",
    conditions: "all",
    none_holds: false,
    empty_is_missing: true,
    ignore_case: true,
    rules_required: false,
    property,
};

/// Empty texts are texts, and nothing holds for everybody.
static PLAIN: Flavour = Flavour {
    operation: "operation",
    conditions: "all",
    none_holds: true,
    empty_is_missing: false,
    ignore_case: false,
    rules_required: true,
    property,
};

fn asked(
    flavour: &Flavour,
    conditions: Value,
    attributes: Value,
    segments: Value,
) -> Reached<bool> {
    let path = Path::root("x");
    let mut findings = Findings::default();
    let compiled = clauses(&json!({"all": conditions}), flavour, &path, &mut findings)?;
    let segments = Shelf::of(segments.as_array().unwrap().iter().map(|segment| Segment {
        id: Id::read(&segment["id"]).unwrap(),
        version: Version::zero(),
        group: Some(Group::compile(segment, flavour, &path, &mut findings)),
        problems: Vec::new(),
    }));
    let user = User::from_value(json!({"key": "u", "attributes": attributes})).unwrap();
    let person = Person::new(&user, &CUSTOMS).unwrap();
    Inquiry::new(&person, &segments).all_hold(&compiled)
}

fn one(flavour: &Flavour, operation: &str, value: Value, plan: Value) -> Reached<bool> {
    let condition = json!([{"property": "plan", "operation": operation, "value": value}]);
    asked(flavour, condition, json!({"plan": plan}), json!([]))
}

#[test]
fn what_is_empty_counts_as_missing_or_as_a_text() {
    for (operation, value, plan, strict, plain) in [
        ("Equal", json!(""), json!(""), false, true),
        ("NotEqual", json!(""), json!(""), true, false),
        ("Contains", json!(""), json!("pro"), false, true),
        ("StartsWith", json!("p"), json!(""), false, false),
        ("Equal", json!(0), json!(0), false, true),
        ("Equal", json!(false), json!(false), false, true),
        ("Equal", json!(null), json!("None"), false, false),
        ("NotEqual", json!(null), json!("x"), true, true),
        ("Equal", json!("pro"), json!(null), false, false),
        ("NotEqual", json!("pro"), json!(null), true, true),
        ("IsOneOf", json!("\"abc\""), json!(""), false, true),
        ("IsOneOf", json!("[\"\"]"), json!(""), false, true),
        ("MatchRegex", json!(""), json!("x"), false, true),
        ("MatchRegex", json!("^$"), json!(""), false, true),
    ] {
        let case = format!("{operation} {value} {plan}");
        assert_eq!(
            one(&STRICT, operation, value.clone(), plan.clone()),
            Ok(strict),
            "{case}"
        );
        assert_eq!(one(&PLAIN, operation, value, plan), Ok(plain), "{case}");
    }
}

#[test]
fn numbers_are_compared_as_numbers_of_five_decimals() {
    for (operation, value, plan, expected) in [
        ("BiggerEqualThan", json!("18"), json!(18), true),
        ("BiggerThan", json!("18"), json!(18.000001), false),
        ("BiggerThan", json!("18"), json!("18.00001"), true),
        ("LessThan", json!("1_000"), json!(" 9e2 "), true),
        ("LessEqualThan", json!("１２"), json!("٣"), true),
        ("LessThan", json!("inf"), json!(1e300), true),
        ("LessThan", json!("nan"), json!(1), false),
        ("BiggerThan", json!("0x10"), json!(17), false),
        ("BiggerThan", json!(null), json!(17), false),
        ("BiggerThan", json!(1), json!("x"), false),
        ("MoreThan", json!(1), json!(2), false),
    ] {
        assert_eq!(
            one(&STRICT, operation, value.clone(), plan.clone()),
            Ok(expected),
            "{operation} {value} {plan}"
        );
    }
}

#[test]
fn lists_are_json_in_a_text() {
    for (value, plan, expected) in [
        (json!("[\"pro\", \"basic\"]"), json!("pro"), true),
        (json!("[1, 5]"), json!(5), false),
        (json!("[\"5\"]"), json!(5), true),
        (json!("{\"pro\": 1}"), json!("pro"), true),
        (json!("\"probasic\""), json!("bas"), true),
        (json!("pro"), json!("pro"), false),
        (json!(["pro"]), json!("pro"), false),
        (json!("true"), json!("True"), false),
    ] {
        assert_eq!(
            one(&STRICT, "IsOneOf", value.clone(), plan.clone()),
            Ok(expected),
            "{value}"
        );
        assert_eq!(one(&STRICT, "NotOneOf", value, plan), Ok(!expected));
    }
}

#[test]
fn words_are_compared_in_lower_case_and_not_trimmed() {
    assert_eq!(
        one(&STRICT, "IsTrue", json!("false"), json!("TRUE")),
        Ok(true)
    );
    assert_eq!(one(&STRICT, "IsTrue", json!(""), json!(true)), Ok(true));
    assert_eq!(
        one(&STRICT, "IsFalse", json!(""), json!(" false")),
        Ok(false)
    );
}

#[test]
fn a_regex_raises_only_for_who_has_the_property() {
    assert_eq!(
        one(&STRICT, "MatchRegex", json!("("), json!("x")),
        Err(Raised)
    );
    assert_eq!(
        one(&STRICT, "NotMatchRegex", json!("("), json!("x")),
        Err(Raised)
    );
    assert_eq!(
        one(&STRICT, "NotMatchRegex", json!("("), json!("")),
        Ok(true)
    );
    assert_eq!(
        one(&STRICT, "MatchRegex", json!("PRO"), json!("a pro")),
        Ok(true)
    );
    assert_eq!(
        one(&PLAIN, "MatchRegex", json!("PRO"), json!("a pro")),
        Ok(false)
    );
    assert_eq!(one(&PLAIN, "MatchRegex", json!(5), json!("x5")), Ok(true));
}

#[test]
fn the_property_stands_in_for_an_operation_that_is_nothing() {
    let clause =
        |operation: Value| json!([{"property": "IsTrue", "operation": operation, "value": ""}]);
    for operation in [json!(""), json!(null), json!(0), json!([])] {
        let holds = asked(
            &STRICT,
            clause(operation),
            json!({"IsTrue": "true"}),
            json!([]),
        );
        assert_eq!(holds, Ok(true));
    }
    let holds = asked(
        &STRICT,
        clause(json!("isTrue")),
        json!({"IsTrue": "true"}),
        json!([]),
    );
    assert_eq!(holds, Ok(false));
}

#[test]
fn missing_members_raise_where_the_condition_needs_them() {
    for (clause, expected) in [
        (json!({"property": "plan", "value": "x"}), Err(Raised)),
        (json!({"operation": "Equal", "value": "x"}), Err(Raised)),
        (
            json!({"property": "plan", "operation": "Equal"}),
            Err(Raised),
        ),
        (
            json!({"property": "plan", "operation": "LessThan"}),
            Ok(false),
        ),
        (
            json!({"property": "age", "operation": "LessThan"}),
            Err(Raised),
        ),
        (
            json!({"property": "plan", "operation": "MatchRegex"}),
            Err(Raised),
        ),
        (
            json!({"property": "plan", "operation": "IsOneOf"}),
            Ok(false),
        ),
        (
            json!({"property": "plan", "operation": "NotOneOf"}),
            Ok(true),
        ),
        (
            json!({"property": "plan", "operation": "IsTrue"}),
            Ok(false),
        ),
        (json!({"operation": "User is in segment"}), Ok(false)),
        (json!({"operation": "User is not in segment"}), Ok(true)),
        (json!({"operation": "nope"}), Ok(false)),
        (json!({"operation": null}), Err(Raised)),
        (json!("Equal"), Err(Raised)),
        (json!(null), Err(Raised)),
    ] {
        assert_eq!(
            asked(&STRICT, json!([clause]), json!({"age": 5}), json!([])),
            expected,
            "{clause}"
        );
    }
}

#[test]
fn conditions_are_asked_up_to_the_first_that_does_not_hold() {
    let never = json!({"property": "x", "operation": "nope", "value": ""});
    assert_eq!(
        asked(&STRICT, json!([never, null]), json!({}), json!([])),
        Ok(false)
    );
    assert_eq!(
        asked(&STRICT, json!([null, never]), json!({}), json!([])),
        Err(Raised)
    );
    assert_eq!(asked(&STRICT, json!([]), json!({}), json!([])), Ok(false));
    assert_eq!(asked(&PLAIN, json!([]), json!({}), json!([])), Ok(true));
    assert_eq!(
        asked(&STRICT, json!(null), json!({}), json!([])),
        Err(Raised)
    );
}

fn member_of(flavour: &Flavour, list: &str, segments: Value) -> bool {
    let clause = json!([{"property": "User is in segment", "operation": null, "value": list}]);
    asked(flavour, clause, json!({"plan": "pro"}), segments).unwrap()
}

#[test]
fn excluded_counts_before_included_and_included_before_rules() {
    let rule = json!([{"all": [{"property": "plan", "operation": "Equal", "value": "pro"}]}]);
    for (segment, expected) in [
        (
            json!({"id": "s", "excluded": ["u"], "included": ["u"], "rules": rule}),
            false,
        ),
        (
            json!({"id": "s", "excluded": [], "included": ["u"], "rules": null}),
            true,
        ),
        (
            json!({"id": "s", "excluded": [], "included": [], "rules": rule}),
            true,
        ),
        (
            json!({"id": "s", "excluded": [], "included": [5, null], "rules": []}),
            false,
        ),
        (
            json!({"id": "s", "excluded": null, "included": ["u"], "rules": []}),
            false,
        ),
        (
            json!({"id": "s", "excluded": [], "included": "a u b", "rules": []}),
            true,
        ),
        (
            json!({"id": "s", "excluded": {"u": 1}, "included": ["u"], "rules": []}),
            false,
        ),
    ] {
        assert_eq!(
            member_of(&STRICT, "[\"s\"]", json!([segment])),
            expected,
            "{segment}"
        );
    }
    let without_rules = json!([{"id": "s", "excluded": [], "included": []}, {"id": "t", "excluded": [], "included": ["u"], "rules": []}]);
    assert!(member_of(&STRICT, "[\"s\", \"t\"]", without_rules.clone()));
    assert!(!member_of(&PLAIN, "[\"s\", \"t\"]", without_rules));
}

#[test]
fn what_raises_in_a_segment_makes_the_condition_false_from_there() {
    let segments = json!([
        {"id": "bad", "excluded": [], "included": [], "rules": [{"all": [{"property": "plan", "operation": "MatchRegex", "value": "("}]}]},
        {"id": "good", "excluded": [], "included": ["u"], "rules": []},
        {"id": "around", "excluded": [], "included": [], "rules": [
            {"all": [{"property": "User is in segment", "operation": "", "value": "[\"bad\"]"}]},
            {"all": [{"property": "User is not in segment", "operation": "", "value": "[\"bad\"]"}]}
        ]}
    ]);
    for (list, expected) in [
        ("[\"good\", \"bad\"]", true),
        ("[\"bad\", \"good\"]", false),
        ("[\"ghost\", null, 5, \"good\"]", true),
        ("[[], \"good\"]", false),
        ("{\"good\": 1}", true),
        ("\"good\"", false),
        ("7", false),
        ("good", false),
        ("[\"around\"]", true),
    ] {
        assert_eq!(
            member_of(&STRICT, list, segments.clone()),
            expected,
            "{list}"
        );
    }
}

#[test]
fn segments_that_go_round_end_and_so_do_those_that_spread() {
    let refer = |id: usize, next: usize| {
        let clause = json!({"property": "User is in segment", "operation": "", "value": format!("[\"{next}\"]")});
        json!({"id": id.to_string(), "excluded": [], "included": [], "rules": [{"all": [clause]}, {"all": [clause]}]})
    };
    let circle = json!([refer(0, 0)]);
    let deep: Vec<_> = (0..200).map(|n| refer(n, n + 1)).collect();
    let small = std::thread::Builder::new().stack_size(256 * 1024);
    let thread = small.spawn(move || {
        assert!(!member_of(&STRICT, "[\"0\"]", circle));
        assert!(!member_of(&STRICT, "[\"0\"]", json!(deep)));
    });
    thread.unwrap().join().unwrap();
}
