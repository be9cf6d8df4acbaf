# frozen_string_literal: true

require "flagstay"
require "json"

# What the tests decide with, also in processes of their own: a ruleset, and stores of Ruby objects.
module Fixtures
  def self.split(*names, **more)
    share = 100 / names.size
    { split: { weights: names.map { |name| { variation: name, percent: share } }, **more } }
  end

  # By the dialect's page `user-1` is in bucket 67,868 of `new-checkout`, and `user-3` in 952,381.
  RULES = {
    format: 1,
    flags: {
      "new-checkout" => { on: true, variations: { on: true, off: false }, off: "off", default: split("on", "off") },
      "button-colour" => { on: true, variations: { grey: "grey", blue: "blue", green: "green" }, off: "grey",
                           default: { id: "colours", **split("blue", "green", sticky: true) } },
      "page-size" => { on: true, variations: { small: 20, large: 0.5, huge: (2**53) + 1 }, off: "small",
                       rules: [{ id: "half", if: { attribute: "plan", equals: "pro" }, serve: "large" },
                               { id: "huge", if: { attribute: "plan", equals: "huge" }, serve: "huge" }],
                       default: "small" },
      "layout" => { on: true, variations: { list: [1, { a: nil }], object: { columns: 3, "naïve" => "ü\u0000" },
                                            nothing: nil }, off: "nothing",
                    rules: [{ id: "list", if: { attribute: "plan", equals: "pro" }, serve: "list" },
                            { id: "null", if: { attribute: "plan", equals: "null" }, serve: "nothing" }],
                    default: "object" },
      "dark" => { on: false, variations: { on: true, off: false }, off: "off", default: "on" },
      "flag\u0000ü" => { on: true, variations: { on: true, off: false }, off: "off", default: "on" }
    }
  }.freeze

  # A store of Ruby objects. It offers what its maker asks for.
  class HashStore
    attr_reader :records

    def initialize(records = {})
      @records = records
      @lock = Mutex.new
    end

    def get(unit, flag) = @lock.synchronize { @records[[unit, flag]] }

    def set(unit, flag, record) = @lock.synchronize { @records[[unit, flag]] = record }

    def remove(unit, flag) = @lock.synchronize { @records.delete([unit, flag]) }
  end

  # The same with everything that a store may offer.
  class CompleteStore < HashStore
    def load(unit) = @lock.synchronize { @records.select { |(u, _), _| u == unit }.transform_keys(&:last) }

    def set_if_absent(unit, flag, record) = @lock.synchronize { @records[[unit, flag]] ||= record }
  end
end
