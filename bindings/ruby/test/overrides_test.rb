# frozen_string_literal: true

require "support"

# With a dialect that knows no overrides, and what is wrong with any. What overrides answer: statsig_test.rb.
class OverridesTest < Minitest::Test
  include Support

  def test_a_dialect_that_knows_no_overrides_says_so
    client = client()
    [-> { client.override(:gate, "dark", true) }, -> { client.override(:config, "dark", {}, id: "user-1") },
     -> { client.override_group("dark", "Test") }, -> { client.remove_override(:gate, "dark") },
     -> { client.clear_overrides }].each do |call|
      error = assert_raises(Flagstay::InvalidArgumentError, &call)
      assert_includes(error.message, "overrides")
    end
    assert_equal(0, client.status["overrides"])
  end

  def test_a_wrong_kind_is_an_error_that_names_the_kinds
    [:flag, "gate", 1].each do |kind|
      [-> { client.override(kind, "dark", true) }, -> { client.remove_override(kind, "dark") },
       -> { client.evaluate("dark", user, kind:) }, -> { client.explain("dark", user, kind:) }].each do |call|
        error = assert_raises(Flagstay::InvalidArgumentError, &call)
        assert_includes(error.message, ":gate, :config, :experiment or :layer")
      end
    end
  end

  def test_an_override_is_for_a_kind
    error = assert_raises(Flagstay::InvalidArgumentError) { client.override(nil, "dark", true) }
    assert_includes(error.message, "kind")
  end

  def test_a_value_that_does_not_fit_the_kind_is_an_error
    { gate: [{}, "on", nil, 1], experiment: [true, [], nil, "text"] }.each do |kind, values|
      values.each do |value|
        assert_raises(Flagstay::InvalidArgumentError, value.inspect) { client.override(kind, "dark", value) }
      end
    end
    error = assert_raises(Flagstay::InvalidArgumentError) { client.override(:config, "dark", { at: Time.now }) }
    assert_includes(error.message, "value.at")
  end

  def test_flags_groups_and_ids_are_text
    assert_raises(TypeError) { client.override(:gate, 5, true) }
    assert_raises(TypeError) { client.override(:gate, "dark", true, id: 5) }
    assert_raises(TypeError) { client.override_group("dark", nil) }
    assert_raises(Flagstay::InvalidTextError) { client.remove_override(:gate, "\xff") }
  end
end
