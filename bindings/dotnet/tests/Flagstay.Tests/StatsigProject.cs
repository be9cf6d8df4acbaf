using System;
using System.Text.Json;

namespace Flagstay.Tests;

// The document that the tests of this dialect decide by, and clients with it.
internal static class StatsigProject
{
    public const string Company = "companyID";

    // Company c-1 is in the group Test, c-3 in Control, and whoever has no paid plan is kept out by targeting.
    public static string Specs(bool active = true, int price = 7) => """
        {"has_updates": true, "time": 1700000000123, "response_format": "dcs-v2", "experiment_to_layer": {"price_test": "checkout"},
         "condition_map": {
           "everybody": {"type": "public", "targetValue": null, "operator": null, "field": null, "additionalValues": {}, "idType": "userID"},
           "staff": {"type": "user_field", "targetValue": ["@acme.io"], "operator": "str_ends_with_any", "field": "email", "additionalValues": {}, "idType": "userID"},
           "paid": {"type": "user_field", "targetValue": ["pro", "team"], "operator": "any", "field": "plan", "additionalValues": {}, "idType": "userID"},
           "unpaid": {"type": "fail_gate", "targetValue": "paying", "operator": null, "field": null, "additionalValues": {}, "idType": "userID"},
           "vip": {"type": "user_field", "targetValue": ["yes"], "operator": "any", "field": "vip", "additionalValues": {}, "idType": "userID"},
           "german": {"type": "ip_based", "targetValue": ["DE"], "operator": "any", "field": "country", "additionalValues": {}, "idType": "userID"},
           "half": {"type": "user_bucket", "targetValue": 500, "operator": "lt", "field": null, "additionalValues": {"salt": "alloc-9"}, "idType": "companyID"},
           "all": {"type": "user_bucket", "targetValue": 1000, "operator": "lt", "field": null, "additionalValues": {"salt": "alloc-9"}, "idType": "companyID"}},
         "feature_gates": {
           "new_nav": {"type": "feature_gate", "salt": "n", "enabled": true, "defaultValue": false, "idType": "userID", "entity": "feature_gate", "version": 4,
             "rules": [{"name": "Staff", "id": "r-staff", "passPercentage": 100, "conditions": ["staff"], "returnValue": true, "idType": "userID"}]},
           "limits": {"type": "feature_gate", "salt": "l", "enabled": true, "defaultValue": false, "idType": "userID", "entity": "feature_gate",
             "rules": [{"name": "All", "id": "r-all", "passPercentage": 100, "conditions": ["everybody"], "returnValue": true, "idType": "userID"}]},
           "german": {"type": "feature_gate", "salt": "g", "enabled": true, "defaultValue": false, "idType": "userID", "entity": "feature_gate",
             "rules": [{"name": "DE", "id": "r-de", "passPercentage": 100, "conditions": ["german"], "returnValue": true, "idType": "userID"}]},
           "paying": {"type": "feature_gate", "salt": "p", "enabled": true, "defaultValue": false, "idType": "userID", "entity": "feature_gate",
             "rules": [{"name": "Paid", "id": "r-p", "passPercentage": 100, "conditions": ["paid"], "returnValue": true, "idType": "userID"}]}},
         "dynamic_configs": {
           "limits": {"type": "dynamic_config", "salt": "l", "enabled": true, "defaultValue": {"max": 10}, "idType": "userID", "entity": "dynamic_config",
             "rules": [{"name": "Paid", "id": "r-paid", "passPercentage": 100, "conditions": ["paid"], "returnValue": {"max": 500}, "idType": "userID"}]},
           "price_test": {"type": "dynamic_config", "salt": "e", "enabled": true, "isActive": ACTIVE, "hasSharedParams": true, "explicitParameters": ["price"], "version": 12,
             "defaultValue": {"price": 9}, "idType": "companyID", "entity": "experiment",
             "rules": [
               {"name": "targeting", "id": "inlineTargetingRules", "passPercentage": 100, "conditions": ["unpaid"], "returnValue": {"price": 9}, "idType": "companyID"},
               {"name": "vip", "id": "r-vip:override", "passPercentage": 100, "conditions": ["vip"], "returnValue": {"price": 1}, "idType": "companyID"},
               {"name": "control", "id": "r-ctl", "groupName": "Control", "isExperimentGroup": true, "passPercentage": 100, "conditions": ["half"], "returnValue": {"price": 9}, "idType": "companyID"},
               {"name": "test", "id": "r-tst", "groupName": "Test", "isExperimentGroup": true, "passPercentage": 100, "conditions": ["all"], "returnValue": {"price": PRICE}, "idType": "companyID"}]}},
         "layer_configs": {
           "checkout": {"type": "dynamic_config", "salt": "c", "enabled": true, "defaultValue": {"price": 9, "steps": 3}, "idType": "companyID", "entity": "layer",
             "rules": [{"name": "alloc", "id": "r-alloc", "passPercentage": 100, "conditions": ["everybody"], "returnValue": {"price": 9, "steps": 3}, "configDelegate": "price_test", "idType": "companyID"}]}}}
        """
        .Replace("ACTIVE", active ? "true" : "false", StringComparison.Ordinal)
        .Replace("PRICE", $"{price}", StringComparison.Ordinal);

    public static User Ann(string plan = "pro") =>
        new User("ann").With("email", "ann@acme.io").With("plan", plan).WithId(Company, "c-1");

    public static FlagstayClient Client(
        Storage? storage = null, string? specs = null, Func<string, string?>? countries = null, bool exposures = false) =>
        new(new FlagstayOptions
        {
            Dialect = "statsig",
            Ruleset = specs ?? Specs(),
            AssignmentStore = storage is null ? null : new SavedStore<JsonElement>(storage),
            CountryResolver = countries,
            Events = new EventOptions { Exposures = exposures },
        });

    public static Decision Test(FlagstayClient client, User user, Assignments? held, FlagKind kind = FlagKind.Experiment) =>
        client.Evaluate(
            kind == FlagKind.Layer ? "checkout" : "price_test", user,
            new EvaluationOptions { Kind = kind, Assignments = held });
}
