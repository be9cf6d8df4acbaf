# frozen_string_literal: true

require "support"

# The runner itself: a vector that is answered otherwise must not pass.
class ConformTest < Minitest::Test
  include Support

  RUNNER = File.expand_path("../conform.rb", __dir__)

  def vectors(*steps, **test)
    { format: 1, dialect: "flagstay", now_ms: 1_790_000_000_000, rulesets: { main: rules, broken: { format: 99 } },
      cases: [{ name: "a case", ruleset: "main", steps:, **test }] }
  end

  def run_vectors(document)
    folder do |folder|
      File.write(File.join(folder, "vectors.json"), JSON.generate(document))
      File.write(File.join(folder, "rules.json"), JSON.generate(rules))
      out, status = Open3.capture2e(RbConfig.ruby, RUNNER, folder)
      return [out.lines.first&.chomp, status.exitstatus, out]
    end
  end

  def evaluate(flag, expect, user: { key: "user-1" }, **more)
    { op: "evaluate", flag:, user:, expect:, **more }
  end

  def test_what_is_answered_as_expected_passes
    stored = { unit: "user-1", flag: "button-colour",
               record: { splits: { colours: { variation: "green", version: 1 } } } }
    line, status, out = run_vectors(vectors(
                                      evaluate("page-size",
                                               { value: 20.0, found: true, error: nil, reason: "FALLTHROUGH" }),
                                      evaluate("button-colour", { value: "green", sticky: true, reason: "STICKY" }),
                                      evaluate("missing", { error: "FLAG_NOT_FOUND", value: 5 }, default: 5),
                                      evaluate("new-checkout", { error: "TARGETING_KEY_MISSING" }, user: nil),
                                      { op: "track", event: "bought", user: { key: "u" }, expect: { accepted: true } },
                                      { op: "ruleset", name: "broken" },
                                      { op: "storage", expect: [stored] },
                                      storage: [stored]
                                    ))
    assert_equal(["flagstay ruby 6 0", 0], [line, status], out)
  end

  def test_kind_assignments_and_enforcement_go_through_the_binding
    line, status, out = run_vectors(vectors(
                                      evaluate("page-size", { value: 20 }, assignments: nil, enforce_targeting: true),
                                      evaluate("page-size", { value: 20 }, kind: "gate", enforce_overrides: false),
                                      evaluate("page-size", { value: 20 }, assignments: { values: { "a" => 5 } }),
                                      evaluate("page-size", { value: 20 }, exposure: false, assignments: {
                                                 load: { user: { key: "user-1" }, id_type: "userID" }
                                               }),
                                      storage: []
                                    ))
    assert_equal(["flagstay ruby 4 0", 0], [line, status], out)
  end

  def test_what_is_answered_otherwise_fails_and_is_shown
    line, status, out = run_vectors(vectors(evaluate("page-size", { value: 20 }), evaluate("page-size", { value: 21 })))
    assert_equal(["flagstay ruby 1 1", 1], [line, status], out)
    ["vectors.json", '"a case", step 2', "evaluate", "page-size", "user-1", "expected 21, got 20"].each do |part|
      assert_includes(out, part)
    end
  end

  def test_whatever_the_runner_does_not_know_fails
    [vectors(evaluate("page-size", { value: 20 }, kind: "flag")), vectors(evaluate("page-size", { values: 20 })),
     vectors(evaluate("page-size", {}, assignments: {})), vectors(evaluate("page-size", {}, assignments: { keep: {} })),
     vectors(evaluate("page-size", {}, assignments: { values: {}, load: {} })),
     vectors(evaluate("page-size", {}, assignments: { values: [] })),
     vectors(evaluate("page-size", {}, assignments: { load: { user: { key: "u" }, id_type: "userID", as: 1 } })),
     vectors(evaluate("page-size", {}, enforce_targeting: "yes")),
     vectors(evaluate("page-size", {}, colour: 1)), vectors({ op: "sleep" }),
     vectors(evaluate("page-size", {}), config: { mystery: 1 }), vectors(evaluate("page-size", {}), surprise: 1),
     vectors(evaluate("page-size", {}), ruleset: "nowhere"), vectors({ op: "storage", expect: [] })].each do |document|
      line, status, out = run_vectors(document)
      assert_equal(["flagstay ruby 0 1", 1], [line, status], out)
    end
  end

  def test_a_store_that_is_told_to_fail_fails
    line, status, out = run_vectors(vectors(
                                      evaluate("button-colour", { sticky: false, error: nil }),
                                      { op: "storage", expect: [] },
                                      storage: [], config: { store_fault: "set" }
                                    ))
    assert_equal(["flagstay ruby 2 0", 0], [line, status], out)
  end

  def test_nothing_to_run_is_a_failure_and_no_arguments_are_misuse
    folder do |folder|
      File.write(File.join(folder, "rules.json"), JSON.generate(rules))
      assert_equal(1, Open3.capture2e(RbConfig.ruby, RUNNER, folder).last.exitstatus)
    end
    assert_equal(2, Open3.capture2e(RbConfig.ruby, RUNNER).last.exitstatus)
    assert_equal(2, Open3.capture2e(RbConfig.ruby, RUNNER, "/no/such/folder").last.exitstatus)
  end

  def test_rulesets_in_files_are_read_beside_the_vectors
    document = vectors(evaluate("page-size", { value: 20 }), ruleset: "file")
    document[:rulesets]["file"] = { "$file": "rules.json" }
    line, status, out = run_vectors(document)
    assert_equal(["flagstay ruby 1 0", 0], [line, status], out)
  end
end
