//! Conditions, operator by operator.

use super::*;

/// A user whose attribute `a` is `value`.
fn with(value: Value) -> Value {
    json!({"key": "u", "attributes": {"a": value}})
}

/// Checks `{"attribute": "a", operator: operand}` for values that pass and values that do not.
#[track_caller]
fn check(operator: &str, operand: Value, pass: &[Value], fail: &[Value]) {
    let condition = json!({"attribute": "a", operator: operand});
    for value in pass {
        assert!(
            holds(condition.clone(), with(value.clone())),
            "{condition} of {value}"
        );
    }
    for value in fail {
        assert!(
            !holds(condition.clone(), with(value.clone())),
            "{condition} of {value}"
        );
    }
    if operator != "present" {
        assert!(
            !holds(condition.clone(), with(json!(null))),
            "{condition} of null"
        );
        assert!(
            !holds(condition.clone(), json!({"key": "u"})),
            "{condition} of nobody"
        );
        assert!(holds(json!({"not": condition}), json!({"key": "u"})));
    }
}

#[test]
fn equals_compares_by_value_and_never_coerces() {
    check(
        "equals",
        json!("Pro"),
        &[json!("Pro")],
        &[json!("pro"), json!("Pro "), json!(["Pro"])],
    );
    check(
        "equals",
        json!(5),
        &[json!(5), json!(5.0)],
        &[json!("5"), json!(5.5), json!(true)],
    );
    check(
        "equals",
        json!(true),
        &[json!(true)],
        &[json!(1), json!("true"), json!(false)],
    );
    check(
        "equals",
        json!({"x": [1, {"y": 2}]}),
        &[json!({"x": [1.0, {"y": 2}]})],
        &[
            json!({"x": [{"y": 2}, 1]}),
            json!({"x": [1, {"y": 2}], "z": 1}),
        ],
    );
    check(
        "equals",
        json!(9007199254740993_u64),
        &[json!(9007199254740993_u64)],
        &[json!(9007199254740992_u64), json!(9007199254740992.0)],
    );
    check("equals", json!([]), &[json!([])], &[json!({}), json!([1])]);
}

#[test]
fn one_of_looks_for_the_whole_value() {
    let operand = json!(["a", 1, [2, 3], {"x": null}]);
    check(
        "one_of",
        operand,
        &[json!("a"), json!(1.0), json!([2, 3]), json!({"x": null})],
        &[json!("1"), json!(2), json!(["a"]), json!({})],
    );
    check("one_of", json!([]), &[], &[json!("a"), json!([])]);
    let long: Vec<String> = (0..100).map(|n| format!("t{n}")).collect();
    check(
        "one_of",
        json!(long),
        &[json!("t0"), json!("t99")],
        &[json!("t100"), json!("")],
    );
}

#[test]
fn contains_finds_parts_of_texts_and_elements_of_lists() {
    check(
        "contains",
        json!("ell"),
        &[json!("hello"), json!("ell"), json!(["x", "ell"])],
        &[
            json!("HELLO"),
            json!(["hello"]),
            json!({"ell": 1}),
            json!(5),
        ],
    );
    check(
        "contains",
        json!(["x", 5, true]),
        &[json!("axe"), json!([5.0]), json!([true]), json!(["x"])],
        &[json!("5"), json!(5), json!(["5"]), json!([]), json!(["xx"])],
    );
    check(
        "contains",
        json!(""),
        &[json!(""), json!("a"), json!([""])],
        &[json!(["a"])],
    );
    check("contains", json!([]), &[], &[json!("a"), json!([])]);
}

#[test]
fn starts_with_and_ends_with_take_one_text_or_several() {
    check(
        "starts_with",
        json!("ab"),
        &[json!("ab"), json!("abc")],
        &[json!("a"), json!("Abc"), json!(["ab"])],
    );
    check(
        "starts_with",
        json!(["x", "é"]),
        &[json!("xyz"), json!("école")],
        &[json!("ecole"), json!("")],
    );
    check(
        "ends_with",
        json!("@example.com"),
        &[json!("a@example.com")],
        &[json!("a@example.com ")],
    );
    check(
        "ends_with",
        json!(["1", "2"]),
        &[json!("a1"), json!("2")],
        &[json!(1), json!("12a")],
    );
    check("ends_with", json!([]), &[], &[json!("")]);
}

#[test]
fn matches_searches_anywhere() {
    check(
        "matches",
        json!("b+c"),
        &[json!("abbcd"), json!("bc")],
        &[json!("ac"), json!(5), json!(["bc"])],
    );
    check(
        "matches",
        json!("^b$"),
        &[json!("b")],
        &[json!("ab"), json!("b\n")],
    );
    check(
        "matches",
        json!(r"^\p{Lu}.$"),
        &[json!("Éa")],
        &[json!("éa")],
    );
}

#[test]
fn numbers_compare_exactly_and_only_with_numbers() {
    check(
        "greater_than",
        json!(5),
        &[json!(5.1), json!(6)],
        &[json!(5), json!(4), json!("6"), json!(true)],
    );
    check("at_least", json!(5), &[json!(5.0), json!(6)], &[json!(4.9)]);
    check(
        "less_than",
        json!(5.5),
        &[json!(5), json!(-1e300)],
        &[json!(5.5), json!(6)],
    );
    check(
        "at_most",
        json!(-5),
        &[json!(-5), json!(-5.5)],
        &[json!(-4), json!(0)],
    );
    check(
        "greater_than",
        json!(9007199254740992_u64),
        &[json!(9007199254740993_u64)],
        &[json!(9007199254740992_u64), json!(9007199254740992.0)],
    );
}

#[test]
fn versions_follow_the_precedence_of_semver() {
    let range = json!({"at_least": "1.2.0", "less_than": "2.0.0"});
    check(
        "semver",
        range,
        &[
            json!("1.2.0"),
            json!("1.10.0"),
            json!("2.0.0-rc.1"),
            json!("1.2.0+b"),
        ],
        &[
            json!("1.2.0-rc.1"),
            json!("2.0.0"),
            json!("1.2"),
            json!("v1.3.0"),
            json!("01.2.0"),
            json!(1.5),
            json!(""),
        ],
    );
    check(
        "semver",
        json!({"equals": "1.0.0+a"}),
        &[json!("1.0.0"), json!("1.0.0+b")],
        &[json!("1.0.0-a")],
    );
    check(
        "semver",
        json!({"greater_than": "1.0.0-alpha.9"}),
        &[json!("1.0.0-alpha.10"), json!("1.0.0-beta")],
        &[json!("1.0.0-alpha.9"), json!("1.0.0-alpha")],
    );
    check(
        "semver",
        json!({"at_most": "1.0.0"}),
        &[json!("0.9.9"), json!("1.0.0")],
        &[json!("1.0.1")],
    );
}

#[test]
fn instants_are_texts_or_milliseconds_on_either_side() {
    let noon = 1_795_262_400_000_i64;
    for operand in [
        json!("2026-11-21T12:00:00Z"),
        json!("2026-11-21T13:00:00+01:00"),
        json!(noon),
        json!(noon as f64),
    ] {
        let earlier = [
            json!("2026-11-21T11:59:59.999999999Z"),
            json!(noon - 1),
            json!(noon as f64 - 0.5),
            json!("2026-11-21T12:00:00+00:01"),
            json!("0001-01-01T00:00:00Z"),
            json!(-1e300),
        ];
        let same = [json!("2026-11-21T12:00:00.000Z"), json!(noon)];
        let later = [
            json!("2026-11-21T12:00:00.000000001Z"),
            json!(noon + 1),
            json!(i64::MAX),
            json!(u64::MAX),
            json!(1e300),
        ];
        let none = [
            json!("2026-11-21"),
            json!("2026-11-21T12:00:00"),
            json!("1795262400000"),
            json!("noon"),
            json!(true),
            json!("2026-02-30T00:00:00Z"),
        ];
        let no = [&same[..], &none[..], &later[..]].concat();
        check("before", operand.clone(), &earlier, &no);
        let no = [&same[..], &none[..], &earlier[..]].concat();
        check("after", operand, &later, &no);
    }
}

#[test]
fn a_null_is_missing() {
    check(
        "present",
        json!(true),
        &[json!(false), json!(""), json!([]), json!(0)],
        &[json!(null)],
    );
    check(
        "present",
        json!(false),
        &[json!(null)],
        &[json!(false), json!("")],
    );
    assert!(holds(
        json!({"attribute": "b", "present": false}),
        with(json!(1))
    ));
    assert!(!holds(
        json!({"attribute": "b", "present": true}),
        with(json!(1))
    ));
}

#[test]
fn a_private_attribute_is_found_where_no_public_one_is() {
    let condition = json!({"attribute": "a", "equals": 1});
    let user = |public: Value, private: Value| json!({"key": "u", "attributes": public, "private_attributes": private});
    assert!(holds(condition.clone(), user(json!({}), json!({"a": 1}))));
    assert!(holds(
        condition.clone(),
        user(json!({"a": null}), json!({"a": 1}))
    ));
    assert!(!holds(
        condition.clone(),
        user(json!({"a": 2}), json!({"a": 1}))
    ));
    assert!(!holds(condition, user(json!([1]), json!("a"))));
}

#[test]
fn ids_are_texts() {
    let user = json!({"key": "u-1", "ids": {"company": 7, "guest": "", "key": "not the key"}});
    for (condition, expected) in [
        (json!({"id": "key", "starts_with": "u-"}), true),
        (json!({"id": "company", "equals": "7"}), true),
        (json!({"id": "company", "equals": 7}), false),
        (json!({"id": "company", "greater_than": 1}), false),
        (json!({"id": "company", "one_of": ["8", "7"]}), true),
        (json!({"id": "guest", "present": true}), false),
        (json!({"id": "device", "present": false}), true),
        (json!({"id": "key", "equals": "not the key"}), false),
    ] {
        assert_eq!(
            holds(condition.clone(), user.clone()),
            expected,
            "{condition}"
        );
    }
    assert!(holds(
        json!({"id": "key", "present": false}),
        json!({"key": 5})
    ));
    assert!(holds(
        json!({"id": "key", "present": false}),
        json!({"key": ""})
    ));
}

#[test]
fn joined_conditions_mean_what_they_say() {
    let (yes, no) = (
        json!({"id": "key", "equals": "u"}),
        json!({"id": "key", "equals": "v"}),
    );
    for (condition, expected) in [
        (json!({"all": []}), true),
        (json!({"any": []}), false),
        (json!({"all": [yes, yes]}), true),
        (json!({"all": [yes, no]}), false),
        (json!({"any": [no, yes]}), true),
        (json!({"any": [no, no]}), false),
        (json!({"not": no}), true),
        (
            json!({"not": {"any": [no, {"not": no}]}, "description": "both"}),
            false,
        ),
    ] {
        assert_eq!(
            holds(condition.clone(), json!({"key": "u"})),
            expected,
            "{condition}"
        );
    }
}
