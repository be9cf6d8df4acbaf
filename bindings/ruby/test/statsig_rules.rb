# frozen_string_literal: true

# A document of Statsig's, made for the tests.
module StatsigRules
  class << self
    # @param control [Integer] how many of a thousand are in the group Control of `price_test`; the others are in Test
    def document(control: 500, active: true, time: 1_790_000_000_000)
      { has_updates: true, time:, experiment_to_layer: { price_test: "checkout" },
        condition_map: conditions(control),
        feature_gates: { in_germany: spec(false, [rule("de", true, "german")]),
                         price_test: spec(false, [rule("all", true, "everybody")]) },
        dynamic_configs: { price_test: experiment(active),
                           limits: spec({ max: 10 }, [rule("staff", { max: 500 }, "staff")]) },
        layer_configs: { checkout: spec({ price: 9 }, [delegate("price_test")]) } }
    end

    private

    def conditions(control)
      { everybody: condition("public"), staff: condition("user_field", field: "email", operator: "str_ends_with_any",
                                                                       targetValue: ["@acme.example"]),
        german: condition("ip_based", field: "country", operator: "any", targetValue: ["DE"]),
        excluded: condition("user_field", field: "plan", operator: "any", targetValue: ["free"]),
        control: bucket(control), test: bucket(1000) }
    end

    def condition(type, **more) = { type:, idType: "userID", **more }

    def bucket(below)
      condition("user_bucket", operator: "lt", targetValue: below, additionalValues: { salt: "prices" })
    end

    def experiment(active)
      spec({ price: 9 }, [rule("inlineTargetingRules", { price: 9 }, "excluded"),
                          rule("control", { price: 9 }, "control", groupName: "Control", isExperimentGroup: true),
                          rule("test", { price: 7, sale: true }, "test", groupName: "Test", isExperimentGroup: true)],
           isActive: active, entity: "experiment", version: 3)
    end

    def delegate(name) = rule("alloc", {}, "everybody", configDelegate: name)

    def spec(value, rules, **more)
      { type: "dynamic_config", entity: "dynamic_config", salt: "s", enabled: true, defaultValue: value,
        idType: "userID", rules:, **more }
    end

    def rule(id, value, *conditions, **more)
      { name: id, id:, passPercentage: 100, returnValue: value, conditions:, idType: "userID", salt: id, **more }
    end
  end
end
