namespace Flagstay;

/// <summary>What a flag is. Statsig's four kinds may share a name; all other platforms have flags, and no kinds.</summary>
public enum FlagKind
{
    /// <summary>In options: whatever has the name. In a decision: the platform has no kinds.</summary>
    Any = 0,

    /// <summary>A feature gate.</summary>
    Gate = 1,

    /// <summary>A dynamic config.</summary>
    Config = 2,

    /// <summary>An experiment.</summary>
    Experiment = 3,

    /// <summary>A layer of experiments.</summary>
    Layer = 4,
}
