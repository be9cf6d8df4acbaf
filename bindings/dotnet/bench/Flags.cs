using System.Linq;

namespace Flagstay.Bench;

// Which flags a ruleset has, asked of the client itself.
internal static class Flags
{
    public static string FirstFlag(this FlagstayClient client)
    {
        using Decisions decisions = client.EvaluateAll(new User("bench"));
        return decisions.First().Flag;
    }

    /// <summary>A power of two of them, so that a mask walks through them.</summary>
    public static string[] SomeFlags(this FlagstayClient client)
    {
        using Decisions decisions = client.EvaluateAll(new User("bench"));
        return [.. decisions.Select(decision => decision.Flag).Take(512)];
    }
}
