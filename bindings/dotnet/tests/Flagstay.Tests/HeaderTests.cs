using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Reflection;
using System.Text.RegularExpressions;
using Flagstay.Interop;
using Xunit;

namespace Flagstay.Tests;

// The header is the contract; what is written here by hand must not drift from it.
public class HeaderTests
{
    private static readonly string Header = File.ReadAllText(Path.Combine(Rulesets.Repository, "include", "flagstay.h"));

    [Fact]
    public void Every_function_of_the_header_is_imported_with_its_parameters()
    {
        var declared = new SortedDictionary<string, string>(StringComparer.Ordinal);
        foreach (Match match in Regex.Matches(Header, @"^(?!//| )[^;{}()]*?\b(flagstay_\w+)\(([^;]*?)\);", RegexOptions.Multiline))
        {
            string parameters = match.Groups[2].Value.Trim();
            declared[match.Groups[1].Value] =
                parameters == "void" ? "" : string.Join(" ", parameters.Split(',').Select(KindOfC));
        }
        Assert.True(declared.Count > 30, $"{declared.Count} functions were found in the header");
        Assert.Equal(declared, Imports("LibraryImport"));
    }

    [Fact]
    public void Both_kinds_of_imports_are_the_same() => Assert.Equal(Declarations("LibraryImport"), Declarations("DllImport"));

    [Theory]
    [InlineData("flagstay_decision", typeof(Native.DecisionStruct))]
    [InlineData("flagstay_options", typeof(Native.OptionsStruct))]
    public void Every_member_of_a_struct_is_there_in_its_place(string name, Type type)
    {
        string body = Regex.Match(Header, $@"typedef struct {name} \{{(.*?)\n\}} {name};", RegexOptions.Singleline).Groups[1].Value;
        string[] members = [.. Regex.Matches(body, @"^  (?!//)(.+?)\s*\*?(\w+);", RegexOptions.Multiline)
            .Select(match => match.Groups[2].Value.Replace("_", "", StringComparison.Ordinal).Replace("len", "length", StringComparison.Ordinal))];
        Assert.NotEmpty(members);
        Assert.Equal(members, Fields(type));
    }

    [Theory]
    [InlineData("flagstay_store", typeof(Native.StoreStruct))]
    [InlineData("flagstay_countries", typeof(Native.CountriesStruct))]
    public void A_table_of_callbacks_has_the_members_of_the_header(string name, Type type)
    {
        string body = Regex.Match(Header, $@"typedef struct {name} \{{(.*?)\n\}} {name};", RegexOptions.Singleline).Groups[1].Value;
        string[] members = ["size", "context", .. Regex.Matches(body, @"\(\*(\w+)\)\(void").Select(m => m.Groups[1].Value.Replace("_", "", StringComparison.Ordinal))];
        Assert.True(members.Length > 3, body);
        Assert.Equal(members, Fields(type));
    }

    [Fact]
    public void Every_struct_of_the_header_is_known_here() => Assert.Equal(
        ["flagstay_countries", "flagstay_decision", "flagstay_options", "flagstay_store"],
        Regex.Matches(Header, @"^typedef struct (\w+) \{", RegexOptions.Multiline).Select(match => match.Groups[1].Value).Order());

    [Theory]
    [InlineData("FLAGSTAY_MODE_EXPOSE", Native.ModeExpose)]
    [InlineData("FLAGSTAY_MODE_READ", Native.ModeRead)]
    [InlineData("FLAGSTAY_STORE_FAILURE", Native.StoreFailure)]
    [InlineData("FLAGSTAY_STORE_DONE", Native.StoreDone)]
    public void A_constant_that_only_the_binding_uses_has_its_number(string name, int value) =>
        Assert.Contains($"  {name} = {value},\n", Header, StringComparison.Ordinal);

    [Theory]
    [InlineData(typeof(FlagstayStatus), "flagstay_status", "FLAGSTAY_")]
    [InlineData(typeof(Reason), "flagstay_reason", "FLAGSTAY_REASON_")]
    [InlineData(typeof(ValueKind), "flagstay_type", "FLAGSTAY_TYPE_")]
    [InlineData(typeof(UserPart), "flagstay_part", "FLAGSTAY_")]
    [InlineData(typeof(FlagKind), "flagstay_kind", "FLAGSTAY_KIND_")]
    public void Every_constant_has_its_number(Type type, string name, string prefix)
    {
        string body = Regex.Match(Header, $@"enum {name}\n.*?\{{(.*?)\n\}};", RegexOptions.Singleline).Groups[1].Value;
        var declared = Regex.Matches(body, @"^  (FLAGSTAY_\w+) = (\d+),", RegexOptions.Multiline)
            .ToDictionary(
                match => match.Groups[1].Value[prefix.Length..].Replace("_", "", StringComparison.Ordinal)
                    .Replace("INVALIDCONFIG", "INVALIDCONFIGURATION", StringComparison.Ordinal),
                match => int.Parse(match.Groups[2].Value));
        Assert.NotEmpty(declared);
        Assert.Equal(
            declared.OrderBy(pair => pair.Value),
            Enum.GetNames(type).ToDictionary(value => value.ToUpperInvariant(), value => (int)Enum.Parse(type, value))
                .OrderBy(pair => pair.Value));
    }

    [Fact]
    public void The_ABI_version_is_the_header_s() =>
        Assert.Contains($"#define FLAGSTAY_ABI_VERSION {Native.AbiVersion}\n", Header, StringComparison.Ordinal);

    private static string[] Fields(Type type) =>
        [.. type.GetFields(BindingFlags.Instance | BindingFlags.NonPublic).Select(field => field.Name.ToLowerInvariant())];

    private static SortedDictionary<string, string> Imports(string kind) => new(
        Declarations(kind).ToDictionary(
            declaration => Regex.Match(declaration, @"(flagstay_\w+)\(").Groups[1].Value,
            declaration => string.Join(" ", Regex.Match(declaration, @"\((.*)\)").Groups[1].Value
                .Split(',', StringSplitOptions.RemoveEmptyEntries).Select(KindOfCSharp))),
        StringComparer.Ordinal);

    private static string[] Declarations(string kind)
    {
        string source = File.ReadAllText(
            Path.Combine(Rulesets.Repository, "bindings/dotnet/src/Flagstay/Interop", $"Native.{kind}.cs"));
        return [.. Regex.Matches(source, @"internal static (?:partial|extern) ([^;]*);")
            .Select(match => Regex.Replace(match.Groups[1].Value, @"\s+", " ").Replace("( ", "(", StringComparison.Ordinal))];
    }

    // What the calling convention sees of a parameter.
    private static string KindOfC(string parameter)
    {
        string type = Regex.Replace(parameter.Trim(), @"\w+$", "").Trim();
        return type switch
        {
            "size_t" => "size",
            "double" => "double",
            "uint8_t" => "byte",
            "int32_t" or "uint32_t" => "int",
            "int64_t" => "long",
            _ when type.EndsWith('*') || type.StartsWith("Out<", StringComparison.Ordinal) || type == "ErrorOut" => "pointer",
            _ => throw new InvalidOperationException($"a parameter of the header that this test does not know: {parameter}"),
        };
    }

    private static string KindOfCSharp(string parameter)
    {
        string type = parameter.Trim().Split(' ')[0];
        return type switch
        {
            "nuint" => "size",
            "double" => "double",
            "byte" => "byte",
            "int" or "uint" => "int",
            "long" => "long",
            "nint" => "pointer",
            _ when type.EndsWith('*') => "pointer",
            _ => throw new InvalidOperationException($"an unexpected type of a parameter: {parameter}"),
        };
    }
}
